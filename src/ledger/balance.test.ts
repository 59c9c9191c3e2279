import { describe, expect, test } from 'bun:test'
import { Balance } from './balance.ts'
import { balanceId, readBalanceId } from './balance-id.ts'
import type { Moment } from './moment.ts'
import { type Period, spanAt } from './periods.ts'

const DAY: Period = { type: 'calendar', unit: 'day', zone: 'UTC' }

function at(time: string): Moment {
  const wallMs = Date.parse(time)
  return { wallMs, steadyMs: wallMs }
}

function balance(period: Period): Balance {
  return new Balance('team:a', { unit: 'usd', period, scope: undefined, spanOf: spanAt }, at('2026-11-21T00:00:00Z'))
}

describe('a balance', () => {
  test('begins anew with its period, and keeps what is held', () => {
    const day = balance(DAY)
    day.settle(at('2026-11-21T23:59:59Z'), 5)
    day.held = 3
    expect(day.settledAt(at('2026-11-21T23:59:59.999Z'))).toBe(5)
    expect(day.settledAt(at('2026-11-22T00:00:00Z'))).toBe(0)
    expect(day.held).toBe(3)
  })

  test('does not open again when the clock is set back, by little or by much', () => {
    const day = balance(DAY)
    day.settle(at('2026-11-22T00:10:00Z'), 9)
    // An hour back, over midnight: the day goes on.
    expect(day.settledAt(at('2026-11-21T23:10:00Z'))).toBe(9)
    day.settle(at('2026-11-21T23:20:00Z'), 1)
    expect(day.settledAt(at('2026-11-22T00:30:00Z'))).toBe(10)
    // A year back: what was counted goes along.
    expect(day.settledAt(at('2025-11-22T12:00:00Z'))).toBe(10)
    expect(day.spanAt(at('2025-11-22T12:00:00Z'))?.startMs).toBe(Date.parse('2025-11-22T00:00:00Z'))
    expect(day.settledAt(at('2025-11-23T00:00:00Z'))).toBe(0)
  })

  test('begins anew when the clock leaps forward', () => {
    const day = balance(DAY)
    day.settle(at('2026-11-21T12:00:00Z'), 9)
    expect(day.settledAt(at('2027-01-01T12:00:00Z'))).toBe(0)
  })

  test('is exact past what a number can hold', () => {
    const total = balance({ type: 'total' })
    const now = at('2026-11-21T12:00:00Z')
    for (let count = 0; count < 5; count++) total.settle(now, Number.MAX_SAFE_INTEGER)
    total.settle(now, 1)
    expect(total.exactlySettledAt(now)).toBe(5n * BigInt(Number.MAX_SAFE_INTEGER) + 1n)
    expect(total.settledAt(now)).toBe(Number.MAX_SAFE_INTEGER)
    const again = balance({ type: 'total' })
    const stored = total.stored(now)
    if (stored === undefined) throw new Error('Nothing is stored.')
    again.restore(JSON.parse(JSON.stringify(stored)))
    again.settle(now, 1)
    expect(again.exactlySettledAt(now)).toBe(5n * BigInt(Number.MAX_SAFE_INTEGER) + 2n)
  })

  test('of a rolling period knows when there is room again', () => {
    const rolling = balance({ type: 'rolling', unit: 'hour' })
    rolling.settle(at('2026-11-21T12:00:30Z'), 80)
    const now = at('2026-11-21T12:30:00Z')
    expect(rolling.roomAt(now, 100, 20)).toBe(now.steadyMs)
    expect(rolling.roomAt(now, 100, 21)).toBe(Date.parse('2026-11-21T13:01:00Z'))
    expect(rolling.roomAt(now, 100, 101)).toBeUndefined()
  })
})

test('the name of a balance is read back, whatever stands in a label', () => {
  const keys = [
    { unit: 'usd', period: DAY, scope: undefined, account: 'team:a/b:c' },
    { unit: 'tokens', period: { type: 'rolling', unit: 'week' }, scope: 'models=claude*|gpt*', account: 'label:who=a b models=x team:y' },
    { unit: 'calls', period: { type: 'calendar', unit: 'month', zone: 'Europe/Zurich' }, scope: 'models=a;providers=b', account: 'key:k1' },
  ] as const
  for (const key of keys) expect(readBalanceId(balanceId(key))).toEqual(key)
  expect(readBalanceId('usd never team:a')).toBeUndefined()
  expect(readBalanceId('gold day team:a')).toBeUndefined()
})
