import { describe, expect, test } from 'bun:test'
import OpenAI, {
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai'
import { type Answer, chatAnswer, chatStream, errorReply, gate, resetBeforeHead, silence } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'

const MESSAGES = [{ role: 'user', content: 'Hello?' }] as const
const TOOLS = ['weather', 'time'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}))
const TOOL_CALLS = [
  { id: 'call_1', name: 'weather', arguments: '{"city":"Zürich 🏔"}' },
  { id: 'call_2', name: 'time', arguments: '{"city":"Bern"}' },
]

function openai(scenario: Scenario, options: { readonly key?: string; readonly timeout?: number; readonly maxRetries?: number } = {}) {
  const { key = scenario.key, maxRetries = 0, ...rest } = options
  return new OpenAI({ apiKey: key, baseURL: `${scenario.dataUrl}/v1`, maxRetries, ...rest })
}

/** What a promise of the SDK, which is none of the language, rejects with. */
function failureOf(pending: PromiseLike<unknown>): PromiseLike<unknown> {
  return pending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

describe('the openai package', () => {
  test('completes a chat', async () => {
    await using scenario = await startScenario()
    const { data, response, request_id } = await openai(scenario)
      .chat.completions.create({ model: 'mini', messages: [...MESSAGES] })
      .withResponse()
    expect(data.choices[0]?.message.content).toBe('Hello there.')
    expect(data.usage?.total_tokens).toBe(13)
    const { callId } = await scenario.expectCall({ outcome: 'ok', costNanoUsd: 50_000 })
    expect([request_id, response.headers.get('x-signalbox-request-id')]).toEqual([callId, callId])
    expect(scenario.upstream.requests).toHaveLength(1)
  })

  test('streams a chat, with the usage that it asks for', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream({ pieces: ['a', 'b', 'c'], usage: { inputTokens: 10, outputTokens: 3 } }))
    const asked = { model: 'mini', messages: [...MESSAGES], stream: true as const, stream_options: { include_usage: true } }
    let text = ''
    let usage: OpenAI.CompletionUsage | undefined
    for await (const chunk of await openai(scenario).chat.completions.create(asked)) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(text).toBe('abc')
    expect(usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 3, cost: 0.00005 })
    await scenario.expectCall({ outcome: 'ok', isStream: true, costNanoUsd: 50_000 })
  })

  test('sees no chunk without choices where it did not ask for usage', async () => {
    await using scenario = await startScenario()
    const chunks: OpenAI.ChatCompletionChunk[] = []
    const stream = await openai(scenario).chat.completions.create({ model: 'mini', messages: [...MESSAGES], stream: true })
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.map(({ choices }) => choices.length)).toEqual(chunks.map(() => 1))
    await scenario.expectCall({ outcome: 'ok', usage: { inputTokens: 10, outputTokens: 3 } })
  })

  test.each([false, true])('gets parallel calls of tools, streamed: %p', async (stream) => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatAnswer({ toolCalls: TOOL_CALLS, usage: { inputTokens: 10, outputTokens: 3 } }))
    const asked = { model: 'mini', messages: [...MESSAGES], tools: TOOLS, tool_choice: 'required' as const, parallel_tool_calls: true }
    const { completions } = openai(scenario).chat
    const message = stream ? await completions.stream(asked).finalMessage() : (await completions.create(asked)).choices[0]?.message
    expect(message?.tool_calls).toMatchObject(TOOL_CALLS.map(({ id, ...call }) => ({ id, type: 'function', function: call })))
    const [request] = scenario.upstream.requests
    expect(request?.json()).toMatchObject({ ...asked, model: 'fake-model' })
    await scenario.expectCall({ outcome: 'ok', finishReason: 'tool_calls', isStream: stream, costNanoUsd: 50_000 })
  })

  test('parses a structured output, whose schema reaches the provider as it is', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatAnswer({ content: '{"city":"Bern"}', usage: { inputTokens: 10, outputTokens: 3 } }))
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'place', strict: true, schema } }
    const completion = await openai(scenario).chat.completions.parse({ model: 'mini', messages: [...MESSAGES], response_format })
    expect(completion.choices[0]?.message.parsed).toEqual({ city: 'Bern' })
    expect(scenario.upstream.requests[0]?.json()).toMatchObject({ response_format })
    await scenario.expectCall({ outcome: 'ok' })
  })

  test('lists models', async () => {
    await using scenario = await startScenario()
    const ids: string[] = []
    for await (const model of openai(scenario).models.list()) ids.push(model.id)
    expect(ids).toEqual(['mini'])
    await scenario.expectCall({ action: 'models.list', outcome: 'ok' })
  })
})

/** Something that the SDK should throw as an error of its own. */
interface Failing {
  readonly as: abstract new (...parts: never) => Error
  readonly status: number
  readonly code: string
  readonly answer?: Answer
  readonly model?: string
  readonly key?: string
  readonly messages?: readonly OpenAI.ChatCompletionMessageParam[]
  /** Nothing was sent to the provider. */
  readonly isRefused?: true
}

const FAILURES: Readonly<Record<string, Failing>> = {
  'an unknown key': { as: AuthenticationError, status: 401, code: 'unauthenticated', key: 'sb_nobody', isRefused: true },
  'an unknown model': { as: NotFoundError, status: 404, code: 'model_not_found', model: 'maxi', isRefused: true },
  'a model that the key may not use': {
    as: PermissionDeniedError,
    status: 403,
    code: 'model_not_allowed',
    model: 'secret',
    isRefused: true,
  },
  'an empty name of a model': { as: BadRequestError, status: 400, code: 'invalid_request', model: '', isRefused: true },
  "the provider's 400": { as: BadRequestError, status: 400, code: 'provider_rejected', answer: errorReply({ status: 400 }) },
  "the provider's 422": { as: BadRequestError, status: 400, code: 'provider_rejected', answer: errorReply({ status: 422 }) },
  "the provider's 401": { as: InternalServerError, status: 502, code: 'provider_auth', answer: errorReply({ status: 401 }) },
  "the provider's 404": { as: InternalServerError, status: 502, code: 'provider_model_not_found', answer: errorReply({ status: 404 }) },
  "the provider's 500": { as: InternalServerError, status: 502, code: 'provider_error', answer: errorReply({ status: 500 }) },
  "the provider's 503": { as: InternalServerError, status: 503, code: 'provider_overloaded', answer: errorReply({ status: 503 }) },
  "the provider's 529": { as: InternalServerError, status: 503, code: 'provider_overloaded', answer: errorReply({ status: 529 }) },
  'a broken connection': { as: InternalServerError, status: 502, code: 'provider_unreachable', answer: resetBeforeHead() },
}

describe('the openai package throws its own class of error', () => {
  test.each(Object.entries(FAILURES).flatMap(([name, row]) => [false, true].map((stream) => [name, stream, row] as const)))(
    'for %s, streamed: %p',
    async (_name, stream, { as, status, code, answer, key, model = 'mini', isRefused }) => {
      await using scenario = await startScenario({
        config: (baseUrl) => ({
          models: {
            providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
            models: ['mini', 'secret'].map((own) => ({ name: own, provider: 'fake' })),
          },
          access: { teams: { support: { models: ['mini'] } } },
        }),
      })
      if (answer !== undefined) scenario.upstream.answer(answer)
      const client = openai(scenario, key === undefined ? {} : { key })
      const failed = await failureOf(client.chat.completions.create({ model, messages: [...MESSAGES], stream }))
      expect(failed).toBeInstanceOf(as)
      if (!(failed instanceof APIError)) throw failed
      expect(failed).toMatchObject({ status, code, error: { code, request_id: failed.headers?.get('x-signalbox-request-id') } })
      const source = isRefused ? { outcome: 'refused' as const, attempts: 0 } : { outcome: 'broken' as const, attempts: 1 }
      await scenario.expectCall({ ...source, status })
      expect(scenario.upstream.requests).toHaveLength(isRefused ? 0 : 1)
    },
  )

  test("for the provider's limit, with its Retry-After", async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(errorReply({ status: 429, type: 'requests', code: 'rate_limit_exceeded', retryAfter: 7 }))
    const failed = await failureOf(openai(scenario).chat.completions.create({ model: 'mini', messages: [...MESSAGES] }))
    expect(failed).toBeInstanceOf(RateLimitError)
    if (!(failed instanceof RateLimitError)) throw failed
    expect(failed.headers.get('retry-after')).toBe('7')
    expect(failed).toMatchObject({ status: 429, code: 'provider_rate_limited', type: 'rate_limit_exceeded' })
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_rate_limited', errorSource: 'provider', providerStatus: 429 })
  })

  test('for a stream that breaks', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream({ pieces: ['a', 'b'], cut: { afterFrames: 2, by: 'reset' } }))
    const stream = await openai(scenario).chat.completions.create({ model: 'mini', messages: [...MESSAGES], stream: true })
    const read = async () => {
      let text = ''
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      return text
    }
    const failed = await failureOf(read())
    expect(failed).toBeInstanceOf(APIError)
    expect(failed).toMatchObject({ error: { code: 'provider_truncated' } })
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_truncated', status: 200 })
  })

  test('and does not try again what will not change, though it may', async () => {
    await using scenario = await startScenario()
    const patient = openai(scenario, { maxRetries: 3 })
    scenario.upstream.answer(errorReply({ status: 400 }))
    expect(await failureOf(patient.chat.completions.create({ model: 'mini', messages: [...MESSAGES] }))).toBeInstanceOf(BadRequestError)
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_rejected' })
  })
})

describe('the openai package leaves', () => {
  test.each([false, true])('by an abort before the reply begins, streamed: %p', async (stream) => {
    await using scenario = await startScenario()
    scenario.upstream.answer(silence())
    const controller = new AbortController()
    const pending = openai(scenario).chat.completions.create(
      { model: 'mini', messages: [...MESSAGES], stream },
      { signal: controller.signal },
    )
    const failed = failureOf(pending)
    const request = await scenario.upstream.received(1)
    controller.abort()
    expect(await failed).toBeInstanceOf(APIUserAbortError)
    await request.whenLeft
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', status: 499 })
  })

  test('by an abort in the middle of a stream', async () => {
    await using scenario = await startScenario()
    const door = gate()
    scenario.upstream.answer(chatStream({ pieces: ['a', 'b', 'c'], before: { 2: door.step } }))
    const stream = await openai(scenario).chat.completions.create({ model: 'mini', messages: [...MESSAGES], stream: true })
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content === 'a') stream.controller.abort()
    }
    const [request] = scenario.upstream.requests
    await request?.whenLeft
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', isStream: true })
    door.open()
  })

  test('when its own time is up', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(silence())
    const impatient = openai(scenario, { timeout: 100 })
    expect(await failureOf(impatient.chat.completions.create({ model: 'mini', messages: [...MESSAGES] }))).toBeInstanceOf(
      APIConnectionTimeoutError,
    )
    await scenario.upstream.requests[0]?.whenLeft
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed' })
  })
})
