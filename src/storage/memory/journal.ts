import type { EventReader, LoggedEvent, LogPosition, LogQuery } from '../../core/ports.ts'
import { type Batch, type BatchSource, type BatchWriter, linesOf, type WrittenBatch } from '../batch.ts'
import { chainHash, FIRST_HASH } from '../chain.ts'
import { atOnce } from '../in-slices.ts'
import { eventsOfCall, selectEvents } from '../log-query.ts'

interface MemoryBatch extends WrittenBatch {
  readonly hash: string
}

const READ_BATCHES = 256

/** Batches in memory, as the disk would have them: as text, so that a reader gets copies. */
export class MemoryJournal implements BatchWriter, BatchSource, EventReader {
  readonly #batches: MemoryBatch[] = []
  /** Set by a test: what `write` throws, as a full disk would. */
  failure: Error | undefined

  get firstSeq(): number {
    return 1
  }

  get lastSeq(): number {
    return this.#batches.length
  }

  async end(): Promise<LogPosition> {
    const last = this.#batches.at(-1)
    return last === undefined ? { batch: 0, index: 0 } : { batch: last.seq, index: linesOf(last.text).length - 1 }
  }

  write(batch: Batch): number {
    if (this.failure !== undefined) throw this.failure
    const text = new TextDecoder().decode(batch.bytes)
    const hash = chainHash(this.#batches.at(-1)?.hash ?? FIRST_HASH, batch.bytes)
    const seq = this.#batches.length + 1
    this.#batches.push({ seq, text, hash })
    return seq
  }

  batchesAfter(seq: number): readonly WrittenBatch[] {
    return this.#batches.slice(seq, seq + READ_BATCHES)
  }

  hashAt(seq: number): string | undefined {
    return this.#batches[seq - 1]?.hash
  }

  async read(query: LogQuery): Promise<readonly LoggedEvent[]> {
    return atOnce(selectEvents([query.order === 'oldest-first' ? this.#batches : this.#batches.toReversed()], query))
  }

  async readCall(callId: string): Promise<readonly LoggedEvent[]> {
    return this.#batches.filter((batch) => batch.text.includes(callId)).flatMap((batch) => eventsOfCall(batch, callId))
  }
}
