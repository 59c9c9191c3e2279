import { GatewayError } from '../../core/errors.ts'
import { parseDuration } from '../../core/fields.ts'

/** A span of time: from `sinceMs` on, up to but without `untilMs`. */
export interface TimeSpan {
  readonly sinceMs?: number
  readonly untilMs?: number
}

/** A span as it is asked for. */
export interface WrittenSpan {
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly month?: string | undefined
}

const DATE = /^\d{4}-\d{2}-\d{2}$/
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/

/** How to write a time; for messages and for the API's document. */
export const TIME_HINT = 'a date (2026-11-21), a time (2026-11-21T12:00:00Z) or how long ago (24h); UTC where no zone is given'

/**
 * Reads a point in time: a date, a date and time, or how long ago. UTC where no zone is given.
 * @returns milliseconds since the epoch, or undefined where the text is none of these
 */
export function parseTime(text: string, nowMs: number): number | undefined {
  const agoMs = parseDuration(text)
  if (agoMs !== undefined) return nowMs - agoMs
  return parseDate(text)
}

/** Reads a date or a date and time; undefined where the text is neither, or no day of the calendar. */
export function parseDate(text: string): number | undefined {
  const [whole, day, , , zone] = DATE_TIME.exec(text) ?? []
  const date = DATE.test(text) ? text : day
  if (date === undefined || !isDay(date)) return undefined
  // A date without a time is UTC to Date.parse, a date with one is local: say which.
  const ms = Date.parse(whole === undefined || zone !== undefined ? text : `${text}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

/** The 30th of February is the 2nd of March to some parsers. */
function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)
}

/** The calendar month (UTC) of `this`, `last` or `2026-11`; undefined where the text is none of these. */
export function parseMonth(text: string, nowMs: number): Required<TimeSpan> | undefined {
  const now = new Date(nowMs)
  const [, year, month] = MONTH.exec(text) ?? []
  if (year !== undefined && month !== undefined) return monthSpan(Number(year), Number(month) - 1)
  if (text === 'this') return monthSpan(now.getUTCFullYear(), now.getUTCMonth())
  return text === 'last' ? monthSpan(now.getUTCFullYear(), now.getUTCMonth() - 1) : undefined
}

function monthSpan(year: number, month: number): Required<TimeSpan> {
  return { sinceMs: Date.UTC(year, month), untilMs: Date.UTC(year, month + 1) }
}

/**
 * Reads the span that a query asks for.
 * @throws invalid_request naming the parameter at fault
 */
export function readSpan(written: WrittenSpan, nowMs: number): TimeSpan {
  const { since, until, month } = written
  if (month !== undefined) {
    if (since !== undefined || until !== undefined) throw invalid('month', 'month stands for since and until; give one or the other.')
    const span = parseMonth(month, nowMs)
    if (span === undefined) throw invalid('month', `month is ${quoted(month)}; write this, last or a month such as 2026-11.`)
    return span
  }
  const sinceMs = since === undefined ? undefined : readTime('since', since, nowMs)
  const untilMs = until === undefined ? undefined : readTime('until', until, nowMs)
  if (sinceMs !== undefined && untilMs !== undefined && untilMs <= sinceMs) throw invalid('until', 'until is not after since.')
  return { ...(sinceMs === undefined ? {} : { sinceMs }), ...(untilMs === undefined ? {} : { untilMs }) }
}

/** Reads one point in time of a request. @throws invalid_request naming the field */
export function readTime(param: string, text: string, nowMs: number): number {
  const ms = parseTime(text, nowMs)
  if (ms === undefined) throw invalid(param, `${param} is ${quoted(text)}; write ${TIME_HINT}.`)
  return ms
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}

function invalid(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param })
}
