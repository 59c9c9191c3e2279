import { describe, expect, test } from 'bun:test'
import Anthropic, { APIError } from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { type Answer, chatAnswer, errorReply, streamReply, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { headerOf } from '../../../src/testing/http-message.ts'
import { FAKE_PROVIDER_KEY, type Scenario, startScenario } from '../../../src/testing/scenario.ts'

const SIGNATURE = 'EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds+/=='

const start = (): Promise<Scenario> =>
  startScenario({
    config: (baseUrl) => ({
      models: {
        providers: {
          chat: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
          messages: { wire: 'anthropic-messages', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
        },
        models: [
          { name: 'gpt', provider: 'chat', id: 'gpt-5', price: { inputPerMillion: 2, outputPerMillion: 10 } },
          { name: 'claude', provider: 'messages', id: 'claude-sonnet-4-5', price: { inputPerMillion: 2, outputPerMillion: 10 } },
          { name: 'strict', provider: 'messages', id: 'claude-sonnet-4-5', fidelity: 'strict' },
          { name: 'lenient', provider: 'messages', id: 'claude-sonnet-4-5', fidelity: 'lenient' },
        ],
      },
    }),
  })

const openai = ({ dataUrl, key }: Scenario) => new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 }).chat.completions
const anthropic = ({ dataUrl, key }: Scenario) => new Anthropic({ apiKey: key, baseURL: dataUrl, maxRetries: 0 }).messages

const HELLO = [{ role: 'user' as const, content: 'Hello?' }]
const USAGE = { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 3 }

function message(content: readonly object[], stop_reason = 'end_turn'): Answer {
  return wholeReply({
    body: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content, stop_reason, stop_sequence: null, usage: USAGE },
  })
}

function messageStream(events: readonly { readonly type: string }[]): Answer {
  return streamReply({ frames: events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`) })
}

const STARTED = [
  {
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], usage: { ...USAGE, output_tokens: 1 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüezi' } },
]

function failureOf(pending: PromiseLike<unknown>): PromiseLike<unknown> {
  return pending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

describe('what a wire cannot carry', () => {
  const asked = { messages: HELLO, seed: 7, logprobs: true }

  test('is told in a header and stands in the receipt', async () => {
    await using scenario = await start()
    scenario.upstream.answer(message([{ type: 'text', text: 'Hi.' }]))
    const { response } = await openai(scenario)
      .create({ model: 'claude', ...asked })
      .withResponse()
    expect(response.headers.get('x-signalbox-losses')).toBe('2')
    const { callId, losses } = await scenario.expectCall({ outcome: 'ok' })
    expect(losses?.map(({ path, action }) => `${path} ${action}`)).toEqual(['seed dropped', 'logprobs dropped'])
    const receipt = await scenario.control<{ losses: unknown }>('GET', `/api/v1/receipts/${callId}`)
    expect(receipt.body.losses).toEqual(losses ?? [])
  })

  test('is not told to a caller of a lenient model, but stands in the log', async () => {
    await using scenario = await start()
    scenario.upstream.answer(message([{ type: 'text', text: 'Hi.' }]))
    const { response } = await openai(scenario)
      .create({ model: 'lenient', ...asked })
      .withResponse()
    expect(response.headers.get('x-signalbox-losses')).toBeNull()
    expect((await scenario.expectCall({ outcome: 'ok' })).losses).toHaveLength(2)
  })

  test('is refused by a strict model, with the list, and nothing is sent', async () => {
    await using scenario = await start()
    const failed = await failureOf(openai(scenario).create({ model: 'strict', ...asked }))
    expect(failed).toMatchObject({ status: 400, code: 'request_not_carried', param: 'seed' })
    expect(String(failed)).toContain('seed would be dropped (this wire has no such field); logprobs would be dropped')
    expect(scenario.upstream.requests).toHaveLength(0)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'request_not_carried', attempts: 0 })
  })

  test('is no loss where nothing is lost: a strict model answers', async () => {
    await using scenario = await start()
    scenario.upstream.answer(message([{ type: 'text', text: 'Hi.' }]))
    const said = await openai(scenario).create({ model: 'strict', messages: HELLO })
    expect(said.choices[0]?.message.content).toBe('Hi.')
    expect((await scenario.expectCall({ outcome: 'ok' })).losses).toBeUndefined()
  })

  test('and would make the question another one is refused before anything is sent', async () => {
    await using scenario = await start()
    const audio = { type: 'input_audio' as const, input_audio: { data: 'UklGRg==', format: 'wav' as const } }
    const failed = await failureOf(openai(scenario).create({ model: 'claude', messages: [{ role: 'user', content: [audio] }] }))
    expect(failed).toMatchObject({ status: 400, code: 'request_not_carried', param: 'audio' })
    expect(scenario.upstream.requests).toHaveLength(0)
    await scenario.expectCall({ outcome: 'refused', attempts: 0 })
  })
})

describe('thinking with its signature', () => {
  const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }]
  const thinking = { type: 'thinking', thinking: 'They ask for Bern.', signature: SIGNATURE }
  const call = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bern' } }
  const streamed = [
    STARTED[0],
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'They ask ' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'for Bern.' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: SIGNATURE } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { ...call, input: {} } },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"city":"Bern"}' } },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ].filter((event) => event !== undefined)

  test.each([false, true])('comes back byte for byte over two turns of the openai package, streamed: %p', async (isStream) => {
    await using scenario = await start()
    scenario.upstream.answer(isStream ? messageStream(streamed) : message([thinking, call], 'tool_use'))
    const completions = openai(scenario)
    const first = { model: 'claude', messages: HELLO, tools, reasoning_effort: 'low' as const, max_completion_tokens: 4000 }
    const said = isStream
      ? (await completions.stream(first).finalChatCompletion()).choices[0]?.message
      : (await completions.create(first)).choices[0]?.message
    if (said === undefined) throw new Error('there is no answer')
    await scenario.expectCall({ outcome: 'ok', toolCalls: ['weather'] })

    scenario.upstream.answer(message([{ type: 'text', text: 'Sunny.' }]))
    // As applications do: the message goes back as it came.
    await completions.create({ ...first, messages: [...HELLO, said, { role: 'tool', tool_call_id: 'toolu_1', content: 'sunny' }] })
    await scenario.expectCall({ outcome: 'ok' })
    const body = scenario.upstream.requests.at(-1)?.jsonObject()
    expect(body?.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [thinking, call] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1' }] },
    ])
  })

  test('of another wire is left out where the history goes to Anthropic after all', async () => {
    await using scenario = await start()
    scenario.upstream.answer(message([{ type: 'text', text: 'Hi.' }]))
    const foreign = { type: 'thinking' as const, thinking: 'Hm.', signature: 'sb:openai-chat:' }
    const turn = { role: 'assistant' as const, content: [foreign, { type: 'text' as const, text: 'a' }] }
    await anthropic(scenario).create({ model: 'claude', max_tokens: 50, messages: [...HELLO, turn, ...HELLO] })
    await scenario.expectCall({ outcome: 'ok' })
    expect(scenario.upstream.requests[0]?.jsonObject().messages).toEqual([
      ...HELLO,
      { role: 'assistant', content: [{ type: 'text', text: 'a' }] },
      ...HELLO,
    ])
  })
})

test('thinking of Anthropic is left out where the history of chat completions goes to a provider of its own wire', async () => {
  await using scenario = await start()
  const sealed = {
    type: 'reasoning.text',
    text: 'Hm.',
    signature: `sb:anthropic-messages:${SIGNATURE}`,
    format: 'anthropic-messages',
    index: 0,
  }
  const turn = { role: 'assistant' as const, content: 'a', reasoning_content: 'Hm.', reasoning_details: [sealed] }
  await openai(scenario).create({ model: 'gpt', messages: [...HELLO, turn, ...HELLO] })
  await scenario.expectCall({ outcome: 'ok' })
  expect(scenario.upstream.requests[0]?.jsonObject()).toEqual({
    model: 'gpt-5',
    messages: [...HELLO, { role: 'assistant', content: 'a' }, ...HELLO],
  })
})

describe('a caller of Anthropic Messages', () => {
  test('on the same wire: beta and version go on, its key does not, the bytes pass but for the model', async () => {
    await using scenario = await start()
    scenario.upstream.answer(message([{ type: 'text', text: 'Hi.' }]))
    const body = '{ "model" : "claude",  "max_tokens":5, "messages":[{"role":"user","content":"a"}], "x_new": 1e2 }'
    const answer = await fetch(`${scenario.dataUrl}/v1/messages`, {
      method: 'POST',
      headers: {
        'x-api-key': scenario.key,
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'context-1m-2025-08-07',
        'content-type': 'application/json',
      },
      body,
    })
    expect(await answer.json()).toMatchObject({ type: 'message', content: [{ text: 'Hi.' }], usage: USAGE })
    const [sent] = scenario.upstream.requests
    expect(sent?.body).toBe(body.replace('"claude"', '"claude-sonnet-4-5"'))
    expect(headerOf(sent?.headers ?? [], 'anthropic-beta')).toBe('context-1m-2025-08-07')
    expect(headerOf(sent?.headers ?? [], 'x-api-key')).toBe(FAKE_PROVIDER_KEY)
    // Cached input counts beside the rest in this wire, and inside it in the log.
    await scenario.expectCall({ outcome: 'ok', usage: { inputTokens: 15, cachedInputTokens: 5, outputTokens: 3 }, costNanoUsd: 60_000 })
  })

  test('hears of the cost in the last usage of a stream', async () => {
    await using scenario = await start()
    scenario.upstream.answer(
      messageStream([
        ...STARTED,
        { type: 'content_block_stop' },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } } as { type: string },
        { type: 'message_stop' },
      ]),
    )
    const said = await anthropic(scenario).stream({ model: 'claude', max_tokens: 50, messages: HELLO }).finalMessage()
    expect(said.stop_reason).toBe('end_turn')
    await scenario.expectCall({ outcome: 'ok', usage: { inputTokens: 15, outputTokens: 9, isEstimate: undefined }, costNanoUsd: 120_000 })
  })

  test.each([
    ['no key', { key: 'sb_none' }, {}, 401, 'authentication_error'],
    ['an unknown model', {}, { model: 'nobody' }, 404, 'not_found_error'],
    ['a field of a wrong type', {}, { temperature: 'hot' }, 400, 'invalid_request_error'],
    ['a missing field', {}, { max_tokens: undefined }, 400, 'invalid_request_error'],
  ])('is refused in its own shape: %s', async (_what, options, wrong, status, type) => {
    await using scenario = await start()
    const failed = await failureOf(
      // The SDK's types know what is wrong here.
      anthropic({ ...scenario, dataUrl: scenario.dataUrl, key: scenario.key, ...options }).create({
        model: 'gpt',
        max_tokens: 5,
        messages: HELLO,
        ...wrong,
      } as never),
    )
    expect(failed).toBeInstanceOf(APIError)
    expect(failed).toMatchObject({ status, error: { type: 'error', error: { type }, request_id: expect.stringMatching(/^call_/) } })
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test.each([
    [429, 429, 'rate_limit_error'],
    [503, 503, 'overloaded_error'],
    [500, 502, 'api_error'],
    [401, 502, 'api_error'],
  ])('hears of a %i of the provider in its own shape', async (provider, status, type) => {
    await using scenario = await start()
    scenario.upstream.answer(errorReply({ status: provider, message: 'No.', retryAfter: 7 }))
    const failed = await failureOf(anthropic(scenario).create({ model: 'gpt', max_tokens: 5, messages: HELLO }))
    expect(failed).toMatchObject({ status, error: { error: { type, source: 'provider' } } })
    await scenario.expectCall({ outcome: 'broken', providerStatus: provider })
  })

  test('is told of a stream that was cut, and gets no end', async () => {
    await using scenario = await start()
    scenario.upstream.answer(chatAnswer({ pieces: ['a', 'b', 'c'], cut: { afterFrames: 3, by: 'end' } }))
    const events: string[] = []
    const stream = anthropic(scenario).stream({ model: 'gpt', max_tokens: 5, messages: HELLO })
    stream.on('streamEvent', ({ type }) => events.push(type))
    const failed = await failureOf(stream.finalMessage())
    expect(failed).toMatchObject({ error: { type: 'error', error: { type: 'api_error', code: 'provider_truncated' } } })
    expect(events).toEqual(['message_start', 'content_block_start', 'content_block_delta', 'content_block_delta'])
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_truncated', finishReason: undefined })
  })

  test('counts tokens by the provider that can, and by an estimate where it cannot', async () => {
    await using scenario = await start()
    scenario.upstream.answer(wholeReply({ body: { input_tokens: 42 } }))
    const asked = { messages: HELLO, system: 'Be brief.' }
    expect(await anthropic(scenario).countTokens({ model: 'claude', ...asked })).toEqual({ input_tokens: 42 })
    expect(scenario.upstream.requests.map(({ path }) => path.replace(/^\/v1/, ''))).toEqual(['/messages/count_tokens'])
    await scenario.expectCall({ outcome: 'ok', attempts: 1, costNanoUsd: 0 })
    const { data, response } = await anthropic(scenario)
      .countTokens({ model: 'gpt', ...asked })
      .withResponse()
    expect(data.input_tokens).toBeGreaterThan(8)
    expect(response.headers.get('x-signalbox-losses')).toBe('1')
    await scenario.expectCall({ outcome: 'ok', attempts: 0 })
  })
})

describe('a caller of chat completions on Anthropic', () => {
  test('is told of an error after the first content, and gets no finish', async () => {
    await using scenario = await start()
    scenario.upstream.answer(
      messageStream([...STARTED, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } as { type: string }]),
    )
    const stream = await openai(scenario).create({ model: 'claude', messages: HELLO, stream: true })
    const finishes: unknown[] = []
    const read = async () => {
      for await (const chunk of stream) finishes.push(chunk.choices[0]?.finish_reason)
    }
    expect(await failureOf(read())).toMatchObject({ error: { code: 'provider_overloaded' } })
    expect(finishes).toEqual([null])
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_overloaded', finishReason: undefined })
  })

  test('gets a status, and no stream, where the failure comes before any content', async () => {
    await using scenario = await start()
    scenario.upstream.answer(
      messageStream([
        ...STARTED.slice(0, 2),
        { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } as { type: string },
      ]),
    )
    expect(await failureOf(openai(scenario).create({ model: 'claude', messages: HELLO, stream: true }))).toMatchObject({
      status: 503,
      code: 'provider_overloaded',
    })
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_overloaded' })
  })

  test.each([
    [
      'a call that is never closed',
      [
        ...STARTED.slice(0, 1),
        { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'f' } },
        { type: 'message_stop' },
      ],
      'ok',
    ],
    [
      'events out of order',
      [
        { type: 'content_block_stop', index: 9 },
        { type: 'content_block_delta', index: 3, delta: { type: 'text_delta', text: 'a' } },
        { type: 'message_stop' },
      ],
      'ok',
    ],
    ['no JSON', [{ type: 'message_start', message: 7 }, { type: 'content_block_delta' }], 'broken'],
  ])('survives a provider that lies: %s', async (_what, events, outcome) => {
    await using scenario = await start()
    scenario.upstream.answer(messageStream(events))
    const read = async () => {
      for await (const chunk of await openai(scenario).create({ model: 'claude', messages: HELLO, stream: true }))
        expect(chunk.choices[0]?.finish_reason ?? null).toBeNull()
    }
    const failed = await failureOf(read())
    expect(failed === undefined).toBe(outcome === 'ok')
    await scenario.expectCall({ outcome: outcome === 'ok' ? 'ok' : 'broken', finishReason: undefined })
  })
})

describe('tools that a provider runs itself', () => {
  const config = (baseUrl: string) => ({
    models: {
      providers: { messages: { wire: 'anthropic-messages', baseUrl } },
      models: [{ name: 'claude', provider: 'messages', price: { inputPerMillion: 2, outputPerMillion: 10 } }],
      serverTools: ['web_*'],
    },
  })
  const ask = (scenario: Scenario, type: 'web_search_20250305' | 'code_execution_20250825', name: 'web_search' | 'code_execution') =>
    // The two of the SDK's types are what is asked for.
    anthropic(scenario).create({ model: 'claude', max_tokens: 50, messages: HELLO, tools: [{ type, name } as never] })

  test('pass where they are allowed, and are refused elsewhere before anything is sent', async () => {
    await using scenario = await startScenario({ config })
    scenario.upstream.answer(message([{ type: 'text', text: 'Hi.' }]))
    await ask(scenario, 'web_search_20250305', 'web_search')
    await scenario.expectCall({ outcome: 'ok' })
    const failed = await failureOf(ask(scenario, 'code_execution_20250825', 'code_execution'))
    expect(failed).toMatchObject({ status: 403, error: { error: { type: 'permission_error', code: 'tool_not_allowed' } } })
    expect(String(failed)).toContain('Allowed are: web_* (models.serverTools)')
    expect(scenario.upstream.requests).toHaveLength(1)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'tool_not_allowed', attempts: 0 })
  })
})
