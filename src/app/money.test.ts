import { expect, test } from 'bun:test'
import type { Event } from '../core/events.ts'
import type { EventLog } from '../core/ports.ts'
import { Secret } from '../core/secret.ts'
import type { LedgerRules } from '../ledger/rules.ts'
import { fakeWorld } from '../testing/fake-world.ts'
import { AlertWebhook } from './alert-webhook.ts'
import { Money } from './money.ts'

const BUDGET = { unit: 'usd', limit: 100, mode: 'hard', period: { type: 'total' }, alertAt: [50], unpriced: 'refuse' } as const
const RULES: LedgerRules = { accounts: [{ kind: 'team', name: 'a', budgets: [BUDGET], limits: [] }], onCrash: 'charge-estimate' }
const PRINCIPAL = { organisation: 'acme', team: 'a', labels: {} }

function logOf(events: Event[]): EventLog {
  return {
    append: async (event) => void events.push(event),
    keep: (event) => void events.push(event),
    flush: async () => {},
    isWritable: true,
    countUnrecorded: () => {},
  }
}

function hold(money: Money, attempt: string, nanoUsd: number): void {
  const { balances } = money.ledger.accountsOf(PRINCIPAL, 'run', money.moment())
  const owner = { callId: 'call_1', layer: 'models', action: 'models.call', principal: PRINCIPAL, subject: 'mini' } as const
  money.ledger.hold({ attempt, owner, nanoUsd, tokens: 1, leaseMs: 60_000 }, balances, money.moment())
}

test('a hold that nobody booked is charged its estimate when its lease runs out, and no hold outlives its lease', async () => {
  const world = fakeWorld()
  const money = new Money(world, RULES)
  const events: Event[] = []
  money.begin(logOf(events), new AlertWebhook({ world, target: () => undefined, report: () => {} }))
  hold(money, 'call_1.1', 60)
  await world.advance(59_000)
  expect(money.ledger.openHolds).toBe(1)
  await world.advance(12_000)
  expect(money.ledger.openHolds).toBe(0)
  expect(events).toMatchObject([
    { type: 'budget.alerted', balance: 'usd total team:a', percent: 50, settled: 60 },
    {
      type: 'attempt.booked',
      callId: 'call_1',
      costNanoUsd: 60,
      booking: { attempt: 'call_1.1', state: 'expired', nanoUsd: 60, isEstimate: true },
    },
  ])
  // Whoever books it after all changes nothing.
  expect(money.ledger.settle('call_1.1', { nanoUsd: 5, tokens: 1 }, money.moment())).toBeUndefined()
  money.close()
  expect(world.pendingTimers).toBe(0)
})

test('what a crash left is booked at the start, told once there is a log, and known to the next start', () => {
  const world = fakeWorld()
  const first = new Money(world, RULES)
  hold(first, 'call_1.1', 70)
  const stored = first.state.text()
  const second = new Money(world, RULES)
  second.state.restore(stored)
  const booked = second.state.resolveCrashed([])
  expect(booked).toMatchObject([{ callId: 'call_1', booking: { state: 'expired', nanoUsd: 70 } }])
  const events: Event[] = []
  second.begin(logOf(events), new AlertWebhook({ world, target: () => undefined, report: () => {} }))
  expect(events).toMatchObject([{ type: 'budget.alerted', percent: 50 }])
  second.close()
  const third = new Money(world, RULES)
  third.state.restore(stored)
  for (const event of [...booked, ...events]) third.state.fold(event)
  expect(third.state.resolveCrashed([])).toEqual([])
  expect(() => hold(third, 'call_2.1', 31)).toThrow('has no room')
  hold(third, 'call_2.1', 30)
  expect(third.ledger.openHolds).toBe(1)
})

test('a webhook is tried again for some minutes, and then given up with a word to the operator', async () => {
  const world = fakeWorld({ fetch: async () => new Response(null, { status: 503 }) })
  const said: string[] = []
  const target = { url: 'https://alerts.example.com', secret: new Secret('secret-of-a-test') }
  const webhook = new AlertWebhook({ world, target: () => target, report: (message) => void said.push(message) })
  webhook.send({ type: 'budget.alerted', atMs: 0, balance: 'usd day team:a', mode: 'soft', limit: 5, percent: 50, settled: 3 })
  await world.advance(126_000)
  expect(said).toEqual([])
  await world.advance(2000)
  expect(said).toEqual([
    'The webhook of budgets did not take the alert of usd day team:a in 8 attempts: it answered 503. It is in the event log.',
  ])
  expect(world.pendingTimers).toBe(0)
})
