import { afterAll, beforeAll, expect, test } from 'bun:test'
import {
  type Answer,
  chatAnswer,
  type FakeUpstream,
  fakeUpstream,
  READ_PAUSE,
  resetBeforeHead,
  resetInHead,
  type Step,
  send,
  silence,
  stallInHead,
} from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { endedCall } from '../scenarios/ask.ts'
import { CALLER_WIRES, readStream } from '../scenarios/wires/caller-wires.ts'
import { endOfFrame, PIECES, PROVIDER_STREAMS, type ProviderStream } from '../scenarios/wires/provider-streams.ts'
import { IS_SHORT_RUN } from './lab/full-run.ts'

// A provider whose machine vanished sends nothing more, and no end either: only the clock tells. Each case is met by callers of all wires.

const SECOND = 'From the second.'
const WHOLE = PIECES.join('')
const STALL: readonly Step[] = [{ type: 'stall' }]

interface Case {
  readonly answer: (stream: ProviderStream) => Answer
  /** `elsewhere`: the second target answers. `whole`: the first one does. Else the code of the failure that the caller is told of. */
  readonly becomes: 'elsewhere' | 'whole' | 'provider_idle_timeout' | 'provider_error'
  /** Left out: timeouts that a test need not wait for. */
  readonly isPatient?: true
}

/** The head, and the stream up to a byte, in a chunk that promises all of it; then these. */
function upTo(bytes: (stream: ProviderStream) => number, steps: readonly Step[]): Case['answer'] {
  return (stream) => () => [...begin(stream), send(Buffer.concat(stream.frames).subarray(0, bytes(stream))), ...steps]
}

function begin({ contentType, frames }: ProviderStream): readonly Step[] {
  const size = Buffer.concat(frames).length.toString(16)
  return [send(`HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ntransfer-encoding: chunked\r\n\r\n${size}\r\n`)]
}

/** All of the stream, a byte at a time (five in a short run), so long between two. */
function trickle(ms: number): Case['answer'] {
  return (stream) => {
    const body = Buffer.concat(stream.frames)
    const size = IS_SHORT_RUN ? 5 : 1
    const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, index) => body.subarray(index * size, (index + 1) * size))
    return () => [...begin(stream), ...pieces.flatMap((piece): Step[] => [send(piece), { type: 'pause', ms }]), send('\r\n0\r\n\r\n')]
  }
}

/** Frames up to this one, and then a failure that the provider reports itself, in a stream that ends in good order. */
function failAfter(frames: (stream: ProviderStream) => number): Case['answer'] {
  return (stream) => () => {
    const chunks = [...stream.frames.slice(0, frames(stream)), stream.failure].map((frame) =>
      Buffer.concat([Buffer.from(`${frame.length.toString(16)}\r\n`), frame, Buffer.from('\r\n')]),
    )
    const head = `HTTP/1.1 200 OK\r\ncontent-type: ${stream.contentType}\r\ntransfer-encoding: chunked\r\n\r\n`
    return [send(head), ...chunks.flatMap((chunk): Step[] => [send(chunk), { type: 'pause', ms: 5 }]), send('0\r\n\r\n')]
  }
}

const beforeContent = (stream: ProviderStream) => endOfFrame(stream, stream.contentFrame) - 5
const afterContent = (stream: ProviderStream) => endOfFrame(stream, stream.contentFrame)
const amidSecond = (stream: ProviderStream) => endOfFrame(stream, stream.contentFrame) + 10

const CASES: Readonly<Record<string, Case>> = {
  'a connection that is taken and never answered': { answer: silence, becomes: 'elsewhere' },
  'a peer that vanishes in the head': { answer: stallInHead, becomes: 'elsewhere' },
  'a peer that vanishes behind the head': { answer: upTo(() => 0, STALL), becomes: 'elsewhere' },
  'a peer that vanishes before its first content': { answer: upTo(beforeContent, STALL), becomes: 'elsewhere' },
  'a peer that vanishes after its first content': { answer: upTo(afterContent, STALL), becomes: 'provider_idle_timeout' },
  'a peer that vanishes in the middle of a frame': { answer: upTo(amidSecond, STALL), becomes: 'provider_idle_timeout' },
  'a FIN in place of a body': { answer: upTo(() => 0, [{ type: 'close' }]), becomes: 'elsewhere' },
  'a FIN before the first content': { answer: upTo(beforeContent, [READ_PAUSE, { type: 'close' }]), becomes: 'elsewhere' },
  'a reset before the head': { answer: resetBeforeHead, becomes: 'elsewhere' },
  'a reset in the head': { answer: resetInHead, becomes: 'elsewhere' },
  'a byte at a time, and all of them': { answer: trickle(0), becomes: 'whole', isPatient: true },
  'a byte at a time, too slowly for a first content': { answer: trickle(100), becomes: 'elsewhere' },
  'a failure that is reported before the first content': { answer: failAfter(({ contentFrame }) => contentFrame), becomes: 'elsewhere' },
  'a failure that is reported after the first content': {
    answer: failAfter(({ contentFrame }) => contentFrame + 1),
    becomes: 'provider_error',
  },
}

const NAMES = Object.keys(CASES)

let upstream: FakeUpstream
let scenario: Scenario

beforeAll(async () => {
  const second = chatAnswer({ content: SECOND })
  const streams = new Map(PROVIDER_STREAMS.map((stream) => [stream.name, stream]))
  upstream = await fakeUpstream((request) => {
    const stream = streams.get(request.path.split('/')[1] ?? '')
    const [, index = ''] = /case (\d+)/.exec(request.body) ?? []
    const met = CASES[NAMES[Number(index)] ?? '']
    return (stream === undefined || met === undefined ? second : met.answer(stream))(request)
  })
  const names = PROVIDER_STREAMS.map(({ name }) => name)
  // Only the first target has little time: the second answers however busy the machine is.
  const quick = { timeouts: { firstToken: '700ms', idle: '700ms' } }
  const route = (name: string) => ({
    ...{ name, targets: [{ model: `by-${name}` }, { model: 'by-second' }], retries: { max: 0 } },
    degradedFactor: 1000,
  })
  scenario = await startScenario({
    baseUrl: upstream.baseUrl,
    config: {
      models: {
        breaker: { failures: 1000, share: '100%' },
        timeouts: { connect: '5s', firstToken: '30s', idle: '30s', total: '60s' },
        providers: {
          ...Object.fromEntries(PROVIDER_STREAMS.map(({ name, provider }) => [name, provider(`${upstream.origin}/${name}`)])),
          second: { wire: 'openai-chat', baseUrl: `${upstream.origin}/second`, apiKey: 'env:FAKE_PROVIDER_KEY' },
        },
        models: [
          ...[...names, 'second'].map((name) => ({ name: `by-${name}`, provider: name, id: 'm' })),
          ...names.map((name) => ({ name: `by-${name}/quick`, provider: name, id: 'm-quick', ...quick })),
        ],
        routes: names.flatMap((name) => [route(name), route(`${name}/quick`)]),
      },
      access: { teams: { support: { budgets: [{ tokens: 1_000_000_000, per: 'total' }] } } },
    },
  })
})

afterAll(async () => {
  await scenario.close()
  await upstream.close()
})

interface Seen {
  readonly of: string
  readonly saw: object
  readonly becomes: string
}

/** Every case by callers of every wire, all at once: most of the time is spent with waiting. */
function meetAll(stream: ProviderStream): Promise<readonly Seen[]> {
  const all = NAMES.flatMap((name, index) => CALLER_WIRES.map((caller) => ({ name, index, caller })))
  return Promise.all(
    all.map(async ({ name, index, caller }) => {
      const { becomes, isPatient } = CASES[name] ?? { becomes: '-' }
      const model = isPatient ? stream.name : `${stream.name}/quick`
      const read = await readStream(scenario, caller, { model, prompt: `case ${index}` })
      const { outcome, attempts, errorCode } = await endedCall(scenario, read.callId)
      const { text, ends, code, isTrailing } = read
      return { of: `${name}, asked by ${caller.name}`, saw: { text, ends, code, outcome, attempts, errorCode, isTrailing }, becomes }
    }),
  )
}

test.each(PROVIDER_STREAMS.map((stream) => [stream.name, stream] as const))(
  'each call of a provider of the wire %s ends once, and as it was: whatever the provider leaves half open',
  async (_name, stream) => {
    const seen = await meetAll(stream)
    expect(seen).toHaveLength(NAMES.length * CALLER_WIRES.length)
    for (const { of, saw, becomes } of seen) expect({ of, saw }).toEqual({ of, saw: { ...expected(becomes), isTrailing: false } })
  },
  60_000,
)

function expected(becomes: string): object {
  if (becomes === 'elsewhere') return { text: SECOND, ends: 1, code: undefined, outcome: 'ok', attempts: 2, errorCode: undefined }
  if (becomes === 'whole') return { text: WHOLE, ends: 1, code: undefined, outcome: 'ok', attempts: 1, errorCode: undefined }
  return { text: PIECES[0], ends: 0, code: becomes, outcome: 'broken', attempts: 1, errorCode: becomes }
}

test('and nothing is held or under way any more', async () => {
  const { body } = await scenario.control<{ budgets: { held: string }[] }>('GET', '/api/v1/budgets')
  expect(body.budgets.map(({ held }) => held)).toEqual(['0'])
  const { body: report } = await scenario.control<{ providers: { inFlight: number }[] }>('GET', '/api/v1/providers')
  expect(report.providers.reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(0)
})
