import { describe, expect, test } from 'bun:test'
import type { Principal } from '../core/call.ts'
import { asGatewayError } from '../core/errors.ts'
import type { BudgetAlerted, Event } from '../core/events.ts'
import { type HoldRequest, Ledger } from './ledger.ts'
import { momentOfEvent } from './moment.ts'
import type { AccountRule, Budget } from './rules.ts'

const NOW = momentOfEvent(Date.UTC(2026, 10, 21, 12))
const ANN: Principal = { organisation: 'acme', team: 'support', user: 'ann', keyId: 'k1', labels: {} }
const USD: Budget = { unit: 'usd', limit: 100, mode: 'hard', period: { type: 'total' }, alertAt: [], unpriced: 'refuse' }

function ledgerOf(budget: Partial<Budget> = {}): Ledger {
  return ledgerWith({ kind: 'team', name: 'support', budgets: [{ ...USD, ...budget }], limits: [] })
}

function ledgerWith(rule: AccountRule): Ledger {
  const ledger = new Ledger()
  ledger.apply({ accounts: [rule], onCrash: 'charge-estimate' }, NOW)
  return ledger
}

const balancesOf = (ledger: Ledger, principal = ANN) => ledger.accountsOf(principal, 'run', NOW).balances

function hold(ledger: Ledger, attempt: string, amounts: Partial<HoldRequest>) {
  const owner = { callId: 'call_1', layer: 'models', action: 'models.call', principal: ANN, subject: 'mini' } as const
  return ledger.hold({ attempt, owner, tokens: 10, leaseMs: 1000, ...amounts }, balancesOf(ledger), NOW)
}

/** The code with which it is refused; undefined where it is held. */
function refusalOf(ledger: Ledger, amounts: Partial<HoldRequest>): string | undefined {
  try {
    hold(ledger, 'call_1.1', amounts)
    return undefined
  } catch (thrown) {
    return asGatewayError(thrown).code
  }
}

test.each<[Budget['mode'], Budget['unpriced'], string | undefined]>([
  ['soft', 'allow', undefined],
  ['soft', 'refuse', 'model_unpriced'],
  ['hard', 'allow', undefined],
  ['hard', 'refuse', 'model_unpriced'],
  ['strict', 'allow', 'model_unpriced'],
  ['strict', 'refuse', 'model_unpriced'],
])('a call without a price, before a %s budget with unpriced: %s: %p', (mode, unpriced, code) => {
  expect(refusalOf(ledgerOf({ mode, unpriced }), { nanoUsd: undefined })).toBe(code)
})

test.each<[Budget['mode'], number, string | undefined]>([
  ['soft', 101, undefined],
  ['hard', 100, undefined],
  ['hard', 101, 'budget_exceeded'],
  ['strict', 100, undefined],
  ['strict', 101, 'budget_exceeded'],
])('a %s budget of 100 and a call that may cost %d: %p', (mode, nanoUsd, code) => {
  expect(refusalOf(ledgerOf({ mode }), { nanoUsd })).toBe(code)
})

test.each<[Budget['mode'], string | undefined]>([
  ['hard', undefined],
  ['strict', 'budget_unbounded'],
])('what cannot be bounded, before a %s budget: %p', (mode, code) => {
  expect(refusalOf(ledgerOf({ mode }), { nanoUsd: 1, unbounded: 'a search of the web' })).toBe(code)
})

test('what is refused holds nothing on any balance', () => {
  const ledger = ledgerWith({
    kind: 'team',
    name: 'support',
    budgets: [
      { ...USD, limit: 1000 },
      { ...USD, unit: 'calls', limit: 0 },
    ],
    limits: [],
  })
  expect(refusalOf(ledger, { nanoUsd: 5 })).toBe('budget_exceeded')
  expect(balancesOf(ledger).map(({ held }) => held)).toEqual([0, 0])
  expect(ledger.openHolds).toBe(0)
})

test('a settled call without a price is counted as such on its balance in US dollars, and on no other', () => {
  const ledger = ledgerWith({
    kind: 'team',
    name: 'support',
    budgets: [
      { ...USD, unpriced: 'allow' },
      { ...USD, unit: 'calls' },
    ],
    limits: [],
  })
  hold(ledger, 'call_1.1', { nanoUsd: undefined })
  ledger.settle('call_1.1', { tokens: 10 }, NOW)
  const counted = balancesOf(ledger).map((balance) => [balance.unit, balance.unpriced, balance.settledAt(NOW)])
  expect(counted).toEqual([
    ['usd', 1, 0],
    ['calls', 0, 1],
  ])
})

test('the rule of a team about its keys holds for no key of another team', () => {
  const ledger = ledgerWith({ kind: 'key', team: 'support', budgets: [USD], limits: [] })
  expect(balancesOf(ledger).map(({ account }) => account)).toEqual(['key:k1'])
  expect(balancesOf(ledger, { ...ANN, team: 'sales', keyId: 'k2' })).toEqual([])
})

describe('an alert', () => {
  function alertsOf(ledger: Ledger) {
    const alerts: Omit<BudgetAlerted, 'type'>[] = []
    ledger.listener = { onAlert: (alert) => alerts.push(alert), onExpired: () => {} }
    return alerts
  }

  test('is told when its threshold is reached to the nano-dollar, once, and the highest of several', () => {
    const ledger = ledgerOf({ alertAt: [50, 80, 100], limit: 1000 })
    const alerts = alertsOf(ledger)
    for (const [attempt, nanoUsd] of [499, 1, 1, 499].entries()) {
      hold(ledger, `call_1.${attempt}`, { nanoUsd })
      ledger.settle(`call_1.${attempt}`, { nanoUsd, tokens: 1 }, NOW)
    }
    expect(alerts).toMatchObject([
      { percent: 50, settled: 500 },
      { percent: 100, settled: 1000 },
    ])
  })

  test('is not told again when the log is read at a start', () => {
    const first = ledgerOf({ alertAt: [50] })
    const events: Event[] = []
    const owner = { callId: 'call_1', layer: 'models', action: 'models.call', principal: ANN } as const
    const held = hold(first, 'call_1.1', { nanoUsd: 60 })
    events.push({ type: 'attempt.held', atMs: NOW.wallMs, hold: held, ...owner })
    const booking = first.settle('call_1.1', { nanoUsd: 60, tokens: 1 }, NOW)
    if (booking === undefined) throw new Error('The hold was open.')
    events.push({ type: 'attempt.booked', atMs: NOW.wallMs, booking, ...owner })
    const next = ledgerOf({ alertAt: [50] })
    const alerts = alertsOf(next)
    for (const event of events) next.fold(event)
    expect(alerts).toEqual([])
    expect(balancesOf(next).map((balance) => balance.settledAt(NOW))).toEqual([60])
    hold(next, 'call_2.1', { nanoUsd: 1 })
    next.settle('call_2.1', { nanoUsd: 1, tokens: 1 }, NOW)
    expect(alerts).toEqual([])
  })
})
