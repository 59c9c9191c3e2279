import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import {
  type Answer,
  chatFrames,
  chatReply,
  chatStream,
  chunkGarbage,
  cutBody,
  endlessLine,
  type FakeUpstream,
  fakeUpstream,
  gate,
  htmlPage,
  noHttp,
  resetBeforeHead,
  resetInHead,
  type Step,
  send,
  stallInHead,
  wrongLength,
} from '../../src/testing/fake-upstream.ts'
import { countEndings, readSettledBooks } from './lab/books.ts'
import { type ClientCall, call, errorIn } from './lab/client.ts'
import { expectExactSpend, expectRecorded, expectWhole } from './lab/expect-books.ts'
import type { GatewayProcess } from './lab/gateway-process.ts'
import { type Lab, type LabConfig, MODEL, modelsOf, openLab } from './lab/lab.ts'
import { inTime, pause, until } from './lab/until.ts'

/** Calls of each kind that meet the fault at one time. */
const CALLS = 50
/** Descriptors that may come and go: connections of the control API, the files of the thread for checkpoints. Fewer than a leak of one a call. */
const SPARE_FILES = 16
/** Short, so that nobody has to wait for them; `total` is longer than the others. */
const TIMEOUTS = { connect: '2s', firstToken: '1s', idle: '1s', total: '2500ms' }
/** A model whose timeouts are the usual ones: for a fault that takes the gateway some work. */
const PATIENT = 'patient'
const SCRIPT = { pieces: ['one ', 'two ', 'three'], usage: { inputTokens: 3, outputTokens: 3 } }

interface Fault {
  readonly name: string
  readonly answer: Answer
  readonly isStream: boolean
  readonly code: ErrorCode
  /** Of the reply's head. Where the fault came after content had gone out it was 200. */
  readonly status: number
  readonly calls?: number
  readonly model?: string
}

const FAULTS: readonly Fault[] = [
  { name: 'a reply that trickles past its deadline', answer: trickledBody(), isStream: false, code: 'provider_total_timeout', status: 504 },
  {
    name: 'a stream that trickles before its content',
    answer: trickledStream(0),
    isStream: true,
    code: 'provider_first_token_timeout',
    status: 504,
  },
  {
    name: 'a stream that trickles after its content',
    answer: trickledStream(2),
    isStream: true,
    code: 'provider_total_timeout',
    status: 200,
  },
  { name: 'a stream that falls silent', answer: cutStream('stall'), isStream: true, code: 'provider_idle_timeout', status: 200 },
  { name: 'a stream that is reset', answer: cutStream('reset'), isStream: true, code: 'provider_truncated', status: 200 },
  { name: 'a stream that is closed early', answer: cutStream('close'), isStream: true, code: 'provider_truncated', status: 200 },
  { name: 'a stream that ends in good order too early', answer: cutStream('end'), isStream: true, code: 'provider_truncated', status: 200 },
  { name: 'a stream that is shorter than it said', answer: lyingStream(1000), isStream: true, code: 'provider_truncated', status: 200 },
  { name: 'a stream that is longer than it said', answer: lyingStream(-1), isStream: true, code: 'provider_truncated', status: 200 },
  { name: 'a reply that is shorter than it said', answer: wrongLength(5000), isStream: false, code: 'provider_truncated', status: 502 },
  { name: 'a reply that is longer than it said', answer: wrongLength(40), isStream: false, code: 'provider_malformed', status: 502 },
  {
    name: 'a reply that is reset',
    answer: cutBody({ afterBytes: 60, by: 'reset' }),
    isStream: false,
    code: 'provider_truncated',
    status: 502,
  },
  { name: 'a reset before the head', answer: resetBeforeHead(), isStream: true, code: 'provider_unreachable', status: 502 },
  { name: 'a reset in the head', answer: resetInHead(), isStream: false, code: 'provider_unreachable', status: 502 },
  { name: 'half a head', answer: stallInHead(), isStream: true, code: 'provider_first_token_timeout', status: 504 },
  { name: 'chunks that are none', answer: chunkGarbage(), isStream: true, code: 'provider_malformed', status: 200 },
  {
    name: 'a line without an end',
    answer: endlessLine(64 * 1024 * 1024),
    isStream: true,
    code: 'provider_malformed',
    status: 502,
    calls: 4,
  },
  { name: 'a page for people', answer: htmlPage(), isStream: false, code: 'provider_malformed', status: 502 },
  { name: 'no HTTP at all', answer: noHttp(), isStream: false, code: 'provider_malformed', status: 502 },
]

describe('a provider that fails ends its calls as broken, and leaves nothing behind:', () => {
  let upstream: FakeUpstream
  let lab: Lab
  let gateway: GatewayProcess
  let key = ''
  let filesBefore = 0

  beforeAll(async () => {
    upstream = await fakeUpstream()
    lab = await openLab({ baseUrl: upstream.baseUrl, config: { models: modelsOfTest(upstream.baseUrl) } })
    gateway = await lab.gateway()
    key = (await gateway.createKey()).key
    // What is made once and kept (the first connections, the thread for checkpoints) is no leak.
    await together(CALLS, () => call({ origin: gateway.origin, key, isStream: true }))
    await pause(200)
    filesBefore = filesInUse(gateway, upstream)
  })

  afterAll(async () => {
    await lab[Symbol.asyncDispose]()
    await upstream.close()
  })

  test.each(FAULTS.map((fault) => [fault.name, fault] as const))(
    '%s',
    async (_name, { answer, isStream, code, status, calls = CALLS, model = MODEL }) => {
      upstream.answer(answer)
      const failed = await together(calls, () => call({ origin: gateway.origin, key, isStream, model }))
      for (const one of failed) {
        // What came together with the cut may be lost with it: then nothing had gone out.
        expect(one.status).toBe(status === 200 && !one.text.includes('"choices"') ? 502 : status)
        expectTold(one, code)
      }
      await until('no call is left', async () => (await gateway.liveCalls()) === 0)
      await until('the provider serves nobody', () => upstream.requests.every(({ isAnswered, left }) => isAnswered || left !== undefined))
      await until('no connection is left', () => filesInUse(gateway, upstream) <= filesBefore + SPARE_FILES)

      upstream.answer(chatStream())
      const [good] = await together(1, () => call({ origin: gateway.origin, key, isStream: true }))
      expect(good?.isComplete).toBe(true)

      const books = await readSettledBooks(lab.dataFolder)
      expectWhole(books)
      for (const { traceId } of failed) {
        const { outcome, errorCode, attempts } = books.endedOf(traceId) ?? {}
        expect({ outcome, errorCode, attempts }).toEqual({ outcome: 'broken', errorCode: code, attempts: 1 })
      }
    },
    30_000,
  )

  test('after all of them the books balance, and no request was sent unrecorded', async () => {
    const books = await readSettledBooks(lab.dataFolder)
    expectRecorded(books, upstream.requests)
    await expectExactSpend(gateway, books)
  })
})

test('a provider that dies cuts all streams at once: every caller hears of it, and the next call finds it gone', async () => {
  const door = gate()
  await using upstream = await fakeUpstream(chatStream({ ...SCRIPT, before: { 3: door.step } }))
  await using lab = await openLab({ baseUrl: upstream.baseUrl })
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  const streams = Array.from({ length: 200 }, () => call({ origin: gateway.origin, key, isStream: true }))
  await until('all streams are in the middle', () => streams.every(({ text }) => text.includes('two ')))
  const before = gateway.openFiles

  await upstream.close()
  const cut = await inTime('the streams that were cut', Promise.all(streams.map(({ over }) => over)))
  for (const one of cut) expectTold(one, 'provider_truncated')
  const [late] = await together(1, () => call({ origin: gateway.origin, key, isStream: true }))
  expect({ status: late?.status, code: errorIn(late?.text ?? '')?.code }).toEqual({ status: 502, code: 'provider_unreachable' })

  await until('no connection is left', () => gateway.openFiles <= before - 2 * cut.length + SPARE_FILES)
  expect(await gateway.liveCalls()).toBe(0)
  const books = await readSettledBooks(lab.dataFolder)
  expectWhole(books)
  expectRecorded(books, upstream.requests)
  expect(countEndings(books)).toEqual({ 'broken provider_truncated': 200, 'broken provider_unreachable': 1 })
  await expectExactSpend(gateway, books)
}, 60_000)

test('what a provider sends beyond the length that it declared never becomes the answer to the next call', async () => {
  const stolen = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\r\n{"of":"last time"}'
  await using upstream = await fakeUpstream((request) => {
    const [head, body] = [chatReply()(request), send(stolen)]
    return [...head, ...(upstream.requests.length % 2 === 1 ? [body] : [])]
  })
  await using lab = await openLab({ baseUrl: upstream.baseUrl })
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  for (let turn = 0; turn < 20; turn++) {
    const [one] = await together(1, () => call({ origin: gateway.origin, key, isStream: false }))
    expect(one?.text ?? '').not.toContain('last time')
    if (one?.status === 200) expect(one.text).toContain('Hello there.')
  }
  expectWhole(await readSettledBooks(lab.dataFolder))
}, 30_000)

function modelsOfTest(baseUrl: string): LabConfig {
  const usual = { connect: '10s', firstToken: '60s', idle: '60s', total: '10m' }
  const impatient = { name: MODEL, provider: 'fake', id: 'fake-model', timeouts: TIMEOUTS }
  return modelsOf(baseUrl, { models: [impatient, { ...impatient, name: PATIENT, timeouts: usual }] })
}

async function together(calls: number, make: () => ClientCall): Promise<readonly ClientCall[]> {
  return inTime('calls', Promise.all(Array.from({ length: calls }, () => make().over)))
}

/** The caller was told what happened, in its own wire, with the id under which the log has it; and took no cut reply for a whole one. */
function expectTold(failed: ClientCall, code: ErrorCode): void {
  const error = errorIn(failed.text)
  expect({ code: error?.code, requestId: error?.request_id, isComplete: failed.isComplete }).toEqual({
    code,
    requestId: failed.requestId ?? 'none',
    isComplete: false,
  })
}

/** A whole reply, a byte at a time, slower than its deadline. */
function trickledBody(): Answer {
  const head = send('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n')
  return () => [head, ...trickle(' '.repeat(1000))]
}

/** A stream that sends so many frames as usual, and then a comment a byte at a time. */
function trickledStream(framesBefore: number): Answer {
  const head = send('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n')
  return (request) => [head, ...chatFrames(SCRIPT, request).slice(0, framesBefore).map(send), ...trickle(': keep-alive\n\n'.repeat(100))]
}

function trickle(text: string): readonly Step[] {
  return [...text].flatMap((character) => [send(character), { type: 'pause', ms: 50 } as const])
}

function cutStream(by: 'reset' | 'close' | 'stall' | 'end'): Answer {
  return chatStream({ ...SCRIPT, cut: { afterFrames: 3, by } })
}

/** A stream whose content-length is that of its first three frames, and so many bytes more or less. All frames but the last are sent. */
function lyingStream(offBy: number): Answer {
  return (request) => {
    const frames = chatFrames(SCRIPT, request)
    const length = frames.slice(0, 3).join('').length
    const head = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${length + offBy}\r\n\r\n`
    return [send(head), send((offBy > 0 ? frames.slice(0, 3) : frames).join('')), { type: 'close' }]
  }
}

/** Descriptors of the gateway, less its connections to the provider that are kept for the next call: those are no leak. */
function filesInUse(gateway: GatewayProcess, upstream: FakeUpstream): number {
  return gateway.openFiles - upstream.openConnections
}
