import { describe, expect, test } from 'bun:test'
import { type Period, periodName, readPeriodName, spanAt } from './periods.ts'
import { isZone } from './zones.ts'

const HOUR_MS = 3_600_000

function span(period: string, at: string): { readonly start: string; readonly end: string; readonly hours: number } {
  const read = readPeriodName(period)
  if (read === undefined || read.type === 'rolling') throw new Error(`${period} is no calendar period.`)
  const { startMs, endMs } = spanAt(read, Date.parse(at))
  return { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString(), hours: (endMs - startMs) / HOUR_MS }
}

describe('a calendar period', () => {
  test.each<[string, string, string, string, number]>([
    ['hour', '2026-11-21T13:59:59.999Z', '2026-11-21T13:00:00.000Z', '2026-11-21T14:00:00.000Z', 1],
    ['day', '2026-11-21T13:00:00Z', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z', 24],
    ['week', '2026-11-22T23:00:00Z', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z', 168],
    ['month', '2026-02-10T00:00:00Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z', 672],
    ['month', '2024-02-29T12:00:00Z', '2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z', 696],
    ['month', '2026-12-31T23:59:59Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z', 744],
    ['day@Asia/Kolkata', '2026-11-21T18:30:00Z', '2026-11-21T18:30:00.000Z', '2026-11-22T18:30:00.000Z', 24],
    ['day@Asia/Kolkata', '2026-11-21T18:29:59Z', '2026-11-20T18:30:00.000Z', '2026-11-21T18:30:00.000Z', 24],
    ['month@America/New_York', '2026-12-01T04:59:59Z', '2026-11-01T04:00:00.000Z', '2026-12-01T05:00:00.000Z', 721],
  ])('%s at %s', (period, at, start, end, hours) => {
    expect(span(period, at)).toEqual({ start, end, hours })
  })

  test.each<[string, string, string, number]>([
    ['spring, in Zurich: 23 hours', 'day@Europe/Zurich', '2026-03-29T12:00:00Z', 23],
    ['autumn, in Zurich: 25 hours', 'day@Europe/Zurich', '2026-10-25T12:00:00Z', 25],
    ['the week of the spring change', 'week@Europe/Zurich', '2026-03-29T12:00:00Z', 167],
    ['the month of the autumn change', 'month@Europe/Zurich', '2026-10-05T12:00:00Z', 745],
    ['spring in New York', 'day@America/New_York', '2026-03-08T12:00:00Z', 23],
    ['half an hour on Lord Howe', 'day@Australia/Lord_Howe', '2026-04-05T00:00:00Z', 24.5],
  ])('over a change of the clocks: %s', (_what, period, at, hours) => {
    expect(span(period, at).hours).toBe(hours)
  })

  test('begins with the change where clocks jump over midnight', () => {
    // In Cairo, 00:00 becomes 01:00 on the last Friday of April: that day has no midnight.
    expect(span('day@Africa/Cairo', '2026-04-24T10:00:00Z')).toEqual({
      start: '2026-04-23T22:00:00.000Z',
      end: '2026-04-24T21:00:00.000Z',
      hours: 23,
    })
  })

  test('follows the one before without a gap, also over both changes', () => {
    for (const name of [
      'hour',
      'day@Europe/Zurich',
      'week@America/New_York',
      'month@Australia/Lord_Howe',
      'day@Africa/Cairo',
      'day@Pacific/Apia',
    ]) {
      const period = readPeriodName(name)
      if (period === undefined || period.type === 'rolling') throw new Error(name)
      let { startMs, endMs } = spanAt(period, Date.UTC(2026, 0, 1))
      for (let count = 0; count < 420; count++) {
        expect(endMs).toBeGreaterThan(startMs)
        expect(spanAt(period, endMs - 1)).toEqual({ startMs, endMs })
        const next = spanAt(period, endMs)
        expect(next.startMs).toBe(endMs)
        startMs = next.startMs
        endMs = next.endMs
      }
    }
  })

  test('in total never ends', () => {
    expect(spanAt({ type: 'total' }, 5)).toEqual({ startMs: 0, endMs: Number.POSITIVE_INFINITY })
  })
})

test('names of periods are read back', () => {
  const periods: readonly Period[] = [
    { type: 'total' },
    { type: 'rolling', unit: 'month' },
    { type: 'calendar', unit: 'day', zone: 'UTC' },
    { type: 'calendar', unit: 'week', zone: 'America/Argentina/Buenos_Aires' },
  ]
  for (const period of periods) expect(readPeriodName(periodName(period))).toEqual(period)
  for (const name of ['', 'year', 'rolling-total', 'day@']) expect(readPeriodName(name)).toBeUndefined()
})

test('a time zone must be known', () => {
  expect(['UTC', 'Europe/Zurich', 'Asia/Kathmandu'].map(isZone)).toEqual([true, true, true])
  expect(['Mars/Phobos', '', 'Zurich', 'Europe/Zürich'].map(isZone)).toEqual([false, false, false, false])
})
