import { expect, test } from 'bun:test'
import { dueAlerts } from './alerts.ts'
import { Balance } from './balance.ts'
import type { Moment } from './moment.ts'
import { spanAt } from './periods.ts'

const AT: Moment = { wallMs: 1_795_000_000_000, steadyMs: 1_795_000_000_000 }

test('a threshold is told of as soon as it is reached, whatever the limit', () => {
  const missed: string[] = []
  for (let limit = 1; limit <= 300; limit++) {
    for (const percent of [50, 80, 90, 100]) {
      const balance = new Balance('team:a', { unit: 'calls', period: { type: 'total' }, scope: undefined, spanOf: spanAt }, AT)
      balance.budgets = [{ unit: 'calls', limit, mode: 'hard', period: { type: 'total' }, alertAt: [percent], unpriced: 'refuse' }]
      const reached = Math.ceil((limit * percent) / 100)
      balance.settle(AT, reached - 1)
      if (dueAlerts(balance, AT).length > 0) missed.push(`${percent} % of ${limit} was told too early`)
      balance.settle(AT, 1)
      if (dueAlerts(balance, AT)[0]?.percent !== percent) missed.push(`${percent} % of ${limit} was not told`)
      if (dueAlerts(balance, AT).length > 0) missed.push(`${percent} % of ${limit} was told twice`)
    }
  }
  expect(missed).toEqual([])
})
