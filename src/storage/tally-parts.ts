import type { TallyQuery } from '../core/ports.ts'
import { DAY_HOURS } from './tally-store.ts'

/** What to read from which table: whole days by the day, the rest by the hour. */
export interface TallyPart {
  readonly unit: 'hour' | 'day'
  readonly since?: number
  readonly until?: number
}

/** The parts of a query: each hour stands in exactly one of them. */
export function partsOf(query: TallyQuery): readonly TallyPart[] {
  const { sinceHour, untilHour } = query
  const since = sinceHour === undefined ? {} : { since: sinceHour }
  const until = untilHour === undefined ? {} : { until: untilHour }
  const firstDay = sinceHour === undefined ? undefined : Math.ceil(sinceHour / DAY_HOURS)
  const endDay = untilHour === undefined ? undefined : Math.floor(untilHour / DAY_HOURS)
  const hasNoDay = firstDay !== undefined && endDay !== undefined && firstDay >= endDay
  if (query.per === 'hour' || hasNoDay) return [{ unit: 'hour', ...since, ...until }]
  const parts: TallyPart[] = [
    { unit: 'day', ...(firstDay === undefined ? {} : { since: firstDay }), ...(endDay === undefined ? {} : { until: endDay }) },
  ]
  if (firstDay !== undefined && sinceHour !== firstDay * DAY_HOURS) parts.push({ unit: 'hour', ...since, until: firstDay * DAY_HOURS })
  if (endDay !== undefined && untilHour !== endDay * DAY_HOURS) parts.push({ unit: 'hour', since: endDay * DAY_HOURS, ...until })
  return parts
}
