import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { type ChatStreamScript, chatFrames, chatStream, gate, send as sendStep, streamReply } from '../../src/testing/fake-upstream.ts'
import { openRawClient } from '../../src/testing/raw-client.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError, expectErrorFrame, framesOf, rawChat, send } from './ask.ts'

const SCRIPT = { pieces: ['Hel', 'lo', ' there.'], usage: { inputTokens: 10, outputTokens: 3 } } as const satisfies ChatStreamScript
const STREAM = chat({ stream: true })
const WITH_USAGE = chat({ stream: true, stream_options: { include_usage: true } })

describe('a streamed reply', () => {
  test.each(['/v1/chat/completions', '/v1/chat'])(
    'at %s is the frames of the provider, ended by [DONE], and one pair of events',
    async (path) => {
      await using scenario = await startScenario()
      scenario.upstream.answer(chatStream(SCRIPT))
      const reply = await ask(scenario, { path, body: STREAM })

      expect(reply.status).toBe(200)
      expect(Object.fromEntries(reply.headers)).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
        'x-signalbox-attempts': '1',
        'x-signalbox-model': 'mini',
        'x-signalbox-provider': 'fake',
      })
      const deltas = reply.frames.slice(0, -1).map((frame) => JSON.parse(frame).choices[0].delta.content)
      expect(deltas).toEqual(['', 'Hel', 'lo', ' there.', undefined])
      expect(reply.frames.at(-1)).toBe('[DONE]')
      const ended = await scenario.expectCall({
        ...{ callId: reply.callId, outcome: 'ok', status: 200, errorCode: undefined, isStream: true, attempts: 1, finishReason: 'stop' },
        ...{ usage: { inputTokens: 10, outputTokens: 3 }, costNanoUsd: 50_000, providerStatus: 200 },
      })
      expect(ended.firstTokenMs).toBeGreaterThan(0)
      expect(ended.firstTokenMs).toBeLessThanOrEqual(ended.providerMs ?? Number.NaN)
    },
  )

  test('is the bytes of the provider, however odd its frames are and wherever they are split', async () => {
    await using scenario = await startScenario()
    const frames = [
      ': a comment\n\n',
      'event: message\nid: 7\ndata: {"choices":[{"index":0,"delta":{"content":"é 🎉"}}], "x":1.0}\n\n',
      'data:{"choices":[{"index":0,"delta":{"content":"\\"usage\\": {"}}]}\r\n\r\n',
      'retry: 1000\n\n',
      'data: {"choices":[{"index":0,\ndata: "delta":{}}]}\n\n',
      'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
      'data: [DONE]\n\n',
    ]
    const length = Buffer.byteLength(frames.join(''))
    for (const splitAt of [[], [1, 2, 3], [13, 14, 40, 41, 42], Array.from({ length }, (_, index) => index)]) {
      scenario.upstream.answer(streamReply({ frames, splitAt }))
      const reply = await ask(scenario, { body: STREAM })
      expect(reply.text).toBe(frames.join(''))
      await scenario.expectCall({ outcome: 'ok', finishReason: 'stop', isUnpriced: true, sizeOutBytes: length })
    }
  })

  test('reaches the client frame by frame, not when it is complete', async () => {
    await using scenario = await startScenario()
    const door = gate()
    scenario.upstream.answer(chatStream({ ...SCRIPT, before: { 3: door.step } }))
    const response = await send(scenario, { body: STREAM })
    const reader = response.body?.getReader()
    let text = ''
    while (!text.includes('"lo"')) text += new TextDecoder().decode((await reader?.read())?.value)
    expect(framesOf(text)).toHaveLength(3)
    await scenario.expectEvents([{ type: 'call.started', subject: 'mini' }])
    const live = await scenario.control<{ calls: object[] }>('GET', '/api/v1/calls/live')
    expect(live.body.calls).toMatchObject([{ model: 'mini', provider: 'fake', isStream: true, attempts: 1 }])

    door.open()
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) text += new TextDecoder().decode(read.value)
    expect(framesOf(text).at(-1)).toBe('[DONE]')
    await scenario.expectEvents([{ type: 'call.ended', outcome: 'ok' }])
  })

  test('that comes in one piece goes on whole, without what is hidden', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer((request) => streamReply({ frames: chatFrames(SCRIPT, request), splitAt: [] })(request))
    const reply = await ask(scenario, { body: STREAM })
    const deltas = reply.frames.slice(0, -1).map((frame) => JSON.parse(frame).choices[0].delta.content)
    expect([deltas, reply.frames.at(-1)]).toEqual([['', 'Hel', 'lo', ' there.', undefined], '[DONE]'])
    await scenario.expectCall({ outcome: 'ok', isStream: true, usage: { inputTokens: 10, outputTokens: 3 } })
  })

  test('that comes in one piece and fails in it says so behind what came before', async () => {
    await using scenario = await startScenario()
    const failure = `data: ${JSON.stringify({ error: { message: 'Overloaded.', type: 'server_error' } })}\n\n`
    scenario.upstream.answer((request) =>
      streamReply({ frames: [...chatFrames(SCRIPT, request).slice(0, 3), failure], splitAt: [] })(request),
    )
    const reply = await ask(scenario, { body: STREAM })
    expect(reply.frames).toHaveLength(4)
    expect(JSON.parse(reply.frames[2] ?? '').choices[0].delta.content).toBe('lo')
    expectErrorFrame(reply, 'provider_error')
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_error', status: 200, isStream: true })
  })

  test('whose provider closes without [DONE] is complete where it has said why it finished', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream({ ...SCRIPT, isDoneMissing: true }))
    const reply = await ask(scenario, { body: STREAM })
    expect(reply.frames.at(-1)).toBe('[DONE]')
    await scenario.expectCall({ outcome: 'ok', finishReason: 'stop', costNanoUsd: 50_000 })
  })

  test('is complete also for a client that leaves as soon as it has read [DONE]', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream(SCRIPT))
    for (let round = 0; round < 10; round++) {
      using client = await openRawClient(scenario.dataPort)
      await client.send(rawChat(scenario, STREAM))
      let text = ''
      while (!text.includes('[DONE]')) text += await client.readSome()
      client.reset()
      await scenario.expectCall({ outcome: 'ok' })
    }
  })

  test('that is neither asked for nor given is a whole reply: stream may be false or null', async () => {
    await using scenario = await startScenario()
    for (const stream of [false, null]) {
      const reply = await ask(scenario, { body: chat({ stream }) })
      expect(reply.headers.get('content-type')).toBe('application/json')
      await scenario.expectCall({ outcome: 'ok', isStream: false })
    }
  })
})

test('a hundred streams at once are told apart', async () => {
  await using scenario = await startScenario()
  const door = gate()
  scenario.upstream.answer((request) => {
    const said = String(request.jsonObject().user)
    return chatStream({
      pieces: [said, said, said],
      usage: { inputTokens: Number(said), outputTokens: 1 },
      pauseMs: 2,
      before: { 1: door.step },
    })(request)
  })
  const numbers = Array.from({ length: 100 }, (_, index) => String(1000 + index))
  const pending = numbers.map((user) => ask(scenario, { body: chat({ stream: true, user }) }))
  // All have begun before the first may end.
  await scenario.upstream.received(numbers.length)
  door.open()
  const replies = await Promise.all(pending)
  for (const [index, reply] of replies.entries()) {
    const number = numbers[index] ?? ''
    const said = reply.frames.slice(0, -1).map((frame) => JSON.parse(frame).choices[0].delta.content ?? '')
    expect(said.join('')).toBe(number.repeat(3))
    expect(reply.frames.at(-1)).toBe('[DONE]')
  }
  const pairs = numbers.flatMap(() => [{ type: 'call.started' }, { type: 'call.ended' }] as const)
  const events = await scenario.expectEvents(pairs.toSorted((left, right) => right.type.localeCompare(left.type)))
  const ended = events.filter((event) => event.type === 'call.ended')
  expect(new Map(ended.map(({ callId, usage }) => [callId, String(usage?.inputTokens)]))).toEqual(
    new Map(replies.map(({ callId }, index) => [callId, numbers[index] ?? ''])),
  )
})

describe('the usage of a stream', () => {
  test.each<[what: string, options: string, sent: JsonObject]>([
    ['no stream_options', '', { include_usage: true }],
    ['stream_options without it', ',"stream_options":{"other":1}', { other: 1, include_usage: true }],
    ['stream_options that refuse it', ',"stream_options": {"include_usage":false} ', { include_usage: true }],
    ['empty stream_options', ',"stream_options":{}', { include_usage: true }],
    ['stream_options that are null', ',"stream_options":null', { include_usage: true }],
  ])('is asked for, and kept from a client that sends %s', async (_what, options, sent) => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream(SCRIPT))
    const body = `{"model":"mini","stream":true,"messages":[]${options},"n":1}`
    const reply = await ask(scenario, { body })
    expect(reply.text).not.toContain('prompt_tokens')
    expect(reply.frames.at(-1)).toBe('[DONE]')
    const [request] = scenario.upstream.requests
    expect(request?.json()).toEqual({ model: 'fake-model', stream: true, messages: [], n: 1, stream_options: sent })
    await scenario.expectCall({ outcome: 'ok', usage: { inputTokens: 10, outputTokens: 3 }, costNanoUsd: 50_000 })
  })

  test('reaches a client that asked for it, with the cost; every other byte is the provider’s', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream(SCRIPT))
    const reply = await ask(scenario, { body: WITH_USAGE })
    const [request] = scenario.upstream.requests
    if (request === undefined) throw new Error('nothing was received')
    expect(request.body).toBe(JSON.stringify({ ...WITH_USAGE, model: 'fake-model' }))
    const sent = chatFrames(SCRIPT, request)
    const usageAt = sent.length - 2
    const others = (frames: readonly string[]) => frames.filter((_, index) => index !== usageAt)
    expect(others(reply.frames)).toEqual(others(framesOf(sent.join(''))))
    expect(JSON.parse(reply.frames[usageAt] ?? '')).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13, cost: 0.00005 },
    })
    await scenario.expectCall({ outcome: 'ok', costNanoUsd: 50_000 })
  })

  test('is not hidden where it stands in a chunk with content', async () => {
    await using scenario = await startScenario()
    const last = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}\n\n'
    scenario.upstream.answer(
      streamReply({ frames: ['data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n', last, 'data: [DONE]\n\n'] }),
    )
    const reply = await ask(scenario, { body: STREAM })
    expect(reply.text).toContain(last)
    await scenario.expectCall({ outcome: 'ok', usage: { inputTokens: 5, outputTokens: 1 }, costNanoUsd: 20_000 })
  })

  test('that grows from chunk to chunk counts once, by the last', async () => {
    await using scenario = await startScenario()
    const chunk = (output: number) =>
      `data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":${output === 3 ? '"stop"' : null}}],"usage":{"prompt_tokens":5,"completion_tokens":${output}}}\n\n`
    scenario.upstream.answer(streamReply({ frames: [chunk(1), chunk(2), chunk(3), 'data: [DONE]\n\n'] }))
    await ask(scenario, { body: STREAM })
    await scenario.expectCall({ usage: { inputTokens: 5, outputTokens: 3 }, costNanoUsd: 40_000 })
  })

  test('that the provider never says is not known, and not free', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream({ ...SCRIPT, usageWhen: 'never' }))
    const reply = await ask(scenario, { body: WITH_USAGE })
    expect(reply.frames.at(-1)).toBe('[DONE]')
    await scenario.expectCall({ outcome: 'ok', usage: undefined, costNanoUsd: undefined, isUnpriced: true })
  })

  test('of a stream that was cut is what was said until then', async () => {
    await using scenario = await startScenario()
    const content = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}\n\n'
    scenario.upstream.answer(streamReply({ frames: [content, content], cut: { afterFrames: 1, by: 'reset' } }))
    const reply = await ask(scenario, { body: STREAM })
    expectErrorFrame(reply, 'provider_truncated')
    await scenario.expectCall({ outcome: 'broken', usage: { inputTokens: 5, outputTokens: 1 }, costNanoUsd: 20_000 })
  })
})

describe('an error in a stream of status 200', () => {
  const error = { message: 'The server had an error.', type: 'server_error', param: null, code: null }

  test('before any content is the status of an error', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream({ ...SCRIPT, errorFrame: { at: 0, error } }))
    const reply = await ask(scenario, { body: STREAM })
    expect(expectError(reply, 502, 'provider_error').message).toContain('The server had an error.')
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_error', errorSource: 'provider', status: 502, providerStatus: 200 })
  })

  test.each<[code: number, status: number, ours: 'provider_rate_limited' | 'provider_overloaded' | 'provider_auth']>([
    [429, 429, 'provider_rate_limited'],
    [503, 503, 'provider_overloaded'],
    [401, 502, 'provider_auth'],
  ])('before any content that names the status %d is told as %d', async (code, status, ours) => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream({ ...SCRIPT, errorFrame: { at: 0, error: { ...error, code } } }))
    expectError(await ask(scenario, { body: STREAM }), status, ours)
    await scenario.expectCall({ outcome: 'broken', errorCode: ours, status })
  })

  test('after content is the last frame of the stream, and the call is broken', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatStream({ ...SCRIPT, errorFrame: { at: 3, error } }))
    const reply = await ask(scenario, { body: STREAM })
    expect(reply.frames).toHaveLength(4)
    expect(expectErrorFrame(reply, 'provider_error')).toMatchObject({ source: 'provider', type: 'server_error' })
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_error', status: 200, isStream: true })
  })

  test('is the end even where the provider goes on as if nothing were', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer((request) => {
      const frames = chatFrames(SCRIPT, request)
      const broken = [...frames.slice(0, 2), `data: ${JSON.stringify({ error })}\n\n`, ...frames.slice(2)]
      return [...streamReply({ frames: broken })(request), sendStep('')]
    })
    const reply = await ask(scenario, { body: STREAM })
    expectErrorFrame(reply, 'provider_error')
    expect(reply.text).not.toContain(' there.')
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_error' })
  })
})
