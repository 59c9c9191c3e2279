import type { Database } from 'bun:sqlite'
import type { EventReader, LoggedEvent, LogPosition, LogQuery } from '../../core/ports.ts'
import { timeOfId } from '../../core/world.ts'
import type { BatchSource, WrittenBatch } from '../batch.ts'
import { FIRST_HASH, hexOf } from '../chain.ts'
import { eventsOfCall, selectEvents } from '../log-query.ts'

/** A closed part of the log. */
export interface Segment {
  readonly id: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly previousHash: string
  readonly lastHash: string
  readonly events: number
  readonly earliestMs: number
  readonly closedAtMs: number
  /** `trimming`: some of its batches may be gone; `trimmed`: all are. */
  readonly state: 'closed' | 'trimming' | 'trimmed'
}

interface RawRow {
  readonly seq: number
  readonly atMs: number
  readonly earliestMs: number
  readonly eventCount: number
  readonly hash: Uint8Array
  readonly payload: Uint8Array
}

/** A batch as it stands in its row. */
export class BatchRow implements WrittenBatch {
  readonly seq: number
  readonly atMs: number
  readonly earliestMs: number
  readonly eventCount: number
  readonly hash: Uint8Array
  readonly payload: Uint8Array
  #text: string | undefined

  constructor(row: RawRow) {
    this.seq = row.seq
    this.atMs = row.atMs
    this.earliestMs = row.earliestMs
    this.eventCount = row.eventCount
    this.hash = row.hash
    this.payload = row.payload
  }

  /** Made where it is asked for: a check of the chain needs the bytes only. */
  get text(): string {
    this.#text ??= Buffer.from(this.payload.buffer, this.payload.byteOffset, this.payload.length).toString()
    return this.#text
  }
}

interface Range {
  readonly from: number
  readonly to: number
}

const ROW = 'seq, at_ms AS atMs, earliest_ms AS earliestMs, events AS eventCount, hash, payload'
const SEGMENT = `id, first_seq AS firstSeq, last_seq AS lastSeq, previous_hash AS previousHash, last_hash AS lastHash, events,
  earliest_ms AS earliestMs, closed_at_ms AS closedAtMs, state`
/** Batches of one step through the log: large enough to spare statements, small enough for memory and for the event loop. */
const STEP_BATCHES = 32

/** Reads the journal, beside its writer or without one. No statement stays open between calls: that would hold up checkpoints. */
export class JournalReader implements EventReader, BatchSource {
  readonly #database: Database
  readonly firstHash = FIRST_HASH

  constructor(database: Database) {
    this.#database = database
  }

  get firstSeq(): number {
    const row = this.#database.query<{ seq: number | null }, []>('SELECT min(seq) AS seq FROM batches').get()
    return row?.seq ?? this.#lastOfSegments() + 1
  }

  get lastSeq(): number {
    const row = this.#database.query<{ seq: number | null }, []>('SELECT max(seq) AS seq FROM batches').get()
    return row?.seq ?? this.#lastOfSegments()
  }

  get end(): LogPosition {
    const sql = 'SELECT seq, events FROM batches ORDER BY seq DESC LIMIT 1'
    const row = this.#database.query<{ seq: number; events: number }, []>(sql).get()
    return row === null ? { batch: this.#lastOfSegments(), index: 0 } : { batch: row.seq, index: row.events - 1 }
  }

  /** What the next batch continues from. */
  chainEnd(): { readonly seq: number; readonly atMs: number; readonly hash: Uint8Array } {
    const row = this.#database.query<RawRow, []>(`SELECT ${ROW} FROM batches ORDER BY seq DESC LIMIT 1`).get()
    if (row !== null) return { seq: row.seq, atMs: row.atMs, hash: row.hash }
    const last = this.segments().at(-1)
    if (last === undefined) return { seq: 0, atMs: 0, hash: FIRST_HASH }
    return { seq: last.lastSeq, atMs: last.closedAtMs, hash: Buffer.from(last.lastHash, 'hex') }
  }

  meta(key: string): string | undefined {
    return this.#database.query<{ value: string }, [string]>('SELECT value FROM meta WHERE key = ?').get(key)?.value
  }

  segments(): readonly Segment[] {
    return this.#database.query<Segment, []>(`SELECT ${SEGMENT} FROM segments ORDER BY id`).all()
  }

  batchesAfter(seq: number): readonly BatchRow[] {
    return this.rowsAfter(seq)
  }

  /** Rows after this one, oldest first. */
  rowsAfter(seq: number): readonly BatchRow[] {
    const sql = `SELECT ${ROW} FROM batches WHERE seq > ? ORDER BY seq LIMIT ${STEP_BATCHES}`
    return this.#database
      .query<RawRow, [number]>(sql)
      .all(seq)
      .map((row) => new BatchRow(row))
  }

  hashAt(seq: number): string | undefined {
    const row = this.#database.query<{ hash: Uint8Array }, [number]>('SELECT hash FROM batches WHERE seq = ?').get(seq)
    return row === null ? undefined : hexOf(row.hash)
  }

  read(query: LogQuery): readonly LoggedEvent[] {
    const { order, after, before, sinceMs, untilMs } = query
    const since = sinceMs === undefined ? this.firstSeq : this.#firstSince(sinceMs)
    const range = { from: Math.max(since, after?.batch ?? 0), to: Math.min(this.lastSeq, before?.batch ?? Number.MAX_SAFE_INTEGER) }
    // A batch that begins at or after `until` holds nothing before it; a later one may, where an event was kept for a while.
    const ranges = this.#rangesReaching(range, (untilMs ?? Number.MAX_SAFE_INTEGER) - 1)
    const batches = this.#batches(order === 'oldest-first' ? ranges : ranges.toReversed(), query)
    return selectEvents(batches, query)
  }

  readCall(callId: string): readonly LoggedEvent[] {
    const beganMs = timeOfId(callId)
    const range = { from: beganMs === undefined ? this.firstSeq : this.#firstSince(beganMs), to: this.lastSeq }
    const query = { order: 'oldest-first', untilMs: (beganMs ?? Number.MAX_SAFE_INTEGER - 1) + 1, mentions: callId } as const
    const found: LoggedEvent[] = []
    for (const batch of this.#batches(this.#rangesReaching(range, query.untilMs - 1), query)) {
      found.push(...eventsOfCall(batch, callId))
      if (found.at(-1)?.event.type === 'call.ended') break
    }
    return found
  }

  /** The parts of a range that hold anything from before a time: closed segments that begin later are left out whole. */
  #rangesReaching(range: Range, untilMs: number): readonly Range[] {
    const parts: Range[] = []
    let from = range.from
    for (const segment of this.segments()) {
      if (segment.lastSeq < from || segment.firstSeq > range.to) continue
      if (segment.earliestMs <= untilMs) parts.push({ from, to: Math.min(segment.lastSeq, range.to) })
      from = segment.lastSeq + 1
    }
    if (from <= range.to) parts.push({ from, to: range.to })
    return parts
  }

  *#batches(ranges: readonly Range[], query: Pick<LogQuery, 'order' | 'untilMs' | 'mentions'>): Generator<BatchRow, void> {
    const isForward = query.order === 'oldest-first'
    // The text is searched by SQLite, in place: what does not mention it never becomes a string.
    const mentions = query.mentions === undefined ? null : Buffer.from(query.mentions)
    const limit = mentions === null ? STEP_BATCHES : 1
    const sql = `SELECT ${ROW} FROM batches WHERE seq BETWEEN ? AND ? AND earliest_ms < ?
      ${mentions === null ? '' : 'AND instr(payload, ?) > 0'} ORDER BY seq ${isForward ? 'ASC' : 'DESC'} LIMIT ${limit}`
    const statement = this.#database.query<RawRow, (number | Buffer)[]>(sql)
    for (const range of ranges) {
      let { from, to } = range
      while (from <= to) {
        const bindings = [from, to, query.untilMs ?? Number.MAX_SAFE_INTEGER]
        const rows = statement.all(...(mentions === null ? bindings : [...bindings, mentions]))
        yield* rows.map((row) => new BatchRow(row))
        const last = rows.at(-1)
        if (last === undefined || rows.length < limit) break
        if (isForward) from = last.seq + 1
        else to = last.seq - 1
      }
    }
  }

  /** The first batch that was written at or after a time: what happened then stands in it or after it. */
  #firstSince(ms: number): number {
    const statement = this.#database.query<{ atMs: number }, [number]>('SELECT at_ms AS atMs FROM batches WHERE seq = ?')
    let low = this.firstSeq
    let high = this.lastSeq + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((statement.get(middle)?.atMs ?? 0) < ms) low = middle + 1
      else high = middle
    }
    return low
  }

  #lastOfSegments(): number {
    return this.#database.query<{ seq: number | null }, []>('SELECT max(last_seq) AS seq FROM segments').get()?.seq ?? 0
  }
}
