import type { Database, Statement } from 'bun:sqlite'
import { GatewayError } from '../../core/errors.ts'
import type { CallStarted } from '../../core/events.ts'
import type { World } from '../../core/world.ts'
import { type Batch, type BatchWriter, decodeEvents, earliestMs } from '../batch.ts'
import { chainHash, hexOf } from '../chain.ts'
import { inTransaction, isBusy } from './database.ts'
import { folderFailure } from './failure.ts'
import { JournalReader } from './journal-reader.ts'
import { JournalState } from './journal-state.ts'

/** The state is saved after this many bytes: what a start after a crash reads again, at the most. */
const SAVE_BYTES = 8 * 1024 * 1024
/** A quiet log closes its segments too, so that retention can take hold. */
const SEGMENT_MAX_AGE_MS = 24 * 3_600_000
const LINE_FEED = 10

/** What a journal needs of its surroundings. */
export interface JournalOptions {
  readonly database: Database
  readonly folder: string
  readonly world: World
  readonly segmentBytes: number
  /** Told how much each batch added, for the checkpoints. */
  readonly onWrote: (bytes: number) => void
  readonly report: (problem: GatewayError) => void
}

/** The event log on disk: one row a batch, each with a hash over itself and the one before. Opened by one process, written by one thread. */
export class Journal implements BatchWriter {
  readonly reader: JournalReader
  readonly #options: JournalOptions
  readonly #insert: Statement
  #scratch: Buffer = Buffer.allocUnsafe(64 * 1024)
  #seq: number
  #atMs: number
  #hash: Uint8Array
  #state: JournalState
  #bytesSinceSave = 0

  constructor(options: JournalOptions) {
    this.#options = options
    this.reader = new JournalReader(options.database)
    this.#insert = options.database.prepare(
      'INSERT INTO batches (seq, at_ms, earliest_ms, events, hash, payload) VALUES (?, ?, ?, ?, ?, ?)',
    )
    const end = this.reader.chainEnd()
    this.#seq = end.seq
    this.#atMs = end.atMs
    this.#hash = end.hash
    this.#state = this.#load()
  }

  /** Number of the last batch that was written. */
  get seq(): number {
    return this.#seq
  }

  /** Calls that the log knows as started and not as ended. */
  get openCalls(): readonly CallStarted[] {
    return this.#state.openCalls
  }

  /** Time of the last batch; 0 in an empty log. */
  get lastAtMs(): number {
    return this.#atMs
  }

  write(batch: Batch): number | 'busy' {
    const { world, onWrote } = this.#options
    const payload = this.#encode(batch.lines)
    const seq = this.#seq + 1
    // A clock that was set back must not break the order that readers search in.
    const atMs = Math.max(this.#atMs, world.now())
    const earliest = earliestMs(batch.events)
    const hash = chainHash(this.#hash, payload)
    try {
      this.#insert.run(seq, atMs, earliest, batch.events.length, hash, payload)
    } catch (thrown) {
      if (isBusy(thrown)) return 'busy'
      throw thrown
    }
    this.#seq = seq
    this.#atMs = atMs
    this.#hash = hash
    this.#state.take({ seq, atMs, earliestMs: earliest, bytes: payload.length, events: batch.events })
    this.#bytesSinceSave += payload.length
    onWrote(payload.length)
    this.#keepHouse(atMs)
    return seq
  }

  /** Saves what a start would otherwise read again. */
  save(): void {
    this.#options.database.query("INSERT OR REPLACE INTO meta (key, value) VALUES ('state', ?)").run(this.#state.text())
    this.#bytesSinceSave = 0
  }

  /** The counted starts on this folder, and its name. Counts one more. */
  begin(): { readonly nodeId: string; readonly epoch: number } {
    const { database, world } = this.#options
    return inTransaction(database, () => {
      const nodeId = this.reader.meta('node_id') ?? world.id('node')
      const epoch = Number(this.reader.meta('epoch') ?? '0') + 1
      const put = database.query('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)')
      put.run('node_id', nodeId)
      put.run('epoch', String(epoch))
      return { nodeId, epoch }
    })
  }

  /** After a batch is on disk: what fails here is tried after the next one, and loses nothing. */
  #keepHouse(atMs: number): void {
    const { segmentBytes, segmentFirstAtMs } = this.#state
    const isFull = segmentBytes >= this.#options.segmentBytes || atMs - segmentFirstAtMs >= SEGMENT_MAX_AGE_MS
    if (!isFull && this.#bytesSinceSave < SAVE_BYTES) return
    try {
      if (isFull) this.#closeSegment()
      else this.save()
    } catch (thrown) {
      if (!isBusy(thrown)) this.#options.report(folderFailure(this.#options.folder, thrown))
    }
  }

  #closeSegment(): void {
    const segment = this.#state.segment()
    const { database, world } = this.#options
    const lastHash = hexOf(this.#hash)
    const next = JournalState.after({ id: segment.id, lastSeq: this.#seq, lastHash }, this.#state.openCalls)
    inTransaction(database, () => {
      database
        .query(
          `INSERT INTO segments (id, first_seq, last_seq, previous_hash, last_hash, events, earliest_ms, totals, closed_at_ms, state)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'closed')`,
        )
        .run(
          segment.id,
          segment.firstSeq,
          this.#seq,
          segment.previousHash,
          lastHash,
          segment.events,
          segment.earliestMs,
          JSON.stringify(segment.totals),
          world.now(),
        )
      database.query("INSERT OR REPLACE INTO meta (key, value) VALUES ('state', ?)").run(next.text())
    })
    this.#state = next
    this.#bytesSinceSave = 0
  }

  /** The saved state, and what came after it. */
  #load(): JournalState {
    const saved = this.reader.meta('state')
    const last = this.reader.segments().at(-1)
    const after = last ?? { id: 0, lastSeq: 0, lastHash: hexOf(this.reader.firstHash) }
    let state = saved === undefined ? JournalState.after(after, []) : JournalState.read(saved)
    if (state.seq > this.#seq) {
      this.#options.report(cutOffError(this.#options.folder, this.#seq, state.seq))
      state = JournalState.after(after, [])
    }
    for (let rows = this.reader.rowsAfter(state.seq); rows.length > 0; rows = this.reader.rowsAfter(state.seq)) {
      for (const row of rows)
        state.take({ seq: row.seq, atMs: row.atMs, earliestMs: row.earliestMs, bytes: row.payload.length, events: decodeEvents(row.text) })
    }
    return state
  }

  /** The lines as bytes, in a buffer that is used again: written line by line, which is cheaper than joining them first. */
  #encode(lines: readonly string[]): Uint8Array {
    let at = 0
    for (const line of lines) {
      // A character of a JavaScript string takes three bytes of UTF-8 at the most.
      if (at + line.length * 3 + 1 > this.#scratch.length) this.#scratch = grown(this.#scratch, at + line.length * 3 + 1)
      if (at > 0) this.#scratch[at++] = LINE_FEED
      at += this.#scratch.write(line, at)
    }
    return this.#scratch.subarray(0, at)
  }
}

function grown(buffer: Buffer, sizeBytes: number): Buffer {
  const larger = Buffer.allocUnsafe(sizeBytes * 2)
  buffer.copy(larger)
  return larger
}

/** The state is written after the batches that it speaks of, into the same file: nothing but a cut leaves it ahead of them. */
function cutOffError(folder: string, lastSeq: number, knownSeq: number): GatewayError {
  const message = `The log in ${folder} ends at batch ${lastSeq}, but had batch ${knownSeq} once: its end was cut off. Writing goes on from there.`
  return new GatewayError('conflict', message)
}
