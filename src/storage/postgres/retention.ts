import { GatewayError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { decodeEvents } from '../batch.ts'
import type { Pool, Sql } from './pool.ts'
import { LOCKS } from './schema.ts'
import type { PostgresTallies } from './tallies.ts'

const FIRST_LOOK_MS = 20_000
const LOOK_MS = 3_600_000
/** Batches of one transaction: shipments wait for so long. */
const PAGE = 500

/** What retention needs. */
export interface RetentionOptions {
  readonly pool: Pool
  readonly tallies: PostgresTallies
  readonly log: EventLog
  readonly world: World
  readonly retentionMs: number
  readonly report: (problem: GatewayError) => void
}

interface Removed {
  readonly batches: number
  readonly writer: string
  readonly lastBatch: number
  readonly lastHash: string
  readonly events: number
}

interface BatchRow {
  readonly seq: string
  readonly at_ms: string
  readonly hash: string
  readonly lines: string
}

/**
 * Removes batches past their retention from PostgreSQL, of every writer, also of those that are gone. What they came to goes into the
 * base of the sums first; each writer's chain then begins later.
 */
export class PostgresRetention {
  readonly #options: RetentionOptions
  #cancel: CancelTimer | undefined
  #isClosed = false

  constructor(options: RetentionOptions) {
    this.#options = options
    this.#lookIn(FIRST_LOOK_MS)
  }

  /** Removes what is past its retention now. Returns how many batches went. */
  async trim(): Promise<number> {
    const { pool, log, world, retentionMs } = this.#options
    const beforeMs = world.now() - retentionMs
    const writers = await pool.use((sql) => sql.unsafe<{ writer: string }[]>('SELECT writer FROM writers ORDER BY writer'))
    let batches = 0
    for (const { writer } of writers) {
      for (;;) {
        const removed = await pool.transaction((sql) => this.#removePage(sql, writer, beforeMs))
        if (removed === undefined || this.#isClosed) break
        const { events, lastBatch, lastHash } = removed
        await log.append({ type: 'log.trimmed', atMs: world.now(), writer, lastBatch, events, lastHash })
        batches += removed.batches
        if (removed.batches < PAGE) break
      }
    }
    return batches
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  async #removePage(sql: Sql, writer: string, beforeMs: number): Promise<Removed | undefined> {
    const { tallies } = this.#options
    const [lock] = await sql.unsafe<{ got: boolean }[]>(`SELECT pg_try_advisory_xact_lock(${LOCKS.space}, ${LOCKS.retention}) AS got`)
    // Another replica is at it.
    if (lock?.got !== true) return undefined
    await sql.unsafe('SELECT position FROM log_end FOR UPDATE')
    await tallies.check(sql)
    const page = await sql.unsafe<BatchRow[]>(`SELECT seq, at_ms, hash, lines FROM batches WHERE writer = $1 ORDER BY seq LIMIT ${PAGE}`, [
      writer,
    ])
    const firstKept = page.findIndex((batch) => Number(batch.at_ms) >= beforeMs)
    const old = firstKept === -1 ? page : page.slice(0, firstKept)
    const last = old.at(-1)
    if (last === undefined) return undefined
    const folded = tallies.fold()
    const events = old.flatMap(({ lines }) => decodeEvents(lines))
    for (const projection of folded) for (const event of events) projection.fold(event)
    await tallies.addToBase(sql, folded)
    await sql.unsafe('DELETE FROM batches WHERE writer = $1 AND seq <= $2', [writer, last.seq])
    await sql.unsafe('UPDATE writers SET first_seq = $2, hash_before = $3 WHERE writer = $1', [writer, Number(last.seq) + 1, last.hash])
    return { batches: old.length, writer, lastBatch: Number(last.seq), lastHash: last.hash, events: events.length }
  }

  #lookIn(ms: number): void {
    this.#cancel = this.#options.world.after(ms, () => {
      this.trim()
        .catch((thrown) => {
          if (!this.#isClosed) this.#options.report(failure(thrown))
        })
        .finally(() => {
          if (!this.#isClosed) this.#lookIn(LOOK_MS)
        })
    })
  }
}

function failure(thrown: unknown): GatewayError {
  const why = thrown instanceof GatewayError ? thrown.message : String(thrown)
  return new GatewayError('store_unavailable', `Old batches of the log could not be removed; it is tried again in an hour. ${why}`, {
    cause: thrown,
  })
}
