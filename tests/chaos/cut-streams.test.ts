import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { CallEnded } from '../../src/core/events.ts'
import { type Answer, chatAnswer, type FakeUpstream, fakeUpstream, READ_PAUSE, type Step, send } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { CALLER_WIRES, type CallerWire, type ReadStream, readStream } from '../scenarios/wires/caller-wires.ts'
import { endOfFrame, PIECES, PROVIDER_STREAMS, type ProviderStream } from '../scenarios/wires/provider-streams.ts'
import { allOf, sampled } from './lab/full-run.ts'

// Each stream of each wire of a provider is cut behind every one of its bytes, in three ways; callers of all wires take turns.

/** `end`: the body ends in good order; the provider says that this was all. */
const HOW = ['close', 'reset', 'end'] as const
const SECOND = 'From the second.'
const WHOLE = PIECES.join('')
/** Enough to be quick, few enough that what is sent is read before it is cut. */
const AT_ONCE = 12
const MANY = { timeout: 300_000 }

interface Cut {
  readonly bytes: number
  readonly how: (typeof HOW)[number]
  readonly caller: CallerWire
}

/** The stream up to the byte that the prompt names, and then the end that it names. */
function cutStream(stream: ProviderStream): Answer {
  const body = Buffer.concat(stream.frames)
  const contentAt = endOfFrame(stream, stream.contentFrame)
  return (request) => {
    const [, said = '', how] = /cut (\d+) (\w+)/.exec(request.body) ?? []
    const bytes = Number(said)
    const chunk = how === 'end' ? bytes : body.length
    const head = `HTTP/1.1 200 OK\r\ncontent-type: ${stream.contentType}\r\ntransfer-encoding: chunked\r\n\r\n`
    const size = chunk === 0 ? '' : `${chunk.toString(16)}\r\n`
    // The first content is read before the cut comes: the runtime drops what it reads together with one.
    const steps: Step[] = [send(`${head}${size}`), send(body.subarray(0, Math.min(bytes, contentAt)))]
    if (bytes > contentAt) steps.push({ type: 'pause', ms: 5 }, send(body.subarray(contentAt, bytes)))
    if (how === 'end') return [...steps, send(chunk === 0 ? '0\r\n\r\n' : '\r\n0\r\n\r\n')]
    return how === 'reset' ? [...steps, READ_PAUSE, { type: 'reset' }] : [...steps, { type: 'pause', ms: 2 }, { type: 'close' }]
  }
}

let upstream: FakeUpstream
let scenario: Scenario
const endings = new Map<string, CallEnded[]>()

beforeAll(async () => {
  const answers = new Map(PROVIDER_STREAMS.map((stream) => [stream.name, cutStream(stream)]))
  const second = chatAnswer({ content: SECOND })
  upstream = await fakeUpstream((request) => (answers.get(request.path.split('/')[1] ?? '') ?? second)(request))
  const names = PROVIDER_STREAMS.map(({ name }) => name)
  const at = (name: string) => `${upstream.origin}/${name}`
  scenario = await startScenario({
    baseUrl: upstream.baseUrl,
    config: {
      models: {
        breaker: { failures: 1000, share: '100%' },
        timeouts: { connect: '5s', firstToken: '5s', idle: '5s', total: '20s' },
        providers: {
          ...Object.fromEntries(PROVIDER_STREAMS.map(({ name, provider }) => [name, provider(at(name))])),
          second: { wire: 'openai-chat', baseUrl: at('second'), apiKey: 'env:FAKE_PROVIDER_KEY' },
        },
        models: [...names, 'second'].map((name) => ({
          ...{ name: `by-${name}`, provider: name, id: 'm' },
          price: { inputPerMillion: 2, outputPerMillion: 10 },
        })),
        routes: names.map((name) => ({
          ...{ name, targets: [{ model: `by-${name}` }, { model: 'by-second' }], retries: { max: 0 } },
          // A busy machine makes an attempt slow now and then: none is to go elsewhere for that.
          degradedFactor: 1000,
        })),
      },
      access: { teams: { support: { budgets: [{ usd: 100_000, per: 'total' }] } } },
    },
  })
})

afterAll(async () => {
  await scenario.close()
  await upstream.close()
})

/** Every byte behind which it is cut, in every way, by callers of all wires in turn. */
function cutsOf(stream: ProviderStream): readonly Cut[] {
  const length = endOfFrame(stream, stream.frames.length)
  const bytes = Array.from({ length: length + 1 }, (_, index) => index)
  const every = HOW.flatMap((how, shift) =>
    bytes.flatMap((at) =>
      CALLER_WIRES.slice((at + shift) % CALLER_WIRES.length)
        .slice(0, 1)
        .map((caller): Cut => ({ bytes: at, how, caller })),
    ),
  )
  // The ends of frames are where most is decided: a short run has them too.
  const ends = new Set(stream.frames.map((_frame, index) => endOfFrame(stream, index)))
  const isEdge = ({ bytes: at, how }: Cut) => how === 'end' && ends.has(at)
  const cuts = [
    ...sampled(
      every.filter((cut) => !isEdge(cut)),
      41,
    ),
    ...every.filter(isEdge),
  ]
  // A whole one now and then keeps the circuit closed, which opens where all of a thousand calls fail.
  const [caller = cuts[0]?.caller] = CALLER_WIRES
  return caller === undefined
    ? []
    : cuts.flatMap((cut, index) => (index % 100 === 99 ? [cut, { bytes: length, how: 'end', caller }] : [cut]))
}

async function endingOf(callId: string): Promise<CallEnded> {
  for (let look = 0; look < 200; look++) {
    const [ended, again] = endings.get(callId) ?? []
    if (again !== undefined) throw new Error(`The call ${callId} ended twice.`)
    if (ended !== undefined) return ended
    await Bun.sleep(20)
    await readLog()
  }
  throw new Error(`The call ${callId} has not ended.`)
}

async function readLog(): Promise<void> {
  endings.clear()
  for (const event of await scenario.events()) {
    if (event.type === 'call.ended') endings.set(event.callId, [...(endings.get(event.callId) ?? []), event])
  }
}

/** What must hold of every call, wherever it was cut. @returns what became of it */
function judge(stream: ProviderStream, { bytes, how }: Cut, read: ReadStream, ended: CallEnded): string {
  const said = `cut ${bytes} ${how}: ${JSON.stringify(read.raw.slice(-400))}`
  expect(read.isTrailing, said).toBe(false)
  if (ended.outcome === 'ok') {
    // Whole, of one of the two: never a part that passes for all.
    expect([WHOLE, SECOND], said).toContain(read.text)
    expect([read.status, read.ends, read.errors], said).toEqual([200, 1, 0])
    expect(ended.provider, said).toBe(read.text === SECOND ? 'second' : stream.name)
    if (read.text === SECOND) expect(ended.attempts, said).toBe(2)
    // A stream that never said that it was at its end is not complete, however politely it ends.
    else expect(bytes, said).toBeGreaterThanOrEqual(endOfFrame(stream, stream.finishFrame) - 2)
    return read.text === SECOND ? 'elsewhere' : 'whole'
  }
  expect([ended.outcome, ended.attempts], said).toEqual(['broken', 1])
  expect(ended.errorCode, said).toMatch(/^provider_(?:truncated|malformed)$/)
  expect([read.status, read.errors, read.code], said).toEqual([200, 1, ended.errorCode])
  expect(WHOLE.startsWith(read.text) && read.text !== '', said).toBe(true)
  // Gemini's wire has no terminal event: a finish reason is told with the last words, before the cut.
  expect(read.ends === 0 || read.text === WHOLE, said).toBe(true)
  expect(bytes, said).toBeGreaterThanOrEqual(endOfFrame(stream, stream.contentFrame))
  return 'told'
}

describe.each(PROVIDER_STREAMS.map((stream) => [stream.name, stream] as const))('a stream of the wire %s', (_name, stream) => {
  test(
    'that is cut at any byte goes elsewhere before its first content, is told after it, and never passes for whole',
    async () => {
      const reads: (readonly [Cut, ReadStream])[] = []
      await allOf(cutsOf(stream), AT_ONCE, async (cut) => {
        reads.push([cut, await readStream(scenario, cut.caller, { model: stream.name, prompt: `cut ${cut.bytes} ${cut.how}` })])
      })
      const counts: Record<string, number> = {}
      for (const [cut, read] of reads) {
        const became = judge(stream, cut, read, await endingOf(read.callId))
        counts[became] = (counts[became] ?? 0) + 1
      }
      expect(Object.keys(counts).toSorted()).toEqual(['elsewhere', 'told', 'whole'])
      console.log(`${stream.name}: ${reads.length} cuts ${JSON.stringify(counts)}`)
    },
    MANY,
  )
})

test('and none of all these leaves a hold, a connection or a call behind', async () => {
  await readLog()
  const started = (await scenario.events()).filter(({ type }) => type === 'call.started').length
  expect([...endings.values()].every((ended) => ended.length === 1)).toBe(true)
  expect(endings.size).toBe(started)
  const { body } = await scenario.control<{ budgets: { held: string; settled: string }[] }>('GET', '/api/v1/budgets')
  const spent = [...endings.values()].reduce((sum, [ended]) => sum + (ended?.costNanoUsd ?? 0), 0)
  expect(body.budgets.map(({ held, settled }) => [held, Math.round(Number(settled) * 1e9)])).toEqual([['0', spent]])
})
