import { instantOfWall, wallOf } from './zones.ts'

/** For how long a budget counts before it begins anew. */
export const PERIOD_UNITS = ['hour', 'day', 'week', 'month', 'total'] as const
export type PeriodUnit = (typeof PERIOD_UNITS)[number]

/** A calendar period begins when the calendar of its zone says so; a rolling one always reaches back by its length; a total never begins anew. */
export type Period =
  | { readonly type: 'calendar'; readonly unit: Exclude<PeriodUnit, 'total'>; readonly zone: string }
  | { readonly type: 'rolling'; readonly unit: Exclude<PeriodUnit, 'total'> }
  | { readonly type: 'total' }

/** A stretch of time, in milliseconds since the epoch. The end does not belong to it. */
export interface Span {
  readonly startMs: number
  readonly endMs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Lengths of rolling periods, in milliseconds. A rolling month has 30 days. */
export const ROLLING_MS = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const

const FOR_EVER: Span = { startMs: 0, endMs: Number.POSITIVE_INFINITY }

/**
 * The calendar period that an instant falls into; for ever where the period is a total.
 * An hour is an hour of UTC, whatever the zone, so that each has 60 minutes; a week begins on Monday; a day may have 23 or 25 hours.
 */
export function spanAt(period: Exclude<Period, { type: 'rolling' }>, atMs: number): Span {
  if (period.type === 'total') return FOR_EVER
  const { unit, zone } = period
  if (unit === 'hour') {
    const startMs = Math.floor(atMs / HOUR_MS) * HOUR_MS
    return { startMs, endMs: startMs + HOUR_MS }
  }
  const wall = startOfWall(unit, wallOf(atMs, zone))
  return { startMs: instantOfWall(wall, zone), endMs: instantOfWall(nextWall(unit, wall), zone) }
}

/** The name of a period in ids: `month`, `day@Europe/Zurich`, `rolling-hour`, `total`. */
export function periodName(period: Period): string {
  if (period.type === 'total') return 'total'
  if (period.type === 'rolling') return `rolling-${period.unit}`
  return period.zone === 'UTC' ? period.unit : `${period.unit}@${period.zone}`
}

/** Reads the name of a period back; undefined where it is none. */
export function readPeriodName(name: string): Period | undefined {
  if (name === 'total') return { type: 'total' }
  const [, rolling, unit, zone = 'UTC'] = /^(rolling-)?(hour|day|week|month)(?:@(\S+))?$/.exec(name) ?? []
  const known = PERIOD_UNITS.find((each) => each === unit)
  if (known === undefined || known === 'total') return undefined
  return rolling === undefined ? { type: 'calendar', unit: known, zone } : { type: 'rolling', unit: known }
}

function startOfWall(unit: 'day' | 'week' | 'month', wallMs: number): number {
  const day = Math.floor(wallMs / DAY_MS) * DAY_MS
  if (unit === 'day') return day
  const date = new Date(day)
  if (unit === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
  const sinceMonday = (date.getUTCDay() + 6) % 7
  return day - sinceMonday * DAY_MS
}

function nextWall(unit: 'day' | 'week' | 'month', wallMs: number): number {
  if (unit !== 'month') return wallMs + (unit === 'day' ? DAY_MS : 7 * DAY_MS)
  const date = new Date(wallMs)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}
