import type { KeptObject, ObjectHead, ObjectStore } from '../../core/kept-objects.ts'
import type { BodyFilter } from '../../core/ports.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { checkFilter } from '../body-filter.ts'
import { HEAD_COLUMNS, type HeadRow, headValues, toHead } from '../object-head.ts'
import { whereOf } from './body-store.ts'
import type { Pool, Sql } from './pool.ts'

const SWEEP_MS = 3_600_000
const FIRST_SWEEP_MS = 20_000
/** A part of the bound that may be written before somebody looks whether there is room. */
const LOOK_SHARE = 1 / 16

/** What kept objects need of their surroundings. */
export interface PostgresObjectStoreOptions {
  readonly pool: Pool
  readonly world: World
  /** Bytes of content that are kept at the most, of all replicas: the oldest go first. */
  readonly maxBytes: number
}

/** Kept objects in PostgreSQL, for all replicas. */
export class PostgresObjectStore implements ObjectStore {
  readonly #options: PostgresObjectStoreOptions
  #writtenBytes = 0
  #cancelSweep: CancelTimer | undefined
  #isClosed = false

  constructor(options: PostgresObjectStoreOptions) {
    this.#options = options
    this.#sweepIn(FIRST_SWEEP_MS)
  }

  async keep(object: KeptObject): Promise<boolean> {
    const { pool, world, maxBytes } = this.#options
    const values = [...headValues(object), object.bytes.length, Buffer.from(object.bytes), world.now()]
    const kept = await pool.use((sql) => sql.unsafe(KEEP, values, { prepare: true }))
    this.#writtenBytes += object.bytes.length
    if (this.#writtenBytes > maxBytes * LOOK_SHARE) await this.#makeRoom()
    return kept.count > 0
  }

  async get(space: string, id: string): Promise<KeptObject | undefined> {
    const text = `SELECT ${HEAD_COLUMNS}, bytes FROM objects WHERE space = $1 AND id = $2 AND (until_ms IS NULL OR until_ms > $3)`
    const values = [space, id, this.#options.world.now()]
    const [row] = await this.#options.pool.use((sql) =>
      sql.unsafe<(HeadRow & { readonly bytes: Uint8Array })[]>(text, values, { prepare: true }),
    )
    return row === undefined ? undefined : { ...toHead(row), bytes: new Uint8Array(row.bytes) }
  }

  async heads(space: string, ids: readonly string[]): Promise<readonly ObjectHead[]> {
    const text = `SELECT ${HEAD_COLUMNS} FROM objects WHERE space = $1 AND id = ANY($2) AND (until_ms IS NULL OR until_ms > $3)`
    const values = [space, [...ids], this.#options.world.now()]
    return (await this.#options.pool.use((sql) => sql.unsafe<HeadRow[]>(text, values))).map(toHead)
  }

  async latest(owner: string, provider: string): Promise<ObjectHead | undefined> {
    const text = `SELECT ${HEAD_COLUMNS} FROM objects WHERE owner = $1 AND provider = $2 ORDER BY at_ms DESC LIMIT 1`
    const [row] = await this.#options.pool.use((sql) => sql.unsafe<HeadRow[]>(text, [owner, provider], { prepare: true }))
    return row && toHead(row)
  }

  async remove(space: string, id: string): Promise<boolean> {
    const removed = await this.#options.pool.use((sql) => sql.unsafe('DELETE FROM objects WHERE space = $1 AND id = $2', [space, id]))
    return removed.count > 0
  }

  async erase(filter: BodyFilter): Promise<number> {
    checkFilter(filter)
    const { text, values } = whereOf(filter)
    return this.#options.pool.transaction(async (sql) => {
      const emptied = await sql.unsafe(
        `UPDATE objects SET bytes = '', size_bytes = 0 WHERE size_bytes > 0 AND provider IS NOT NULL AND ${text}`,
        values,
      )
      const removed = await sql.unsafe(`DELETE FROM objects WHERE size_bytes > 0 AND provider IS NULL AND ${text}`, values)
      return emptied.count + removed.count
    })
  }

  close(): void {
    this.#isClosed = true
    this.#cancelSweep?.()
  }

  async #makeRoom(): Promise<void> {
    this.#writtenBytes = 0
    await this.#options.pool.transaction((sql) => emptyOldest(sql, this.#options.maxBytes))
  }

  #sweepIn(ms: number): void {
    const { pool, world } = this.#options
    this.#cancelSweep = world.after(ms, () => {
      // Tried again in an hour; readiness tells of a database that is away.
      const swept = pool.use((sql) => sql.unsafe('DELETE FROM objects WHERE until_ms <= $1', [world.now()]))
      swept.then(() => this.#makeRoom()).catch(() => {})
      if (!this.#isClosed) this.#sweepIn(SWEEP_MS)
    })
  }
}

/** What is newest stays, as far as the bound goes. */
async function emptyOldest(sql: Sql, maxBytes: number): Promise<void> {
  const [sum] = await sql.unsafe<{ sum: string | null }[]>('SELECT sum(size_bytes) AS sum FROM objects WHERE size_bytes > 0')
  if (Number(sum?.sum ?? 0) <= maxBytes) return
  const over = `SELECT space, id FROM (
      SELECT space, id, sum(size_bytes) OVER (ORDER BY at_ms DESC, space, id) AS with_newer FROM objects WHERE size_bytes > 0
    ) AS ordered WHERE with_newer > $1`
  await sql.unsafe(`DELETE FROM objects WHERE provider IS NULL AND (space, id) IN (${over})`, [maxBytes])
  await sql.unsafe(`UPDATE objects SET bytes = '', size_bytes = 0 WHERE provider IS NOT NULL AND (space, id) IN (${over})`, [maxBytes])
}

const COLUMNS = `${HEAD_COLUMNS}, size_bytes, bytes`
const NAMES = COLUMNS.split(', ')
/** Replaces what is the same owner's, or nobody's any more. */
const KEEP = `INSERT INTO objects (${COLUMNS}) VALUES (${NAMES.map((_name, index) => `$${index + 1}`).join(', ')})
  ON CONFLICT (space, id) DO UPDATE SET ${NAMES.slice(2)
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')}
  WHERE objects.owner = excluded.owner OR objects.until_ms <= $${NAMES.length + 1}`
