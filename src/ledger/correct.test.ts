import { expect, test } from 'bun:test'
import { Balance } from './balance.ts'
import { momentOfEvent } from './moment.ts'
import { type Period, spanAt } from './periods.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 21, 12)
const at = (hours: number) => momentOfEvent(NOON + hours * HOUR)

function balanceOf(period: Period): Balance {
  return new Balance('team:support', { unit: 'usd', period, scope: undefined, spanOf: spanAt }, at(0))
}

test.each([
  ['a calendar day', { type: 'calendar', unit: 'day', zone: 'UTC' }],
  ['a rolling day', { type: 'rolling', unit: 'day' }],
  ['a total', { type: 'total' }],
] satisfies readonly [string, Period][])('a correction counts where its call counts, and never below nothing: %s', (_what, period) => {
  const balance = balanceOf(period)
  balance.settle(at(0), 100)
  balance.correct(at(0).wallMs, 20)
  expect(balance.settledAt(at(1))).toBe(120)
  balance.correct(at(0).wallMs, -50)
  expect(balance.settledAt(at(1))).toBe(70)
  balance.correct(at(0).wallMs, -500)
  expect(balance.settledAt(at(1))).toBe(0)
})

test.each([
  ['a calendar day', { type: 'calendar', unit: 'day', zone: 'UTC' }],
  ['a rolling day', { type: 'rolling', unit: 'day' }],
] satisfies readonly [string, Period][])('a correction of what does not count any more changes nothing: %s', (_what, period) => {
  const balance = balanceOf(period)
  balance.settle(at(30), 100)
  balance.correct(at(0).wallMs, 20)
  expect(balance.settledAt(at(30))).toBe(100)
})

test('the end of a period belongs to the next one', () => {
  const balance = balanceOf({ type: 'calendar', unit: 'day', zone: 'UTC' })
  balance.settle(at(0), 100)
  balance.correct(at(12).wallMs, 20)
  expect(balance.settledAt(at(0))).toBe(100)
  balance.correct(at(12).wallMs - 1, 20)
  expect(balance.settledAt(at(0))).toBe(120)
})
