import { describe, expect, test } from 'bun:test'
import type { Principal } from '../core/call.ts'
import { type ErrorCode, GatewayError } from '../core/errors.ts'
import type { Usage } from '../core/events.ts'
import { collect, type Handler, replyOf } from '../core/stage.ts'
import { Ledger } from '../ledger/ledger.ts'
import { momentsOf } from '../ledger/moment.ts'
import type { AccountRule, Budget, Scope } from '../ledger/rules.ts'
import { fakeRecord } from '../testing/fake-record.ts'
import { fakeWorld } from '../testing/fake-world.ts'
import { openTestCall, type TestCall, type TestCallOptions } from '../testing/open-test-call.ts'
import { meter } from './meter.ts'

const ANN: Principal = { organisation: 'acme', team: 'support', keyId: 'k1', labels: {} }
const USD: Budget = { unit: 'usd', limit: 10_000, mode: 'hard', period: { type: 'total' }, alertAt: [], unpriced: 'refuse' }
/** What an attempt is estimated at: a nano-dollar for each token. */
const ESTIMATE = { inputTokens: 100, outputTokens: 400, choices: 1, nanoUsd: 500 } as const

interface Part {
  readonly bytes: number
  readonly usage?: Usage
}

/** A meter before budgets, with the time by hand. */
function lab(budgets: readonly Partial<Budget>[]) {
  const world = fakeWorld()
  const rule: AccountRule = { kind: 'team', name: 'support', budgets: budgets.map((each) => ({ ...USD, ...each })), limits: [] }
  const ledger = new Ledger()
  const moment = momentsOf(world)
  ledger.apply({ accounts: [rule], onCrash: 'charge-estimate' }, moment())
  const priceOf = ({ inputTokens = 0, outputTokens = 0 }: Usage) => inputTokens + outputTokens
  const stage = meter<string, Part, undefined>({
    usageOf: ({ usage }) => usage,
    sizeOf: ({ bytes }) => bytes,
    isPiece: () => true,
    pricedOf: () => undefined,
    price: (_priced, usage) => ({ type: 'priced', costNanoUsd: priceOf(usage), version: 'v1', lines: [] }),
    holds: {
      ledger,
      moment,
      estimate: (attempt) => ({
        ...ESTIMATE,
        ...{ attempt, model: 'gpt', provider: 'openai', target: 'gpt-5', priceVersion: 'v1', leaseMs: 60_000 },
      }),
      pricing: () => priceOf,
      clampOutput: (attempt) => attempt,
    },
  })
  const begin = (options: TestCallOptions = {}): TestCall => openTestCall({ world, principal: ANN, ...options })
  const send = async (call: TestCall, next: Handler<string, Part>, attempt = 'call_1.1') => {
    try {
      const { ending } = await collect(await stage(call, attempt, next))
      return ending
    } catch (thrown) {
      return thrown
    }
  }
  const state = () => ({
    openHolds: ledger.openHolds,
    balances: [...ledger.balances()].map((balance) => ({ held: balance.held, settled: balance.settledAt(moment()) })),
  })
  return { begin, send, state }
}

/** A provider that fails before it accepts anything. */
const failing =
  (code: ErrorCode): Handler<string, Part> =>
  async () => {
    throw new GatewayError(code, 'It failed.')
  }

/** A provider that says these parts, and then ends so. */
const saying =
  (parts: readonly Part[], broken?: ErrorCode): Handler<string, Part> =>
  async (call) =>
    replyOf(
      parts,
      call.signal,
      broken === undefined ? { outcome: 'ok' } : { outcome: 'broken', error: new GatewayError(broken, 'It broke.') },
    )

const SETTLED = { openHolds: 0, balances: [{ held: 0, settled: ESTIMATE.nanoUsd }] }
const RELEASED = { openHolds: 0, balances: [{ held: 0, settled: 0 }] }

describe('an attempt that failed before anything was accepted', () => {
  const unsure = [
    'provider_first_token_timeout',
    'provider_idle_timeout',
    'provider_total_timeout',
    'provider_truncated',
    'provider_malformed',
    'client_closed',
    'shutting_down',
    'internal',
  ] as const
  const sure = ['provider_unreachable', 'provider_connect_timeout', 'provider_rate_limited', 'provider_error', 'provider_rejected'] as const

  test.each(unsure)('is charged what it held where nobody knows whether the work was done: %s', async (code) => {
    const { begin, send, state } = lab([{}])
    const call = begin()
    expect(await send(call, failing(code))).toMatchObject({ code })
    expect(state()).toEqual(SETTLED)
    expect(call.record.facts).toMatchObject({ costNanoUsd: 500, isEstimate: true, bookings: [{ state: 'settled', isEstimate: true }] })
  })

  test.each(sure)('costs nothing where it is known that no work was done: %s', async (code) => {
    const { begin, send, state } = lab([{}])
    const call = begin()
    expect(await send(call, failing(code))).toMatchObject({ code })
    expect(state()).toEqual(RELEASED)
    expect(call.record.facts.costNanoUsd).toBeUndefined()
  })

  test('is charged what it held where its call was ended from outside, whatever it says', async () => {
    const { begin, send, state } = lab([{}])
    const call = begin()
    call.abort(new GatewayError('key_revoked', 'The key was revoked.'))
    await send(call, failing('provider_unreachable'))
    expect(state()).toEqual(SETTLED)
  })

  test.each([
    ['provider_truncated', true],
    ['provider_unreachable', undefined],
  ] as const)('without a budget is unpriced, and not free, where nobody knows: %s', async (code, isUnpriced) => {
    const { begin, send } = lab([])
    const call = begin()
    await send(call, failing(code))
    expect(call.record.facts.isUnpriced).toBe(isUnpriced)
  })

  test('holds nothing any more where the log cannot be written, and is not sent', async () => {
    const { begin, send, state } = lab([{}])
    const full = () => Promise.reject(new GatewayError('log_unavailable', 'The disk is full.'))
    const call = begin({ record: fakeRecord({ onStart: full }) })
    let sent = 0
    expect(
      await send(call, async () => {
        sent++
        throw new Error('It must not be sent.')
      }),
    ).toMatchObject({ code: 'log_unavailable' })
    expect([sent, state()]).toEqual([0, RELEASED])
  })
})

describe('the cost of a call', () => {
  test('is what its attempts cost together, and of one attempt what was said last', async () => {
    const { begin, send, state } = lab([{}])
    const call = begin()
    await send(
      call,
      saying([
        { bytes: 9, usage: { inputTokens: 5 } },
        { bytes: 9, usage: { inputTokens: 5, outputTokens: 7 } },
      ]),
      'call_1.1',
    )
    expect(await send(call, saying([{ bytes: 9, usage: { inputTokens: 20 } }]), 'call_1.2')).toEqual({ outcome: 'ok', costNanoUsd: 32 })
    expect(call.record.facts).toMatchObject({ attempts: 2, costNanoUsd: 32, usage: { inputTokens: 20 } })
    expect(state()).toEqual({ openHolds: 0, balances: [{ held: 0, settled: 32 }] })
  })

  test.each([{ inputTokens: 1e9 + 1 }, { outputTokens: 1e9 + 1 }])('is not what no attempt can use: %o', async (usage) => {
    const { begin, send, state } = lab([{}])
    const call = begin()
    await send(call, saying([{ bytes: 9, usage }]))
    expect(state()).toEqual(SETTLED)
    expect(call.record.facts.usage).toBeUndefined()
  })
})

describe('a reply that broke off', () => {
  const parts = [{ bytes: 100 }, { bytes: 100 }]

  test('is charged all that was held before a strict budget, which is never below the bill', async () => {
    const { begin, send, state } = lab([{ mode: 'strict' }])
    await send(begin({ facts: { isStream: true } }), saying(parts, 'provider_truncated'))
    expect(state()).toEqual(SETTLED)
  })

  test('is charged what was seen before a hard one: the input, and about what came', async () => {
    const { begin, send, state } = lab([{}])
    await send(begin({ facts: { isStream: true } }), saying(parts, 'provider_truncated'))
    const [balance] = state().balances
    expect(balance?.settled).toBeGreaterThan(ESTIMATE.inputTokens)
    expect(balance?.settled).toBeLessThan(ESTIMATE.nanoUsd)
  })

  test('is charged the input that the provider said, where that is all it said', async () => {
    const { begin, send, state } = lab([{ limit: 100_000 }])
    const said = { bytes: 100, usage: { inputTokens: 9000, isEstimate: true } } as const
    await send(begin({ facts: { isStream: true } }), saying([said], 'provider_truncated'))
    expect(state().balances[0]?.settled).toBeGreaterThan(9000)
  })
})

test('a strict budget cuts a stream that brings more pieces than it was allowed tokens', async () => {
  const { begin, send, state } = lab([{ mode: 'strict' }])
  const endless = saying(Array.from({ length: ESTIMATE.outputTokens + 100 }, () => ({ bytes: 100 })))
  expect(await send(begin({ facts: { isStream: true } }), endless)).toMatchObject({ code: 'budget_exceeded' })
  expect(state()).toEqual(SETTLED)
})

const only = (...names: readonly string[]): Scope => ({ name: `models=${names}`, matches: (model) => names.includes(model) })

test.each([
  ['the model that it went to', only('gpt'), 500],
  ['the route that the caller named', only('smart'), 500],
  ['another model', only('claude'), undefined],
])('a budget about %s', async (_what, scope, settled) => {
  const { begin, send, state } = lab([{ scope }])
  await send(begin({ facts: { subject: 'smart' } }), failing('provider_truncated'))
  expect(state().balances.find((balance) => balance.settled > 0)?.settled).toBe(settled)
})
