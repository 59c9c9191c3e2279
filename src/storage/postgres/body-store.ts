import { GatewayError } from '../../core/errors.ts'
import type { BodyFilter, BodyStore, StoredBody } from '../../core/ports.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { checkFilter, matchesFilter } from '../body-filter.ts'
import { isAway } from './failure.ts'
import type { Pool } from './pool.ts'

/** Bodies wait this long for company, so that a commit is shared. */
const GROUP_MS = 50
const GROUP_BYTES = 1024 * 1024
const RETRY_MS = 1000
const SWEEP_MS = 3_600_000
const SWEEP_ROWS = 500

/** What bodies need of their surroundings. */
export interface PostgresBodyStoreOptions {
  readonly pool: Pool
  readonly world: World
  /** Bytes that may wait to be written. */
  readonly queueBytes: number
  /** Bodies older than this are erased; undefined keeps them. */
  readonly retentionMs: number | undefined
  readonly report: (problem: GatewayError) => void
}

interface BodyRow {
  readonly id: string
  readonly call_id: string
  readonly kind: StoredBody['kind']
  readonly at_ms: string
  readonly is_redacted: boolean
  readonly is_truncated: boolean
  readonly team: string | null
  readonly user: string | null
  readonly key_id: string | null
  readonly media_type: string
  readonly bytes: Uint8Array
}

const ROW = 'id, call_id, kind, at_ms, is_redacted, is_truncated, team, "user", key_id, media_type, bytes'

/** Bodies in PostgreSQL. While it does not answer they wait in memory, as far as the queue goes. */
export class PostgresBodyStore implements BodyStore {
  readonly #options: PostgresBodyStoreOptions
  /** By id, in the order of writing. */
  readonly #queue = new Map<string, StoredBody>()
  #queuedBytes = 0
  #dropped = 0
  #isFailing = false
  #isClosed = false
  #writing: Promise<void> | undefined
  #cancelWrite: CancelTimer | undefined
  #cancelSweep: CancelTimer | undefined

  constructor(options: PostgresBodyStoreOptions) {
    this.#options = options
    if (options.retentionMs !== undefined) this.#sweepIn(GROUP_MS)
  }

  get dropped(): number {
    return this.#dropped
  }

  put(body: StoredBody): void {
    if (this.#queuedBytes + body.bytes.length > this.#options.queueBytes || this.#isClosed) {
      this.#dropped++
      return
    }
    this.#queue.set(body.id, body)
    this.#queuedBytes += body.bytes.length
    this.#writeIn(this.#isFailing ? RETRY_MS : GROUP_MS)
  }

  async get(id: string): Promise<StoredBody | undefined> {
    const waiting = this.#queue.get(id)
    if (waiting !== undefined) return waiting
    const [row] = await this.#options.pool.use((sql) => sql.unsafe<BodyRow[]>(`SELECT ${ROW} FROM bodies WHERE id = $1`, [id]))
    return row === undefined ? undefined : toBody(row)
  }

  async erase(filter: BodyFilter): Promise<number> {
    checkFilter(filter)
    // What is being written now is found in the table.
    await this.#writing?.catch(() => {})
    const waiting = [...this.#queue.values()].filter((body) => matchesFilter(body, filter))
    for (const body of waiting) this.#forget(body)
    const { text, values } = whereOf(filter)
    const erased = await this.#options.pool.use((sql) => sql.unsafe(`DELETE FROM bodies WHERE ${text}`, values))
    return erased.count + waiting.length
  }

  /** Writes what waits, once. What cannot be written is dropped and counted. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelWrite?.()
    this.#cancelSweep?.()
    await this.#writing?.catch(() => {})
    try {
      while (this.#queue.size > 0) await this.#writeGroup()
    } catch (thrown) {
      this.#dropped += this.#queue.size
      const why = thrown instanceof GatewayError ? thrown.message : ''
      this.#options.report(new GatewayError('store_unavailable', `${this.#queue.size} bodies were not stored. ${why}`, { cause: thrown }))
    }
  }

  #writeIn(ms: number): void {
    this.#cancelWrite ??= this.#options.world.after(ms, () => {
      this.#cancelWrite = undefined
      this.#writing ??= this.#writeAll().finally(() => {
        this.#writing = undefined
        if (this.#queue.size > 0 && !this.#isClosed) this.#writeIn(this.#isFailing ? RETRY_MS : GROUP_MS)
      })
    })
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#queue.size > 0 && !this.#isClosed) await this.#writeGroup()
      this.#isFailing = false
    } catch (thrown) {
      if (!this.#isFailing && thrown instanceof GatewayError) this.#options.report(thrown)
      this.#isFailing = true
    }
  }

  async #writeGroup(): Promise<void> {
    const group = this.#nextGroup()
    const places = ROW.split(',').map((_, index) => `$${index + 1}`)
    const text = `INSERT INTO bodies (${ROW}) VALUES (${places.join(', ')}) ON CONFLICT (id) DO NOTHING`
    try {
      await this.#options.pool.transaction((sql) => Promise.all(group.map((body) => sql.unsafe(text, valuesOf(body), { prepare: true }))))
    } catch (thrown) {
      if (!(thrown instanceof GatewayError) || isAway(thrown.cause)) throw thrown
      // It would be refused again, and keep all others waiting.
      this.#dropped += group.length
      this.#options.report(thrown)
    }
    for (const body of group) this.#forget(body)
  }

  #nextGroup(): readonly StoredBody[] {
    const group: StoredBody[] = []
    let sizeBytes = 0
    for (const body of this.#queue.values()) {
      if (group.length > 0 && sizeBytes + body.bytes.length > GROUP_BYTES) break
      group.push(body)
      sizeBytes += body.bytes.length
    }
    return group
  }

  #forget(body: StoredBody): void {
    if (this.#queue.delete(body.id)) this.#queuedBytes -= body.bytes.length
  }

  #sweepIn(ms: number): void {
    this.#cancelSweep = this.#options.world.after(ms, () => {
      // Tried again in an hour; readiness tells of a database that is away.
      this.#sweep().catch(() => {})
      this.#sweepIn(SWEEP_MS)
    })
  }

  async #sweep(): Promise<void> {
    const { pool, world, retentionMs = 0 } = this.#options
    const beforeMs = world.now() - retentionMs
    const text = `DELETE FROM bodies WHERE id IN (SELECT id FROM bodies WHERE at_ms < $1 LIMIT ${SWEEP_ROWS})`
    for (let erased = SWEEP_ROWS; erased === SWEEP_ROWS && !this.#isClosed; ) {
      erased = (await pool.use((sql) => sql.unsafe(text, [beforeMs]))).count
    }
  }
}

function valuesOf(body: StoredBody): (string | number | boolean | Buffer | null)[] {
  const { team = null, user = null, keyId = null } = body.owner
  const { id, callId, kind, atMs, isRedacted, isTruncated, mediaType, bytes } = body
  return [id, callId, kind, atMs, isRedacted, isTruncated, team, user, keyId, mediaType, Buffer.from(bytes)]
}

/** The rows that a filter means. */
export function whereOf({ callId, team, user, keyId, beforeMs }: BodyFilter) {
  const all: readonly (readonly [string, string | number | undefined])[] = [
    ['call_id =', callId],
    ['team =', team],
    ['"user" =', user],
    ['key_id =', keyId],
    ['at_ms <', beforeMs],
  ]
  const given = all.filter(([, value]) => value !== undefined)
  const text = given.map(([condition], index) => `${condition} $${index + 1}`).join(' AND ')
  return { text, values: given.map(([, value]) => value ?? null) }
}

function toBody(row: BodyRow): StoredBody {
  return {
    id: row.id,
    callId: row.call_id,
    kind: row.kind,
    atMs: Number(row.at_ms),
    isRedacted: row.is_redacted,
    isTruncated: row.is_truncated,
    owner: {
      ...(row.team === null ? {} : { team: row.team }),
      ...(row.user === null ? {} : { user: row.user }),
      ...(row.key_id === null ? {} : { keyId: row.key_id }),
    },
    mediaType: row.media_type,
    bytes: new Uint8Array(row.bytes),
  }
}
