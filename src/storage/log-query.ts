import type { LoggedEvent, LogPosition, LogQuery } from '../core/ports.ts'
import { callIdOf, decodeEvent, linesOf, type WrittenBatch } from './batch.ts'
import type { Steps } from './in-slices.ts'

/**
 * Picks the events that a query asks for.
 * @param parts batches in the order of the query, as many as one read gave; the store has left out those that cannot hold any
 */
export function* selectEvents(parts: Iterable<readonly WrittenBatch[]>, query: LogQuery): Steps<readonly LoggedEvent[]> {
  const found: LoggedEvent[] = []
  if (query.limit <= 0) return found
  for (const batches of parts) {
    for (const batch of batches) {
      if (takeEvents(batch, query, found)) return found
    }
    yield
  }
  return found
}

/** Adds what a batch has of what is asked for. Returns whether that is enough. */
export function takeEvents(batch: WrittenBatch, query: LogQuery, found: LoggedEvent[]): boolean {
  if (query.mentions !== undefined && !batch.text.includes(query.mentions)) return false
  for (const logged of inOrder(batch, query)) {
    if (!isWanted(logged, query)) continue
    found.push(logged)
    if (found.length >= query.limit) return true
  }
  return false
}

/** The events of one call in a batch whose text mentions it: other calls mention it as their parent. */
export function eventsOfCall(batch: WrittenBatch, callId: string): readonly LoggedEvent[] {
  const found: LoggedEvent[] = []
  for (const [index, line] of linesOf(batch.text).entries()) {
    if (!line.includes(callId)) continue
    const event = decodeEvent(line)
    if (callIdOf(event) === callId) found.push({ position: { batch: batch.seq, index }, event })
  }
  return found
}

/** Whether a place in the log comes after another. */
function isAfter(position: LogPosition, other: LogPosition): boolean {
  return position.batch === other.batch ? position.index > other.index : position.batch > other.batch
}

function inOrder(batch: WrittenBatch, query: LogQuery): readonly LoggedEvent[] {
  const all = linesOf(batch.text).map((line, index) => ({ position: { batch: batch.seq, index }, event: decodeEvent(line) }))
  return query.order === 'oldest-first' ? all : all.reverse()
}

function isWanted({ position, event }: LoggedEvent, query: LogQuery): boolean {
  if (query.after !== undefined && !isAfter(position, query.after)) return false
  if (query.before !== undefined && !isAfter(query.before, position)) return false
  if (query.sinceMs !== undefined && event.atMs < query.sinceMs) return false
  if (query.untilMs !== undefined && event.atMs >= query.untilMs) return false
  return query.matches?.(event) ?? true
}
