import { GatewayError } from '../../core/errors.ts'
import type { KeyRecord, KeyStore } from '../../core/ports.ts'
import { KEY_COLUMNS, type KeyRow, keyOfRow, keyValues } from '../key-row.ts'
import { sqlStateOf } from './failure.ts'
import type { Pool, Sql } from './pool.ts'
import { LOCKS } from './schema.ts'

/** Told to everybody when a key was made or revoked. */
export const KEYS_CHANNEL = 'signalbox_keys'

interface ChangedRow extends KeyRow {
  readonly change: string
}

/** A key, and the number of its last change. */
export interface ChangedKey {
  readonly key: KeyRecord
  readonly change: number
}

const ROW = `${KEY_COLUMNS}, change`
const UNIQUE_VIOLATION = '23505'

/** Keys in PostgreSQL, for all replicas. */
export class PostgresKeyStore implements KeyStore {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async list(): Promise<readonly KeyRecord[]> {
    const rows = await this.#pool.use((sql) => sql.unsafe<ChangedRow[]>(`SELECT ${ROW} FROM keys ORDER BY created_at_ms, id`))
    return rows.map((row) => toChanged(row).key)
  }

  /** Keys that were made or changed after a change, in the order of changes; at most `limit`. */
  async changedAfter(change: number, limit: number): Promise<readonly ChangedKey[]> {
    const text = `SELECT ${ROW} FROM keys WHERE change > $1 ORDER BY change LIMIT $2`
    const rows = await this.#pool.use((sql) => sql.unsafe<ChangedRow[]>(text, [change, limit], { prepare: true }))
    return rows.map(toChanged)
  }

  /** Number of the last change. */
  async lastChange(): Promise<number> {
    const [row] = await this.#pool.use((sql) => sql.unsafe<{ last: string }[]>('SELECT coalesce(max(change), 0) AS last FROM keys'))
    return Number(row?.last ?? 0)
  }

  async insert(key: KeyRecord): Promise<void> {
    const values = keyValues(key)
    const places = values.map((_, index) => `$${index + 1}`).join(', ')
    try {
      await this.#change((sql) => sql.unsafe(`INSERT INTO keys (${ROW}) VALUES (${places}, nextval('key_changes'))`, values))
    } catch (thrown) {
      if (!(thrown instanceof GatewayError) || sqlStateOf(thrown.cause) !== UNIQUE_VIOLATION) throw thrown
      throw new GatewayError('conflict', `There is a key ${key.id} already. Choose another id.`, { cause: thrown })
    }
  }

  async revoke(id: string, atMs: number): Promise<KeyRecord | undefined> {
    return this.#change(async (sql) => {
      const revoke = `UPDATE keys SET revoked_at_ms = $2, change = nextval('key_changes') WHERE id = $1 AND revoked_at_ms IS NULL`
      await sql.unsafe(revoke, [id, atMs])
      const [row] = await sql.unsafe<ChangedRow[]>(`SELECT ${ROW} FROM keys WHERE id = $1`, [id])
      return row === undefined ? undefined : toChanged(row).key
    })
  }

  /** One change at a time, so that numbers are committed in their order: who has seen one has seen all before it. */
  #change<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
    return this.#pool.transaction(async (sql) => {
      await sql.unsafe(`SELECT pg_advisory_xact_lock(${LOCKS.space}, ${LOCKS.keys})`)
      const result = await work(sql)
      await sql.unsafe(`SELECT pg_notify('${KEYS_CHANNEL}', '')`)
      return result
    })
  }
}

function toChanged(row: ChangedRow): ChangedKey {
  return { key: keyOfRow(row), change: Number(row.change) }
}
