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

/** The part of a query that says where to look, and how much is wanted. */
type ScanQuery = Omit<LogQuery, 'matches' | 'mentions'>

/** Batches of the first window; the next ones are as large as `WINDOW_MS` allows. */
const FIRST_WINDOW = 32
const LARGEST_WINDOW = 8192
/** How long a window may hold up the event loop, about. */
const WINDOW_MS = 2

/**
 * Reads the log in windows and lets the event loop turn between them: a filter that hardly anything fits must not hold up the calls.
 * @returns at most `limit` events, in the order asked for
 */
export async function scanLog(reader: EventReader, query: ScanQuery, filter: LogFilter, world: World): Promise<readonly LoggedEvent[]> {
  const narrowed: LogQuery = { ...query, matches: (event) => fits(filter, event), ...mentionOf(filter) }
  const found: LoggedEvent[] = []
  let { first, last } = batchesOf(reader, query)
  let size = FIRST_WINDOW
  while (first <= last) {
    const isForward = query.order === 'oldest-first'
    const from = isForward ? first : Math.max(first, last - size + 1)
    const to = isForward ? Math.min(last, first + size - 1) : last
    const startedMs = world.monotonicMs()
    found.push(...reader.read({ ...narrowed, ...within(query, from, to), limit: query.limit - found.length }))
    if (found.length >= query.limit) break
    if (isForward) first = to + 1
    else last = from - 1
    size = nextSize(size, world.monotonicMs() - startedMs)
    await new Promise<void>((resolve) => world.atEndOfTurn(resolve))
  }
  return found
}

/** Batches vary by a thousand times in size, so the time that the last window took says how large the next may be. */
function nextSize(size: number, tookMs: number): number {
  if (tookMs > 2 * WINDOW_MS) return Math.max(1, Math.floor(size / 2))
  return tookMs < WINDOW_MS ? Math.min(LARGEST_WINDOW, size * 2) : size
}

/** The batches that the query may find something in. */
function batchesOf(reader: EventReader, query: ScanQuery): { readonly first: number; readonly last: number } {
  const [oldest] = reader.read({ ...query, order: 'oldest-first', limit: 1 })
  const last = Math.min(reader.end.batch, query.before?.batch ?? reader.end.batch)
  return { first: oldest?.position.batch ?? last + 1, last }
}

function within(query: ScanQuery, from: number, to: number): { readonly after: LogPosition; readonly before: LogPosition } {
  return {
    after: latest(query.after, { batch: from, index: -1 }),
    before: earliest(query.before, { batch: to, index: Number.MAX_SAFE_INTEGER }),
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
