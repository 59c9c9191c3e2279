import type { Event } from '../../core/events.ts'
import type { EventReader, LoggedEvent, LogPosition, LogQuery } from '../../core/ports.ts'
import type { World } from '../../core/world.ts'

/** Which events are wanted: all that is given must fit. */
export interface LogFilter {
  readonly team?: string | undefined
  readonly keyId?: string | undefined
  /** What was asked for, or the provider's own id of what served it. */
  readonly subject?: string | undefined
  readonly outcome?: string | undefined
  readonly types?: ReadonlySet<string> | undefined
}

/** Batches that are read without a pause: about ten milliseconds of work. */
const WINDOW_BATCHES = 2_000

/**
 * Reads the log in windows and lets the event loop turn between them: a filter that hardly anything fits must not hold up the calls.
 * @returns at most `limit` events, in the order asked for
 */
export async function scanLog(
  reader: EventReader,
  query: Omit<LogQuery, 'matches' | 'mentions'>,
  filter: LogFilter,
  world: World,
): Promise<readonly LoggedEvent[]> {
  const narrowed: LogQuery = { ...query, matches: (event) => fits(filter, event), ...mentionOf(filter) }
  const found: LoggedEvent[] = []
  for (const window of windowsOf(reader, query)) {
    found.push(...reader.read({ ...narrowed, ...window, limit: query.limit - found.length }))
    if (found.length >= query.limit) break
    await new Promise<void>((resolve) => world.atEndOfTurn(resolve))
  }
  return found
}

interface Window {
  readonly after: LogPosition
  readonly before: LogPosition
}

/** The batches that the query may find something in, cut into windows, in its order. */
function* windowsOf(reader: EventReader, query: Omit<LogQuery, 'matches' | 'mentions'>): Generator<Window, void> {
  const [oldest] = reader.read({ ...query, order: 'oldest-first', limit: 1 })
  if (oldest === undefined) return
  const first = oldest.position.batch
  const last = Math.min(reader.end.batch, query.before?.batch ?? reader.end.batch)
  const count = Math.ceil((last - first + 1) / WINDOW_BATCHES)
  for (let index = 0; index < count; index++) {
    const from = first + (query.order === 'oldest-first' ? index : count - 1 - index) * WINDOW_BATCHES
    yield {
      after: latest(query.after, { batch: from - 1, index: Number.MAX_SAFE_INTEGER }),
      before: earliest(query.before, { batch: from + WINDOW_BATCHES, index: 0 }),
    }
  }
}

function latest(left: LogPosition | undefined, right: LogPosition): LogPosition {
  return left === undefined || comparePositions(left, right) < 0 ? right : left
}

function earliest(left: LogPosition | undefined, right: LogPosition): LogPosition {
  return left === undefined || comparePositions(left, right) > 0 ? right : left
}

/** Negative where the left one was written first. */
export function comparePositions(left: LogPosition, right: LogPosition): number {
  return left.batch - right.batch || left.index - right.index
}

/** The text that a group of events must hold for any of them to fit; it spares parsing the others. */
function mentionOf({ keyId, subject, team }: LogFilter): Pick<LogQuery, 'mentions'> {
  const text = keyId ?? subject ?? team
  // As JSON writes it in the log, without its quotes.
  return text === undefined ? {} : { mentions: JSON.stringify(text).slice(1, -1) }
}

/** Whether an event is wanted. Pure. */
export function fits(filter: LogFilter, event: Event): boolean {
  const { team, keyId, subject, outcome, types } = filter
  if (types !== undefined && !types.has(event.type)) return false
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
