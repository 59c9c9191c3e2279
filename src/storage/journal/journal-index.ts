import type { Database } from 'bun:sqlite'
import type { World } from '../../core/world.ts'
import { inTransaction } from '../sqlite/database.ts'
import type { Block } from './blocks.ts'
import type { JournalState, OpenSegment } from './journal-state.ts'

/** A closed segment. */
export interface Segment {
  readonly id: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly previousHash: string
  readonly lastHash: string
  readonly events: number
  readonly sizeBytes: number
  readonly earliestMs: number
  readonly lastAtMs: number
  readonly closedAtMs: number
  /** JSON of `SegmentTotals`. */
  readonly totals: string
  /** `trimming`: its file may be gone; `trimmed`: it is, and the log says so. */
  readonly state: 'closed' | 'trimming' | 'trimmed'
}

/** Which blocks to look into. Bounds are inclusive but for `untilMs`. */
export interface BlockRange {
  readonly fromSeq: number
  readonly toSeq: number
  readonly sinceMs: number
  readonly untilMs: number
}

const SEGMENT = `id, first_seq AS firstSeq, last_seq AS lastSeq, previous_hash AS previousHash, last_hash AS lastHash, events,
  size_bytes AS sizeBytes, earliest_ms AS earliestMs, last_at_ms AS lastAtMs, closed_at_ms AS closedAtMs, totals, state`
const BLOCK = `segment, first_seq AS firstSeq, last_seq AS lastSeq, from_byte AS fromByte, to_byte AS toByte, earliest_ms AS earliestMs,
  last_at_ms AS lastAtMs`

/**
 * journal.db: what is known about the files of the log. It is written once in some megabytes of log, never for a call; what it does not
 * know yet is read from the end of the last file when a journal is opened.
 */
export class JournalIndex {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** The folder's name and the counted starts on it; counts one more. */
  begin(world: World): { readonly nodeId: string; readonly epoch: number } {
    return inTransaction(this.#database, () => {
      const nodeId = this.#meta('node_id') ?? world.id('node')
      const epoch = Number(this.#meta('epoch') ?? '0') + 1
      this.#setMeta('node_id', nodeId)
      this.#setMeta('epoch', String(epoch))
      return { nodeId, epoch }
    })
  }

  /** The saved state as text; undefined in a new folder. */
  state(): string | undefined {
    return this.#meta('state')
  }

  /** What was kept beside the log under a name. Before there was a head, all of it stood in the text. */
  kept(name: string): { readonly head: string | undefined; readonly text: string } | undefined {
    const text = this.#meta(`kept:${name}`)
    return text === undefined ? undefined : { head: this.#meta(`kept-head:${name}`), text }
  }

  /** Keeps a text, which may be long and is not copied, with what is said about it. */
  keep(name: string, head: string, text: string): void {
    inTransaction(this.#database, () => {
      this.#setMeta(`kept:${name}`, text)
      this.#setMeta(`kept-head:${name}`, head)
    })
  }

  /** Saves the state, with blocks that are new or have grown. */
  save(state: JournalState, blocks: readonly Block[]): void {
    inTransaction(this.#database, () => {
      this.#putBlocks(blocks)
      this.#setMeta('state', state.text())
    })
  }

  /** Closes a segment: its row, its last blocks, and the state that begins the next one. */
  close(segment: Omit<Segment, 'totals' | 'state'> & Pick<OpenSegment, 'totals'>, blocks: readonly Block[], next: JournalState): void {
    inTransaction(this.#database, () => {
      this.#putBlocks(blocks)
      this.#database
        .query(
          `INSERT INTO segments (id, first_seq, last_seq, previous_hash, last_hash, events, size_bytes, earliest_ms, last_at_ms, closed_at_ms,
             totals, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'closed')`,
        )
        .run(
          segment.id,
          segment.firstSeq,
          segment.lastSeq,
          segment.previousHash,
          segment.lastHash,
          segment.events,
          segment.sizeBytes,
          segment.earliestMs,
          segment.lastAtMs,
          segment.closedAtMs,
          JSON.stringify(segment.totals),
        )
      this.#setMeta('state', next.text())
    })
  }

  /** Closed segments, oldest first. */
  segments(): readonly Segment[] {
    return this.#database.query<Segment, []>(`SELECT ${SEGMENT} FROM segments ORDER BY id`).all()
  }

  /** A trimmed segment needs no blocks any more. */
  setSegmentState(id: number, state: Segment['state']): void {
    inTransaction(this.#database, () => {
      this.#database.query('UPDATE segments SET state = ? WHERE id = ?').run(state, id)
      if (state === 'trimmed') this.#database.query('DELETE FROM blocks WHERE segment = ?').run(id)
    })
  }

  /** Blocks of a segment that can hold what is asked for, oldest first. */
  blocks(segment: number, range: BlockRange): readonly Block[] {
    const sql = `SELECT ${BLOCK} FROM blocks
      WHERE segment = ? AND last_seq >= ? AND first_seq <= ? AND last_at_ms >= ? AND earliest_ms < ? ORDER BY first_seq`
    return this.#database.query<Block, number[]>(sql).all(segment, range.fromSeq, range.toSeq, range.sinceMs, range.untilMs)
  }

  /** The block of a segment that holds a batch. */
  blockWith(segment: number, seq: number): Block | undefined {
    const sql = `SELECT ${BLOCK} FROM blocks WHERE segment = ? AND first_seq <= ? ORDER BY first_seq DESC LIMIT 1`
    return this.#database.query<Block, [number, number]>(sql).get(segment, seq) ?? undefined
  }

  #putBlocks(blocks: readonly Block[]): void {
    const put = this.#database.query(
      `INSERT OR REPLACE INTO blocks (segment, first_seq, last_seq, from_byte, to_byte, earliest_ms, last_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    for (const block of blocks) {
      put.run(block.segment, block.firstSeq, block.lastSeq, block.fromByte, block.toByte, block.earliestMs, block.lastAtMs)
    }
  }

  #meta(key: string): string | undefined {
    return this.#database.query<{ value: string }, [string]>('SELECT value FROM meta WHERE key = ?').get(key)?.value
  }

  #setMeta(key: string, value: string): void {
    this.#database.query('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(key, value)
  }
}
