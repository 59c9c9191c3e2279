import { expect, test } from 'bun:test'
import { parseMonth, parseTime, readSpan } from './times.ts'

const NOW_MS = Date.UTC(2026, 0, 15, 12)

test.each([
  ['2026-01-02', Date.UTC(2026, 0, 2)],
  ['2026-01-02T03:04', Date.UTC(2026, 0, 2, 3, 4)],
  ['2026-01-02T03:04:05.5Z', Date.UTC(2026, 0, 2, 3, 4, 5, 500)],
  ['2026-01-02T03:04:05+02:00', Date.UTC(2026, 0, 2, 1, 4, 5)],
  ['24h', NOW_MS - 86_400_000],
  ['0s', NOW_MS],
])('the time %s is read', (text, ms) => {
  expect(parseTime(text, NOW_MS)).toBe(ms)
})

test.each(['2026-02-30', '2026-13-01', '2026-01-02T25:00', 'yesterday', '', '1795262400', '-1h'])('"%s" is no time', (text) => {
  expect(parseTime(text, NOW_MS)).toBeUndefined()
})

test('a month is the one before, also across a new year', () => {
  expect(parseMonth('last', NOW_MS)).toEqual({ sinceMs: Date.UTC(2025, 11), untilMs: Date.UTC(2026, 0) })
  expect(parseMonth('this', NOW_MS)).toEqual({ sinceMs: Date.UTC(2026, 0), untilMs: Date.UTC(2026, 1) })
  expect(parseMonth('2024-02', NOW_MS)).toEqual({ sinceMs: Date.UTC(2024, 1), untilMs: Date.UTC(2024, 2) })
  expect(parseMonth('2026-13', NOW_MS)).toBeUndefined()
})

test.each([
  [{ month: 'last', since: '24h' }, 'month stands for since and until; give one or the other.'],
  [{ month: 'next' }, 'month is "next"; write this, last or a month such as 2026-11.'],
  [{ since: '1h', until: '2h' }, 'until is not after since.'],
])('the span %j is refused', (span, message) => {
  expect(() => readSpan(span, NOW_MS)).toThrow(message)
})
