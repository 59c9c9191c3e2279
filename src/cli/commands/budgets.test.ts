import { expect, test } from 'bun:test'
import { Money } from '../../app/money.ts'
import { fakeWorld } from '../../testing/fake-world.ts'
import { openTestControl, type TestControl } from '../../testing/open-test-control.ts'
import { runCli } from '../../testing/run-cli.ts'

type LedgerRules = Parameters<Money['apply']>[0]

const MONTH = { type: 'calendar', unit: 'month', zone: 'UTC' } as const

function budget(mode: 'soft' | 'hard', limit: number) {
  return { unit: 'usd', limit, mode, period: MONTH, alertAt: [], unpriced: 'refuse' } as const
}

const RULES: LedgerRules = {
  accounts: [
    { kind: 'team', name: 'support', budgets: [budget('hard', 2_000_000_000)], limits: [] },
    { kind: 'team', name: 'search', budgets: [budget('soft', 100_000_000)], limits: [] },
  ],
  onCrash: 'charge-estimate',
}

/** On the 21st at noon: two thirds of November are over. */
function spent(): TestControl {
  const money = new Money(fakeWorld(), RULES)
  const spend = (team: string, nanoUsd: number, isOver: boolean) => {
    const principal = { organisation: 'acme', team, labels: {} }
    const { balances } = money.ledger.accountsOf(principal, 'run', money.moment())
    const owner = { callId: 'call_1', layer: 'models', action: 'models.call', principal, subject: 'mini' } as const
    const { attempt } = money.ledger.hold({ attempt: `${team}.1`, owner, nanoUsd, tokens: 1, leaseMs: 1000 }, balances, money.moment())
    if (isOver) money.ledger.settle(attempt, { nanoUsd, tokens: 1 }, money.moment())
  }
  spend('support', 250_000_000, false)
  spend('search', 130_000_000, true)
  return openTestControl({ money: () => ({ ledger: money.ledger, at: money.moment() }) })
}

test('budgets are a table for people, the tightest first', async () => {
  expect((await runCli(spent(), ['budgets'])).out).toBe(
    [
      'ACCOUNT       PERIOD     MODE  LIMIT  SETTLED   HELD           LEFT    %  FORECAST  RESETS',
      'team:search   per month  soft  $0.10    $0.13  $0.00  over by $0.03  130            2026-12-01T00:00:00.000Z',
      'team:support  per month  hard  $2.00    $0.00  $0.25          $1.75    0            2026-12-01T00:00:00.000Z',
      '',
    ].join('\n'),
  )
})

test('budgets --json is what scripts rely on, narrowed to an account', async () => {
  const { out, asked } = await runCli(spent(), ['budgets', '--account', 'team:sup*', '--json'])
  expect(JSON.parse(out)).toEqual([
    {
      balance: 'usd month team:support',
      account: 'team:support',
      unit: 'usd',
      per: 'per month',
      mode: 'hard',
      ...{ limit: '2', settled: '0', held: '0.25', left: '1.75', percent: 0 },
      since: '2026-11-21T12:00:00.000Z',
      resetsAt: '2026-12-01T00:00:00.000Z',
    },
  ])
  expect(asked).toMatchObject([{ offline: 'read' }])
  expect((await runCli(openTestControl(), ['budgets'])).err).toContain('No budgets.')
  expect((await runCli(openTestControl(), ['budgets', '--account', 'team:nope'])).err).toContain('No such budget.')
})

test('a forecast goes on at the pace of the period so far', async () => {
  const world = fakeWorld()
  const money = new Money(world, RULES)
  const principal = { organisation: 'acme', team: 'support', labels: {} }
  const { balances } = money.ledger.accountsOf(principal, 'run', money.moment())
  const owner = { callId: 'call_1', layer: 'models', action: 'models.call', principal, subject: 'mini' } as const
  const { attempt } = money.ledger.hold({ attempt: 'a.1', owner, nanoUsd: 300_000_000, tokens: 1, leaseMs: 1000 }, balances, money.moment())
  money.ledger.settle(attempt, { nanoUsd: 300_000_000, tokens: 1 }, money.moment())
  // Half of what is left of November after it began to count.
  await world.advance(4.75 * 86_400_000)
  const control = openTestControl({ money: () => ({ ledger: money.ledger, at: money.moment() }) })
  const { out } = await runCli(control, ['budgets', '--account', 'team:support', '--json'])
  expect(JSON.parse(out)).toMatchObject([{ settled: '0.3', forecast: '0.6', percent: 15 }])
})
