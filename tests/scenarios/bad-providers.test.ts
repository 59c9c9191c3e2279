import { describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import {
  type Answer,
  chatFrames,
  chatReply,
  chatStream,
  chunkGarbage,
  closeBeforeHead,
  closedPort,
  cutBody,
  endlessLine,
  htmlPage,
  invalidJson,
  noHttp,
  READ_PAUSE,
  resetBeforeHead,
  resetInHead,
  send as sendStep,
  streamReply,
  wholeReply,
  wrongLength,
} from '../../src/testing/fake-upstream.ts'
import { ask, chat, expectErrorFrame } from './ask.ts'
import { expectFailure, startAt } from './provider-failure.ts'

const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n'
const stream = (...frames: readonly string[]): Answer => streamReply({ frames, pauseMs: frames.length > 10 ? 0 : 15 })
const CONTENT = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'

describe('a provider that cannot be reached', () => {
  test.each([false, true])('because nobody listens there, is named; streamed: %p', async (isStream) => {
    const port = await closedPort()
    await using scenario = await startAt(() => `http://127.0.0.1:${port}/v1`)
    expect(await expectFailure(scenario, isStream, 'provider_unreachable')).toBe(
      'Provider fake could not be reached: the connection was refused.',
    )
  })

  test('because it speaks no TLS, is named', async () => {
    const plain = Bun.listen({
      ...{ hostname: '127.0.0.1', port: 0 },
      socket: { data: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') },
    })
    await using scenario = await startAt(() => `https://127.0.0.1:${plain.port}/v1`)
    await expectFailure(scenario, false, 'provider_unreachable')
    plain.stop(true)
  })
})

describe('a provider that fails', () => {
  const FAULTS: Readonly<Record<string, readonly [answer: Answer, whole: ErrorCode | 'ok', streamed: ErrorCode | 'ok']>> = {
    'breaks the connection before it answers': [resetBeforeHead(), 'provider_unreachable', 'provider_unreachable'],
    'closes the connection before it answers': [closeBeforeHead(), 'provider_unreachable', 'provider_unreachable'],
    'breaks the connection in the head': [resetInHead(), 'provider_unreachable', 'provider_unreachable'],
    'closes the connection in the head': [
      () => [sendStep('HTTP/1.1 200 OK\r\ncontent-'), { type: 'close' }],
      'provider_unreachable',
      'provider_unreachable',
    ],
    'speaks something else than HTTP': [noHttp(), 'provider_malformed', 'provider_malformed'],
    'breaks the connection in the body': [cutBody({ afterBytes: 50, by: 'reset' }), 'provider_truncated', 'provider_truncated'],
    'closes the connection in the body': [cutBody({ afterBytes: 50, by: 'close' }), 'provider_truncated', 'provider_truncated'],
    'declares more than it sends': [wrongLength(10_000), 'provider_truncated', 'provider_truncated'],
    'declares less than it sends': [wrongLength(50), 'provider_malformed', 'provider_malformed'],
    'sends JSON without its end': [invalidJson(), 'provider_malformed', 'provider_malformed'],
    'sends a JSON list': [wholeReply({ body: '[]' }), 'provider_malformed', 'provider_malformed'],
    'sends null': [wholeReply({ body: 'null' }), 'provider_malformed', 'provider_malformed'],
    'sends an empty object': [wholeReply({ body: '{}' }), 'provider_malformed', 'provider_malformed'],
    'sends an object of some other service': [
      wholeReply({ body: { detail: 'Not Found', usage: { prompt_tokens: 5, completion_tokens: 5 } } }),
      'provider_malformed',
      'provider_malformed',
    ],
    'sends nothing': [wholeReply({ body: '' }), 'provider_malformed', 'provider_malformed'],
    'sends no content with 204': [() => [sendStep('HTTP/1.1 204 No Content\r\n\r\n')], 'provider_error', 'provider_error'],
    'sends a page for people': [htmlPage(), 'provider_malformed', 'provider_malformed'],
    'sends what is said to be compressed and is not': [
      wholeReply({ headers: { 'content-encoding': 'gzip' }, body: 'no gzip' }),
      'provider_malformed',
      'provider_malformed',
    ],
    'sends an error in a reply of status 200': [
      wholeReply({ body: { error: { message: 'Out of memory.', type: 'server_error' } } }),
      'provider_error',
      'provider_error',
    ],
    'sends a stream that nobody asked for': [chatStream(), 'provider_malformed', 'ok'],
    'sends JSON where a stream was asked for': [chatReply(), 'ok', 'provider_malformed'],
    'sends a stream without a frame': [stream(), 'provider_malformed', 'provider_truncated'],
    'sends a stream of comments only': [stream(': a\n\n', ': b\n\n'), 'provider_malformed', 'provider_truncated'],
    'sends two thousand comments and no content': [
      stream(...Array.from({ length: 2000 }, () => ': a\n\n')),
      'provider_malformed',
      'provider_malformed',
    ],
    'sends a frame that is no JSON': [stream('data: hello\n\n'), 'provider_malformed', 'provider_malformed'],
    'sends a frame of broken JSON with usage': [
      stream('data: {"usage": {"prompt_tokens": }\n\n'),
      'provider_malformed',
      'provider_malformed',
    ],
    'sends a line that does not end': [endlessLine(), 'provider_malformed', 'provider_malformed'],
    'breaks off a stream in its first frame': [
      () => [sendStep(`${STREAM_HEAD}\r\n${CONTENT.slice(0, 20)}`), READ_PAUSE, { type: 'reset' }],
      'provider_malformed',
      'provider_truncated',
    ],
    'closes a stream in its first frame': [
      () => [sendStep(`${STREAM_HEAD}\r\n${CONTENT.slice(0, 20)}`), { type: 'close' }],
      'provider_malformed',
      'provider_truncated',
    ],
    'sends no chunks where it announced them': [
      () => [sendStep(`${STREAM_HEAD}transfer-encoding: chunked\r\n\r\nzz no chunk\r\n`), { type: 'close' }],
      'provider_malformed',
      'provider_malformed',
    ],
    'announces more to come, and then nothing else': [
      () => [sendStep('HTTP/1.1 100 Continue\r\n\r\n'), { type: 'close' }],
      'provider_unreachable',
      'provider_unreachable',
    ],
  }

  test.each(
    Object.entries(FAULTS).flatMap(([what, [answer, whole, streamed]]) => [
      [what, false, answer, whole] as const,
      [what, true, answer, streamed] as const,
    ]),
  )('%s; streamed: %p', async (_what, isStream, answer, code) => {
    await using scenario = await startAt()
    scenario.upstream.answer(answer)
    if (code === 'ok') {
      expect((await ask(scenario, { body: chat({ stream: isStream }) })).status).toBe(200)
      await scenario.expectCall({ outcome: 'ok' })
    } else {
      await expectFailure(scenario, isStream, code)
    }
    expect(scenario.upstream.requests).toHaveLength(1)
    // And is not held against the next call.
    scenario.upstream.answer((request) => (isStream ? chatStream() : chatReply())(request))
    expect((await ask(scenario, { body: chat({ stream: isStream }) })).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })
  })

  test('with a whole reply that does not end is left when it is larger than any may be', async () => {
    await using scenario = await startAt()
    const block = new TextEncoder().encode('x'.repeat(1024 * 1024))
    scenario.upstream.answer(() => [
      sendStep('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"'),
      { type: 'repeat', bytes: block, maxBytes: 256 * 1024 * 1024 },
      { type: 'close' },
    ])
    expect(await expectFailure(scenario, false, 'provider_malformed')).toContain('more than 67108864 bytes')
    await scenario.upstream.requests[0]?.whenLeft
  })

  test('with a reply that is said to be larger than any may be is not even read', async () => {
    await using scenario = await startAt()
    scenario.upstream.answer(() => [
      sendStep('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n{'),
      { type: 'stall' },
    ])
    await expectFailure(scenario, false, 'provider_malformed')
    await scenario.upstream.requests[0]?.whenLeft
  })
})

describe('a provider that fails in the middle of a stream', () => {
  const frames =
    (from: number, to: number): Answer =>
    (request) =>
      chatStream({ pieces: ['a', 'b'], cut: { afterFrames: to, by: 'stall' } })(request).slice(from)
  const CUTS: Readonly<Record<string, readonly [answer: Answer, code: ErrorCode]>> = {
    'breaks the connection': [chatStream({ pieces: ['a', 'b'], cut: { afterFrames: 2, by: 'reset' } }), 'provider_truncated'],
    'closes the connection': [(request) => [...frames(0, 2)(request).slice(0, -1), READ_PAUSE, { type: 'close' }], 'provider_truncated'],
    'ends in good order, but before it said why it finished': [
      chatStream({ pieces: ['a', 'b'], cut: { afterFrames: 2, by: 'end' } }),
      'provider_truncated',
    ],
    'ends in the middle of a frame': [stream(CONTENT, CONTENT.slice(0, 30)), 'provider_truncated'],
    'ends in the frame that says why it finished': [stream(CONTENT, FINISH.trimEnd()), 'provider_truncated'],
    'ends without chunks, before it said why it finished': [
      chatStream({ pieces: ['a', 'b'], framing: 'until-close', cut: { afterFrames: 2, by: 'end' } }),
      'provider_truncated',
    ],
    'sends no chunk where one should be': [chunkGarbage({ content: 'a' }), 'provider_malformed'],
    'sends a frame that is no JSON': [stream(CONTENT, 'data: oops\n\n', CONTENT, 'data: [DONE]\n\n'), 'provider_malformed'],
    'sends a frame that is cut': [
      stream(CONTENT, 'data: {"choices":[{"index":0,"delta":{"conte\n\n', 'data: [DONE]\n\n'),
      'provider_malformed',
    ],
    'sends an error': [stream(CONTENT, 'data: {"error":{"message":"Out of memory."}}\n\n', 'data: [DONE]\n\n'), 'provider_error'],
    'sends an error as a text': [stream(CONTENT, 'data: {"error":"Out of memory."}\n\n', 'data: [DONE]\n\n'), 'provider_error'],
    'sends an error as an event of its own': [
      stream(CONTENT, 'event: error\ndata: {"error":{"message":"x"}}\n\n', 'data: [DONE]\n\n'),
      'provider_error',
    ],
  }

  test.each(Object.entries(CUTS))('%s, is told so, and the call is broken', async (_what, [answer, code]) => {
    await using scenario = await startAt()
    scenario.upstream.answer(answer)
    const reply = await ask(scenario, { body: chat({ stream: true }) })
    expect(reply.frames.length).toBeGreaterThan(1)
    expect(expectErrorFrame(reply, code).source).toBe('provider')
    await scenario.expectCall({
      ...{ callId: reply.callId, outcome: 'broken', errorCode: code, errorSource: 'provider', status: 200, attempts: 1, isStream: true },
      finishReason: undefined,
    })
  })

  test('with a line that does not end is left', async () => {
    await using scenario = await startAt()
    scenario.upstream.answer((request) => {
      const first = chatFrames({ pieces: ['a'] }, request)[1] ?? ''
      return [sendStep(`${STREAM_HEAD}\r\n${first}`), READ_PAUSE, ...endlessLine()(request).slice(1)]
    })
    const reply = await ask(scenario, { body: chat({ stream: true }) })
    expect(expectErrorFrame(reply, 'provider_malformed').message).toContain('a line of more than 16777216 bytes')
    await scenario.upstream.requests[0]?.whenLeft
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_malformed' })
  })
})
