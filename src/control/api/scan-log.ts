import type { Event } from '../../core/events.ts'
import type { EventReader, LoggedEvent, LogPosition, LogQuery } from '../../core/ports.ts'

/** Which events are wanted: all that is given must fit. */
export interface LogFilter {
  readonly team?: string | undefined
  readonly keyId?: string | undefined
  /** What was asked for, or the provider's own id of what served it. */
  readonly subject?: string | undefined
  readonly outcome?: string | undefined
  readonly types?: ReadonlySet<string> | undefined
  readonly traceId?: string | undefined
}

/** The part of a query that says where to look, and how much is wanted. */
type ScanQuery = Omit<LogQuery, 'matches' | 'mentions'>

/**
 * Reads what fits a filter.
 * @returns at most `limit` events, in the order asked for
 */
export function scanLog(reader: EventReader, query: ScanQuery, filter: LogFilter): Promise<readonly LoggedEvent[]> {
  return reader.read({ ...query, matches: (event) => fits(filter, event), ...mentionOf(filter) })
}

/** Negative where the left one was written first. */
export function comparePositions(left: LogPosition, right: LogPosition): number {
  return left.batch - right.batch || left.index - right.index
}

/** The text that a group of events must hold for any of them to fit; it spares parsing the others. */
function mentionOf({ keyId, subject, team, traceId }: LogFilter): Pick<LogQuery, 'mentions'> {
  const text = traceId ?? keyId ?? subject ?? team
  // As JSON writes it in the log, without its quotes.
  return text === undefined ? {} : { mentions: JSON.stringify(text).slice(1, -1) }
}

/** Whether an event is wanted. Pure. */
function fits(filter: LogFilter, event: Event): boolean {
  const { team, keyId, subject, outcome, types, traceId } = filter
  if (types !== undefined && !types.has(event.type)) return false
  if (traceId !== undefined && !('traceId' in event && event.traceId === traceId)) return false
  if (team !== undefined && teamOf(event) !== team) return false
  if (keyId !== undefined && keyOf(event) !== keyId) return false
  if (subject !== undefined && !subjectsOf(event).includes(subject)) return false
  return outcome === undefined || ('outcome' in event && event.outcome === outcome)
}

function teamOf(event: Event): string | undefined {
  if ('principal' in event) return event.principal.team
  return 'team' in event ? event.team : undefined
}

function keyOf(event: Event): string | undefined {
  if ('principal' in event) return event.principal.keyId
  return 'keyId' in event ? event.keyId : undefined
}

function subjectsOf(event: Event): readonly (string | undefined)[] {
  if (!('subject' in event) && !('target' in event)) return []
  return [event.subject, 'target' in event ? event.target : undefined]
}
