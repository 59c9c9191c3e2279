import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FakeUpstream, fakeUpstream, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { ask, endedCall } from '../ask.ts'
import { CALLER_WIRES, type CallerWire, readStream } from './caller-wires.ts'
import { PIECES, PROVIDER_STREAMS } from './provider-streams.ts'

// A provider reports a failure in a stream of status 200: an error for callers of every wire, and never an empty answer nor a good end.

let upstream: FakeUpstream
let scenario: Scenario

beforeAll(async () => {
  upstream = await fakeUpstream((request) => {
    const [, name = '', when = ''] = request.path.split('/')
    const stream = PROVIDER_STREAMS.find((one) => one.name === name)
    if (stream === undefined) throw new Error(`Nothing is at ${request.path}.`)
    const frames = stream.frames.slice(0, when === 'early' ? stream.contentFrame : stream.contentFrame + 1)
    const behind = stream.frames.slice(stream.contentFrame + 1)
    // What comes behind a failure is no answer any more.
    const body = Buffer.concat([...frames, stream.failure, ...behind])
    return wholeReply({ headers: { 'content-type': stream.contentType }, body })(request)
  })
  scenario = await startScenario({
    baseUrl: upstream.baseUrl,
    config: {
      models: {
        breaker: { failures: 1000, share: '100%' },
        providers: Object.fromEntries(
          PROVIDER_STREAMS.flatMap(({ name, provider }) =>
            ['early', 'late'].map((when) => [`${name}-${when}`, provider(`${upstream.origin}/${name}/${when}`)] as const),
          ),
        ),
        models: PROVIDER_STREAMS.flatMap(({ name }) =>
          ['early', 'late'].map((when) => ({
            ...{ name: `${name}-${when}`, provider: `${name}-${when}`, id: 'm' },
            price: { inputPerMillion: 2, outputPerMillion: 10 },
          })),
        ),
      },
      access: { teams: { support: { budgets: [{ usd: 5, per: 'total', mode: 'hard' }] } } },
    },
  })
})

afterAll(async () => {
  await scenario.close()
  await upstream.close()
})

const [SAID] = PIECES
const callers = CALLER_WIRES.map((caller) => ({ caller, name: caller.name }))

describe.each(PROVIDER_STREAMS.map(({ name }) => ({ provider: name })))(
  'a provider of $provider that fails in its stream',
  ({ provider }) => {
    test.each(callers)('before any content is a status of an error for $name', async ({ caller }) => {
      const { status, json, headers, callId } = await askFor(caller, `${provider}-early`)
      expect(status).toBe(502)
      expect(headers.get('content-type')).toBe('application/json')
      expect(json.error).toMatchObject({ message: expect.stringContaining('Something broke.') })
      const ended = await endedCall(scenario, callId)
      expect(ended).toMatchObject({ outcome: 'broken', errorSource: 'provider', status: 502 })
      expect([ended.finishReason, ended.bookings?.length]).toEqual([undefined, 1])
    })

    test.each(callers)('after content is the end that $name hears of, and no good one', async ({ caller }) => {
      const read = await readStream(scenario, caller, { model: `${provider}-late`, prompt: 'Hello?' })
      expect(read).toMatchObject({ status: 200, text: SAID, ends: 0, isTrailing: false })
      expect(read.errors).toBeGreaterThan(0)
      expect(read.raw).toContain('Something broke.')
      const ended = await endedCall(scenario, read.callId)
      expect(ended).toMatchObject({ outcome: 'broken', errorSource: 'provider', errorCode: read.code })
      expect(ended.finishReason).toBeUndefined()
      expect(ended.bookings).toMatchObject([{ state: 'settled' }])
      expect(ended.costNanoUsd).toBeGreaterThan(0)
    })
  },
)

function askFor(caller: CallerWire, model: string) {
  return ask(scenario, { path: caller.path(model), body: caller.body(model, 'Hello?') })
}
