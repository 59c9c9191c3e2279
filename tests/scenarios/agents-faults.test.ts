import { describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import {
  type Answer,
  closeBeforeHead,
  closedPort,
  endlessLine,
  htmlPage,
  invalidJson,
  noHttp,
  READ_PAUSE,
  resetBeforeHead,
  resetInHead,
  send,
  silence,
  stallInHead,
  streamReply,
  wholeReply,
} from '../../src/testing/fake-upstream.ts'
import type { Scenario } from '../../src/testing/scenario.ts'
import { answer, answerStream, askAgent, event, message, result, rpc, rpcErrorOf, startWithAgent, statusUpdate, task } from './a2a.ts'
import type { Reply } from './ask.ts'

const STREAM = message({}, 'SendStreamingMessage')
const WORKING = { task: task('task-1', 'TASK_STATE_WORKING') }
const QUICK = { timeouts: { connect: '5s', idle: '400ms', total: '20s' } }

interface Failure {
  readonly rpc: number
  readonly code: ErrorCode
  readonly says: RegExp
}

/** Asserts that the caller hears of the failure in the protocol, and that it is recorded once, as no success. */
async function expectBroken(scenario: Scenario, reply: Reply, { rpc: rpcCode, code, says }: Failure, claims = 0): Promise<void> {
  expect(reply.status).toBe(200)
  const error = rpcErrorOf(reply)
  expect(error.code).toBe(rpcCode)
  expect(error.message).toMatch(says)
  expect(error.data[0].metadata).toMatchObject({ code, source: 'provider', requestId: reply.callId })
  await scenario.expectEvents([
    { type: 'call.started' },
    ...Array.from({ length: claims }, () => ({ type: 'task.claimed' as const })),
    { type: 'call.ended', outcome: 'broken', errorCode: code, errorSource: 'provider', rpcErrorCode: rpcCode, attempts: 1 },
  ])
}

/** The gateway goes on: the next call is a good one. */
async function expectGoesOn(scenario: Scenario): Promise<void> {
  scenario.upstream.answer(answer({ task: task('task-after') }))
  expect((await askAgent(scenario)).json).toMatchObject({ result: { task: { id: 'task-after' } } })
}

const MALFORMED = { rpc: -32_006, code: 'agent_malformed' } as const
const UNREACHABLE = { rpc: -32_603, code: 'agent_unreachable' } as const
const TIMEOUT = { rpc: -32_603, code: 'agent_timeout' } as const
const TRUNCATED = { rpc: -32_603, code: 'agent_truncated' } as const
const ERROR = { rpc: -32_603, code: 'agent_error' } as const

const REDIRECT = wholeReply({ status: 307, headers: { location: 'http://169.254.169.254/latest' }, body: '' })

/** The same, whatever was asked for. */
const ANY: readonly (readonly [string, Answer, Failure])[] = [
  ['breaks the connection', resetBeforeHead(), { ...UNREACHABLE, says: /could not be reached/ }],
  ['closes the connection', closeBeforeHead(), { ...UNREACHABLE, says: /could not be reached/ }],
  ['breaks off in the head', resetInHead(), { ...UNREACHABLE, says: /could not be reached/ }],
  ['never answers', silence(), { ...TIMEOUT, says: /sent nothing more within 0\.4 s/ }],
  ['falls silent in the head', stallInHead(), { ...TIMEOUT, says: /sent nothing more within 0\.4 s/ }],
  ['speaks no HTTP', noHttp(), { rpc: -32_006, code: 'agent_malformed', says: /not HTTP/ }],
  ['sends a page', htmlPage(), { ...MALFORMED, says: /not JSON/ }],
  ['sends half an answer', invalidJson('{"jsonrpc":"2.0","id":1,"result":{"task":'), { ...MALFORMED, says: /not JSON/ }],
  ['sends a list', wholeReply({ body: '[]' }), { ...MALFORMED, says: /no object/ }],
  ['is not of JSON-RPC', wholeReply({ body: { ok: true } }), { ...MALFORMED, says: /not JSON-RPC 2\.0/ }],
  ['answers with the wrong id', answer({ task: task('t') }, 2), { ...MALFORMED, says: /another request/ }],
  ['answers with an id of another type', answer({ task: task('t') }, '1'), { ...MALFORMED, says: /another request/ }],
  ['has neither result nor error', wholeReply({ body: { jsonrpc: '2.0', id: 1 } }), { ...MALFORMED, says: /without a result/ }],
  ['redirects', REDIRECT, { ...MALFORMED, says: /a redirect \(307\), which the gateway does not follow/ }],
  ['refuses the gateway', wholeReply({ status: 401, body: 'who?' }), { ...ERROR, says: /HTTP 401: it refused the credential/ }],
  ['fails', wholeReply({ status: 500, body: '<h1>Oh</h1>' }), { ...ERROR, says: /answered HTTP 500\./ }],
]

describe.each([
  ['SendMessage', message()],
  ['SendStreamingMessage', STREAM],
])('%s to an agent that', (_method, body) => {
  test.each(ANY)('%s', async (_what, broken, failure) => {
    await using scenario = await startWithAgent(QUICK)
    scenario.upstream.answer(broken)
    await expectBroken(scenario, await askAgent(scenario, { body }), failure)
    await expectGoesOn(scenario)
  })
})

describe('a whole answer', () => {
  test.each<[string, Answer, Failure]>([
    ['with nothing in it', answer({}), { ...MALFORMED, says: /neither a task nor a message/ }],
    ['with a task without an id', answer({ task: { status: {} } }), { ...MALFORMED, says: /a task without an id/ }],
    ['with an id that is no text', answer({ task: { id: 7 } }), { ...MALFORMED, says: /"id" that is no text/ }],
    ['that is a stream', answerStream([WORKING]), { ...MALFORMED, says: /a stream that nobody asked for/ }],
    [
      'that is larger than 64 MB',
      () => [send('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99000000\r\n\r\n'), { type: 'stall' }],
      { ...MALFORMED, says: /more than 67108864 bytes/ },
    ],
    [
      'that breaks off',
      () => [send('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"json'), READ_PAUSE, { type: 'reset' }],
      { ...TRUNCATED, says: /broke the connection before the reply was complete/ },
    ],
  ])('%s', async (_what, broken, failure) => {
    await using scenario = await startWithAgent(QUICK)
    scenario.upstream.answer(broken)
    await expectBroken(scenario, await askAgent(scenario), failure)
    await expectGoesOn(scenario)
  })

  test('that is small, and large once it is unpacked, is refused before it is whole', async () => {
    await using scenario = await startWithAgent()
    const body = Bun.gzipSync(Buffer.alloc(100 * 1024 * 1024, 32))
    scenario.upstream.answer(wholeReply({ headers: { 'content-encoding': 'gzip' }, body }))
    await expectBroken(scenario, await askAgent(scenario), { ...MALFORMED, says: /more than 67108864 bytes/ })
  })

  test('that drips for ever ends at the total timeout', async () => {
    await using scenario = await startWithAgent({ timeouts: { idle: '400ms', total: '600ms' } })
    const drops = Array.from({ length: 60 }, () => [send(' '), { type: 'pause', ms: 20 } as const]).flat()
    scenario.upstream.answer(() => [send('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2000000\r\n\r\n'), ...drops])
    await expectBroken(scenario, await askAgent(scenario), { ...TIMEOUT, says: /did not finish its reply within 0\.6 s/ })
  })

  test('from nobody: the connection is refused', async () => {
    await using scenario = await startWithAgent({ url: `http://127.0.0.1:${await closedPort()}/rpc` })
    await expectBroken(scenario, await askAgent(scenario), { ...UNREACHABLE, says: /the connection was refused/ })
  })

  test('with what the gateway does not know comes back byte for byte', async () => {
    const body =
      '{ "jsonrpc":"2.0", "id":1,\n "result":{"task":{"id":"t","contextId":"c","status":{"state":"TASK_STATE_NEW"},"generation":1e3}}, "x":[] }'
    await using scenario = await startWithAgent()
    scenario.upstream.answer(wholeReply({ body }))
    expect((await askAgent(scenario)).text).toBe(body)
  })

  test('what was asked goes on byte for byte', async () => {
    const body =
      '{ "id" : 1, "jsonrpc":"2.0","method":"SendMessage", "params":{"message":{"parts":[{"text":"\\u00e9"}]},"tenant":"a"},"x":1.0 }'
    await using scenario = await startWithAgent()
    scenario.upstream.answer(answer({ task: task('t') }))
    await askAgent(scenario, { body })
    expect(scenario.upstream.requests[0]?.body).toBe(body)
  })
})

describe('an error of the agent’s own', () => {
  const body = { jsonrpc: '2.0', id: 1, error: { code: -32_005, message: 'No video here.', data: [{ vendor: true }] } }

  test.each([
    ['whole', 200, message()],
    ['whole, under another status', 400, message()],
    ['in place of a stream', 200, STREAM],
  ])('goes on as it is: %s', async (_how, status, asked) => {
    await using scenario = await startWithAgent()
    scenario.upstream.answer(wholeReply({ status, body }))
    const reply = await askAgent(scenario, { body: asked })
    expect([reply.status, JSON.stringify(reply.json)]).toEqual([200, JSON.stringify(body)])
    await scenario.expectCall({ outcome: 'broken', errorCode: 'agent_error', rpcErrorCode: -32_005 })
  })

  test('goes on as it is from within a stream, and ends it', async () => {
    await using scenario = await startWithAgent()
    const frames = [event(WORKING), `data: ${JSON.stringify(body)}\n\n`, event({ task: task('task-1') })]
    scenario.upstream.answer(streamReply({ frames }))
    const reply = await askAgent(scenario, { body: STREAM })
    expect(reply.frames.map((frame) => JSON.parse(frame))).toEqual([result(WORKING), body])
    await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'task.claimed' },
      { type: 'call.ended', outcome: 'broken', errorCode: 'agent_error', rpcErrorCode: -32_005, status: 200 },
    ])
  })

  test('never quotes the credential that the agent was sent', async () => {
    await using scenario = await startWithAgent({ headers: { 'x-api-key': 'env:FAKE_PROVIDER_KEY' } })
    scenario.upstream.answer((request) =>
      wholeReply({ body: { ...body, error: { code: -32_000, message: `bad key ${request.header('x-api-key')}` } } })(request),
    )
    const reply = await askAgent(scenario)
    expect(reply.text).toContain('bad key')
    expect(reply.text).not.toContain('sk-fake')
    await scenario.expectCall({ outcome: 'broken', errorCode: 'agent_error' })
  })
})

/** What is sent right before a close may be lost on the way: it gives it time. */
function readBefore(answer: Answer): Answer {
  return (request) => {
    const steps = answer(request)
    return [...steps.slice(0, -1), READ_PAUSE, ...steps.slice(-1)]
  }
}

describe('a stream', () => {
  const EVENTS = [WORKING, statusUpdate('task-1', 'TASK_STATE_WORKING'), statusUpdate('task-1', 'TASK_STATE_COMPLETED')]

  test.each<[string, Answer, Failure, number]>([
    [
      'is closed',
      answerStream(EVENTS, { cut: { afterFrames: 2, by: 'end' } }),
      { ...TRUNCATED, says: /while its task was in state TASK_STATE_WORKING\. Ask for the task with GetTask/ },
      2,
    ],
    [
      'is closed before anything came',
      answerStream(EVENTS, { cut: { afterFrames: 0, by: 'end' } }),
      { ...TRUNCATED, says: /before it said how the task stands/ },
      0,
    ],
    [
      'is closed in mid-chunk',
      readBefore(answerStream(EVENTS, { cut: { afterFrames: 2, by: 'close' } })),
      { ...TRUNCATED, says: /broke the connection/ },
      2,
    ],
    ['breaks', answerStream(EVENTS, { cut: { afterFrames: 2, by: 'reset' } }), { ...TRUNCATED, says: /broke the connection/ }, 2],
    [
      'falls silent',
      answerStream(EVENTS, { cut: { afterFrames: 2, by: 'stall' } }),
      { ...TIMEOUT, says: /sent nothing more within 0\.4 s/ },
      2,
    ],
    ['turns into rubbish', streamReply({ frames: [event(WORKING), 'data: {"jsonrpc"\n\n'] }), { ...MALFORMED, says: /not JSON/ }, 1],
    [
      'turns into another call’s',
      streamReply({ frames: [event(WORKING), event(WORKING, 9)] }),
      { ...MALFORMED, says: /another request/ },
      1,
    ],
  ])('that %s is never a success', async (_what, broken, failure, good) => {
    await using scenario = await startWithAgent(QUICK)
    scenario.upstream.answer(broken)
    const reply = await askAgent(scenario, { body: STREAM })
    expect(reply.headers.get('content-type')).toContain('text/event-stream')
    expect(reply.frames).toHaveLength(good + 1)
    await expectBroken(scenario, reply, failure, good > 0 ? 1 : 0)
    await expectGoesOn(scenario)
  })

  test('of one line without an end is cut off before it fills the memory', async () => {
    await using scenario = await startWithAgent()
    scenario.upstream.answer(endlessLine())
    const reply = await askAgent(scenario, { body: STREAM })
    await expectBroken(scenario, reply, { ...MALFORMED, says: /an event of more than 16777216 bytes/ })
    const { sentBytes } = await (await scenario.upstream.received(1)).whenLeft
    expect(sentBytes).toBeLessThan(64 * 1024 * 1024)
  })

  test('in place of which one answer comes is no stream', async () => {
    await using scenario = await startWithAgent()
    scenario.upstream.answer(answer({ task: task('t') }))
    await expectBroken(scenario, await askAgent(scenario, { body: STREAM }), {
      ...MALFORMED,
      says: /one answer where a stream was asked for/,
    })
  })

  test.each(['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_AUTH_REQUIRED'])('may end where its task waits: %s', async (state) => {
    await using scenario = await startWithAgent()
    scenario.upstream.answer(answerStream([WORKING, statusUpdate('task-1', state)]))
    expect((await askAgent(scenario, { body: STREAM })).frames).toHaveLength(2)
    await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'task.claimed' },
      { type: 'call.ended', outcome: 'ok', finishReason: state },
    ])
  })

  test('that the agent leaves open behind its final event ends', async () => {
    await using scenario = await startWithAgent()
    scenario.upstream.answer(answerStream([{ task: task('task-1') }], { cut: { afterFrames: 1, by: 'stall' } }))
    expect((await askAgent(scenario, { body: STREAM })).frames).toHaveLength(1)
    await (await scenario.upstream.received(1)).whenLeft
    await scenario.expectEvents([{ type: 'call.started' }, { type: 'task.claimed' }, { type: 'call.ended', outcome: 'ok' }])
  })

  test('passes on comments, ids and events of a later A2A as they are', async () => {
    await using scenario = await startWithAgent()
    const frames = [': alive\n\n', `id: 7\n${event({ later: { taskId: 'x' } })}`, event({ task: task('task-1') })]
    scenario.upstream.answer(streamReply({ frames }))
    expect((await askAgent(scenario, { body: STREAM })).text).toBe(frames.join(''))
  })
})

test('a method with a wrong kind of answer: GetTask wants the task itself', async () => {
  await using scenario = await startWithAgent()
  await expectGoesOn(scenario)
  await scenario.expectEvents([{ type: 'call.started' }, { type: 'task.claimed' }, { type: 'call.ended' }])
  scenario.upstream.answer(answer({ task: task('task-after') }))
  const reply = await askAgent(scenario, { body: rpc('GetTask', { id: 'task-after' }) })
  await expectBroken(scenario, reply, { ...MALFORMED, says: /a task without an id/ })
})
