import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { endedCall } from './ask.ts'
import { CALLER_WIRES, readStream } from './wires/caller-wires.ts'
import { PROVIDERS, type Provider, streamBytes, streamOf } from './wires/lies.ts'

// A provider that ignores the bound it was given: its stream is cut where the hold ends, and every wire hears of it in its own words.

/** 2 $ and 10 $ a million tokens: of 2,500,000 nano-dollars some 40 tokens of output are left behind the bound of the input. */
const USD = '0.0025'

function start({ wire, path, id }: Provider): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id, price: { inputPerMillion: 2, outputPerMillion: 10 } }],
      },
      access: { accounts: [{ of: 'each key', budgets: [{ usd: USD, per: 'total', mode: 'strict' }] }], teams: { support: {} } },
    }),
  })
}

describe.each(PROVIDERS.map((provider) => ({ provider, wire: provider.wire })))(
  'a provider of $wire that ignores its bound',
  ({ provider }) => {
    const { begin, piece, finish, last, usage } = provider
    let scenario: Scenario
    beforeAll(async () => {
      scenario = await start(provider)
      scenario.upstream.answer(
        streamOf(provider, streamBytes(provider, [...begin, ...Array.from({ length: 400 }, () => piece), ...finish, ...last(usage)])),
      )
    })
    afterAll(() => scenario.close())

    test.each(CALLER_WIRES.map((caller) => ({ name: caller.name, caller })))(
      'is cut for a caller of $name, who is told so',
      async ({ caller }) => {
        const { key } = await scenario.newKey()
        const read = await readStream({ dataUrl: scenario.dataUrl, key }, caller, { model: 'mini', prompt: 'Hello?' })
        expect(read).toMatchObject({ status: 200, ends: 0, code: 'budget_exceeded', isTrailing: false })
        expect(read.text).toMatch(/^(Grüezi){5,150}$/)
        const ended = await endedCall(scenario, read.callId)
        expect(ended).toMatchObject({ outcome: 'refused', errorCode: 'budget_exceeded' })
        expect(ended.finishReason).toBeUndefined()
        // All that was held is charged, and not a nano-dollar more.
        expect(ended.bookings).toMatchObject([{ state: 'settled', isEstimate: true, nanoUsd: ended.costNanoUsd }])
        expect(ended.costNanoUsd).toBeGreaterThan(2_000_000)
        expect(ended.costNanoUsd).toBeLessThanOrEqual(2_500_000)
      },
    )
  },
)
