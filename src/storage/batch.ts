import type { Event } from '../core/events.ts'
import { timeOfId } from '../core/world.ts'

/** What one group commit writes: events, and the same as lines of JSON. */
export interface Batch {
  readonly events: readonly Event[]
  readonly lines: readonly string[]
}

/** Where batches go. */
export interface BatchWriter {
  /**
   * Writes a batch whole or not at all, and returns its number; the first is 1. `busy`: the file is taken for a moment, nothing was written.
   * @throws whatever the store says; nothing was written then
   */
  write(batch: Batch): number | 'busy'
}

/** A batch as it was written. */
export interface WrittenBatch {
  readonly seq: number
  /** One event a line. */
  readonly text: string
}

/** Where written batches are read from. */
export interface BatchSource {
  /** Number of the oldest batch that is there; one past the last where there is none. */
  readonly firstSeq: number
  /** Number of the last batch; 0 in an empty log. */
  readonly lastSeq: number
  /** Oldest first, from just after `seq`; empty at the end. Stops at about a megabyte. */
  batchesAfter(seq: number): readonly WrittenBatch[]
  /** The chain's hash at this batch, hexadecimal; undefined where the batch is not there. */
  hashAt(seq: number): string | undefined
}

/** One line of a batch. */
export function encodeEvent(event: Event): string {
  return JSON.stringify(event)
}

/** Reads a line back. */
export function decodeEvent(line: string): Event {
  // The chain of hashes says that we wrote this line ourselves.
  return JSON.parse(line) as Event
}

/** Reads a whole batch back. */
export function decodeEvents(text: string): readonly Event[] {
  return text.split('\n').map(decodeEvent)
}

/**
 * The earliest time that anything in these events goes back to: of a call, when its id was made. A reader that looks for a call, or for
 * events before some time, skips the batches that begin later.
 */
export function earliestMs(events: readonly Event[]): number {
  let earliest = Number.MAX_SAFE_INTEGER
  let firstId: string | undefined
  for (const event of events) {
    const isCall = event.type === 'call.started' || event.type === 'call.ended'
    // Ids sort by time: comparing them as texts is far cheaper than reading the time out of each.
    if (isCall && (firstId === undefined || event.callId < firstId)) firstId = event.callId
    const beginMs = event.type === 'call.ended' ? event.startedAtMs : event.atMs
    if (beginMs < earliest) earliest = beginMs
  }
  return Math.min(earliest, (firstId === undefined ? undefined : timeOfId(firstId)) ?? earliest)
}
