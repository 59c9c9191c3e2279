import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { LLMock } from '@copilotkit/aimock'
import OpenAI, { APIError, type ClientOptions, RateLimitError } from 'openai'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'

// Somebody else's mock of the wire: what our own upstream gets wrong in the same way as our dialect would not be seen by its tests.
const aimock = new LLMock({ port: 0, chunkSize: 4 })

beforeAll(async () => {
  await aimock.start()
})

afterAll(async () => {
  await aimock.stop()
})

beforeEach(() => {
  aimock.reset()
})

const start = (): Promise<Scenario> => startScenario({ baseUrl: `${aimock.url}/v1` })

function openai({ dataUrl, key }: Scenario, options: ClientOptions = {}): OpenAI.Chat.Completions {
  return new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0, ...options }).chat.completions
}

function asked(content: string) {
  return { model: 'mini', messages: [{ role: 'user' as const, content }] }
}

const USAGE = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }

describe('aimock behind the gateway, the openai package in front', () => {
  test('answers whole', async () => {
    await using scenario = await start()
    aimock.onMessage('hello', { content: 'Hi there!', usage: USAGE })
    const { data, response } = await openai(scenario).create(asked('hello')).withResponse()
    expect(data.choices[0]?.message.content).toBe('Hi there!')
    expect(response.headers.get('x-signalbox-cost-usd')).toBe('0.0004')
    await scenario.expectCall({ outcome: 'ok', usage: { inputTokens: 100, outputTokens: 20 }, costNanoUsd: 400_000, finishReason: 'stop' })
    expect(aimock.getRequests().map(({ path }) => path)).toEqual(['/v1/chat/completions'])
    expect(aimock.getLastRequest()?.body).toMatchObject({ model: 'fake-model' })
  })

  test.each([true, false])('streams; the client asks for usage: %p', async (include_usage) => {
    await using scenario = await start()
    aimock.onMessage('hello', { content: 'Hi there, how do you do?', usage: USAGE })
    const stream = openai(scenario).stream({ ...asked('hello'), ...(include_usage ? { stream_options: { include_usage } } : {}) })
    const said = await stream.finalChatCompletion()
    expect(said.choices[0]?.message.content).toBe('Hi there, how do you do?')
    expect(said.usage?.total_tokens).toBe(include_usage ? 120 : undefined)
    await scenario.expectCall({ outcome: 'ok', isStream: true, usage: { inputTokens: 100, outputTokens: 20 }, costNanoUsd: 400_000 })
  })

  test.each([true, false])('calls two tools at once, streamed: %p', async (stream) => {
    await using scenario = await start()
    const toolCalls = [
      { name: 'weather', arguments: '{"city":"Bern","unit":"celsius"}', id: 'call_a' },
      { name: 'time', arguments: '{"city":"Genève"}', id: 'call_b' },
    ]
    aimock.onMessage('weather', { toolCalls })
    const tools = toolCalls.map(({ name }) => ({ type: 'function' as const, function: { name, parameters: { type: 'object' } } }))
    const request = { ...asked('the weather and the time?'), tools }
    const completions = openai(scenario)
    const message = stream ? await completions.stream(request).finalMessage() : (await completions.create(request)).choices[0]?.message
    expect(message?.tool_calls).toMatchObject(toolCalls.map(({ id, ...call }) => ({ id, function: call })))
    await scenario.expectCall({ outcome: 'ok', finishReason: 'tool_calls', isStream: stream })
  })

  test('takes the result of a tool in a second turn', async () => {
    await using scenario = await start()
    aimock.onToolResult('call_a', { content: 'It is sunny.' })
    const call = { id: 'call_a', type: 'function' as const, function: { name: 'weather', arguments: '{}' } }
    const said = await openai(scenario).create({
      model: 'mini',
      messages: [
        { role: 'user', content: 'the weather?' },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_a', content: 'sunny' },
      ],
    })
    expect(said.choices[0]?.message.content).toBe('It is sunny.')
    await scenario.expectCall({ outcome: 'ok' })
  })

  test('gives a structured output', async () => {
    await using scenario = await start()
    aimock.onJsonOutput('place', { city: 'Bern' })
    const said = await openai(scenario).create({ ...asked('a place'), response_format: { type: 'json_object' } })
    expect(JSON.parse(said.choices[0]?.message.content ?? '')).toEqual({ city: 'Bern' })
    await scenario.expectCall({ outcome: 'ok' })
  })

  test('limits, and the SDK sees whose limit it is', async () => {
    await using scenario = await start()
    aimock.nextRequestError(429, { message: 'Slow down.', type: 'rate_limit_error' })
    const failed = await openai(scenario)
      .create(asked('hello'))
      .then(undefined, (thrown: unknown) => thrown)
    expect(failed).toBeInstanceOf(RateLimitError)
    expect(failed).toMatchObject({
      code: 'provider_rate_limited',
      error: { source: 'provider', message: 'Provider fake answered 429: Slow down.' },
    })
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_rate_limited' })
  })

  test('fails once, and the SDK that tries again gets its answer: two calls, one of them free', async () => {
    await using scenario = await start()
    aimock.onMessage('hello', { content: 'Hi there!', usage: USAGE })
    aimock.nextRequestError(500)
    const said = await openai(scenario, { maxRetries: 1 }).create(asked('hello'))
    expect(said.choices[0]?.message.content).toBe('Hi there!')
    await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'call.ended', outcome: 'broken', errorCode: 'provider_error', costNanoUsd: undefined },
      { type: 'call.started' },
      { type: 'call.ended', outcome: 'ok', costNanoUsd: 400_000 },
    ])
  })

  test.each<[what: string, chaos: object, code: string]>([
    ['malformed JSON', { malformedRate: 1 }, 'provider_malformed'],
    ['a broken connection', { disconnectRate: 1 }, 'provider_unreachable'],
    ['an error of the server', { dropRate: 1 }, 'provider_error'],
  ])('makes chaos: %s', async (_what, chaos, code) => {
    await using scenario = await start()
    aimock.onMessage('hello', { content: 'Hi there!' }, { chaos })
    const failed = await openai(scenario)
      .create(asked('hello'))
      .then(undefined, (thrown: unknown) => thrown)
    expect(failed).toBeInstanceOf(APIError)
    expect(failed).toMatchObject({ code })
    await scenario.expectCall({ outcome: 'broken', attempts: 1 })
  })

  test('cuts a stream, and nobody takes it for complete', async () => {
    await using scenario = await start()
    aimock.onMessage('hello', { content: 'Hi there, how do you do?' }, { truncateAfterChunks: 3, latency: 5 })
    const stream = await openai(scenario).create({ ...asked('hello'), stream: true })
    const read = async () => {
      for await (const chunk of stream) expect(chunk.choices[0]?.finish_reason ?? null).toBeNull()
    }
    const failed = await read().then(undefined, (thrown: unknown) => thrown)
    expect(failed).toMatchObject({ error: { code: 'provider_truncated' } })
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_truncated', finishReason: undefined })
  })
})
