import { Database } from 'bun:sqlite'
import type { Event } from '../../../src/core/events.ts'
import { type BatchSource, decodeEvents, type WrittenBatch } from '../../../src/storage/batch.ts'
import { splitBatches } from '../../../src/storage/journal/file-batch.ts'
import { type MakeProjection, ProjectionFeed } from '../../../src/storage/projection-feed.ts'
import { migrate } from '../../../src/storage/sqlite/migrate.ts'
import { SqliteTallyStore } from '../../../src/storage/sqlite/tally-store.ts'
import { fakeWorld } from '../../../src/testing/fake-world.ts'

interface RecordedBatch extends WrittenBatch {
  readonly hash: string
  readonly toByte: number
}

/** The bytes of a log, cut into its batches. */
export class RecordedLog implements BatchSource {
  readonly bytes: Uint8Array
  readonly #batches: readonly RecordedBatch[]
  /** What was before it was trimmed. */
  readonly firstSeq: number

  constructor(bytes: Uint8Array, firstSeq = 1) {
    this.bytes = bytes
    this.firstSeq = firstSeq
    let toByte = 0
    this.#batches = splitBatches(Buffer.from(bytes)).map(({ seq, text, seal, sizeBytes }) => {
      toByte += sizeBytes
      return { seq, text, hash: seal.hash, toByte }
    })
  }

  get lastSeq(): number {
    return this.#batches.length
  }

  /** One at a time, so that what folds them can be stopped behind each. */
  batchesAfter(seq: number): readonly WrittenBatch[] {
    const from = Math.max(seq, this.firstSeq - 1)
    return this.#batches.slice(from, from + 1)
  }

  hashAt(seq: number): string | undefined {
    return seq < this.firstSeq ? undefined : this.#batches[seq - 1]?.hash
  }

  /** The same log, of which everything before a batch was trimmed. */
  from(firstSeq: number): RecordedLog {
    return new RecordedLog(this.bytes, firstSeq)
  }

  get events(): readonly Event[] {
    return this.#batches.flatMap(({ text }) => decodeEvents(text))
  }

  /** Where a batch ends in the file. */
  endOf(seq: number): number {
    return this.#batches[seq - 1]?.toByte ?? 0
  }
}

/** Spend in a database in memory, fed from a recorded log. */
export class StoredSpend implements Disposable {
  readonly feed: ProjectionFeed
  readonly #database: Database

  /** @param begin what the database holds; left out: nothing */
  constructor(log: BatchSource, make: MakeProjection, begin?: Uint8Array) {
    this.#database = begin === undefined ? new Database(':memory:') : Database.deserialize(begin)
    migrate(this.#database, 'signalbox')
    const store = new SqliteTallyStore(this.#database, 'keep', () => {})
    this.feed = new ProjectionFeed({ world: fakeWorld(), source: log, store, projections: [make], mode: 'keep', report: () => {} })
  }

  get bytes(): Uint8Array {
    return this.#database.serialize()
  }

  [Symbol.dispose](): void {
    this.feed.close()
    this.#database.close()
  }
}

/** The database as it is when the batches up to each were stored, from none to all of them. */
export function storedAfterEach(log: RecordedLog, make: MakeProjection, begin?: Uint8Array): readonly Uint8Array[] {
  using spend = new StoredSpend(log, make, begin)
  const after = [spend.bytes]
  // The log gives a batch at a time, and a step folds one.
  for (const steps = spend.feed.catchUp(); steps.next().done !== true; after.push(spend.bytes)) spend.feed.flush()
  return after
}
