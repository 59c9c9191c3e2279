import type { Event } from '../core/events.ts'
import { timeOfId } from '../core/world.ts'

/** What one group commit writes: events, and the same as bytes: one event a line of JSON, each ended by a line feed. */
export interface Batch {
  readonly events: readonly Event[]
  /** Valid until `write` returns: the memory is used again. */
  readonly bytes: Uint8Array
}

/** Where batches go. */
export interface BatchWriter {
  /**
   * Writes a batch whole or not at all, and returns its number; the first is 1.
   * @throws whatever the store says; nothing was written then
   */
  write(batch: Batch): number
}

/** A batch as it was written. */
export interface WrittenBatch {
  readonly seq: number
  /** One event a line; the last line is ended too. */
  readonly text: string
}

/** Where written batches are read from. */
export interface BatchSource {
  /** Number of the oldest batch that is there; one past the last where there is none. */
  readonly firstSeq: number
  /** Number of the last batch; 0 in an empty log. */
  readonly lastSeq: number
  /** Oldest first, from just after `seq`; empty at the end. A part at a time. */
  batchesAfter(seq: number): readonly WrittenBatch[]
  /** The chain's hash at this batch, hexadecimal; undefined where the batch is not there. */
  hashAt(seq: number): string | undefined
}

/** One line of a batch, without its end. */
export function encodeEvent(event: Event): string {
  return JSON.stringify(event)
}

/** Reads a line back. */
export function decodeEvent(line: string): Event {
  // The chain of hashes says that we wrote this line ourselves.
  return JSON.parse(line) as Event
}

/** The lines of a batch. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split('\n')
  lines.pop()
  return lines
}

/** Reads a whole batch back. */
export function decodeEvents(text: string): readonly Event[] {
  return linesOf(text).map(decodeEvent)
}

/**
 * The earliest time that anything in these events goes back to: of a call, when its id was made. A reader that looks for a call, or for
 * events before some time, skips the batches that begin later.
 */
export function earliestMs(events: readonly Event[]): number {
  let earliest = Number.MAX_SAFE_INTEGER
  let firstId: string | undefined
  for (const event of events) {
    const callId = callIdOf(event)
    // Ids sort by time: comparing them as texts is far cheaper than reading the time out of each.
    if (callId !== undefined && (firstId === undefined || callId < firstId)) firstId = callId
    const beginMs = event.type === 'call.ended' ? event.startedAtMs : event.atMs
    if (beginMs < earliest) earliest = beginMs
  }
  return Math.min(earliest, (firstId === undefined ? undefined : timeOfId(firstId)) ?? earliest)
}

/** The call that an event is part of: what is found with it, however much later it was written. */
export function callIdOf(event: Event): string | undefined {
  switch (event.type) {
    case 'call.started':
    case 'call.ended':
    case 'attempt.held':
    case 'attempt.booked':
    case 'call.recosted':
      return event.callId
    default:
      return undefined
  }
}
