import type { Database } from 'bun:sqlite'
import { GatewayError } from '../../core/errors.ts'
import type { KeyRecord, KeyStore } from '../../core/ports.ts'
import { codeOf } from './database.ts'
import { folderFailure } from './failure.ts'

interface KeyRow {
  readonly id: string
  readonly secretHash: string
  readonly name: string | null
  readonly team: string
  readonly user: string | null
  readonly labels: string
  readonly models: string | null
  readonly createdAtMs: number
  readonly createdBy: string
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
  readonly replaces: string | null
  readonly replacesUntilMs: number | null
}

const ROW = `id, secret_hash AS secretHash, name, team, user, labels, models, created_at_ms AS createdAtMs, created_by AS createdBy,
  expires_at_ms AS expiresAtMs, revoked_at_ms AS revokedAtMs, replaces, replaces_until_ms AS replacesUntilMs`

/** Keys in signalbox.db. */
export class SqliteKeyStore implements KeyStore {
  readonly #database: Database
  readonly #folder: string

  constructor(database: Database, folder: string) {
    this.#database = database
    this.#folder = folder
  }

  async list(): Promise<readonly KeyRecord[]> {
    return this.#database.query<KeyRow, []>(`SELECT ${ROW} FROM keys ORDER BY created_at_ms, id`).all().map(toRecord)
  }

  async insert(key: KeyRecord): Promise<void> {
    try {
      this.#database
        .query(
          `INSERT INTO keys (id, secret_hash, name, team, user, labels, models, created_at_ms, created_by, expires_at_ms, revoked_at_ms,
             replaces, replaces_until_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          key.id,
          key.secretHash,
          key.name ?? null,
          key.team,
          key.user ?? null,
          JSON.stringify(key.labels),
          key.models === undefined ? null : JSON.stringify(key.models),
          key.createdAtMs,
          key.createdBy,
          key.expiresAtMs ?? null,
          key.revokedAtMs ?? null,
          key.replaces ?? null,
          key.replacesUntilMs ?? null,
        )
    } catch (thrown) {
      if (!codeOf(thrown).startsWith('SQLITE_CONSTRAINT')) throw folderFailure(this.#folder, thrown)
      throw new GatewayError('conflict', `There is a key ${key.id} already. Choose another id.`, { cause: thrown })
    }
  }

  async revoke(id: string, atMs: number): Promise<KeyRecord | undefined> {
    try {
      this.#database.query('UPDATE keys SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL').run(atMs, id)
    } catch (thrown) {
      throw folderFailure(this.#folder, thrown)
    }
    const row = this.#database.query<KeyRow, [string]>(`SELECT ${ROW} FROM keys WHERE id = ?`).get(id)
    return row === null ? undefined : toRecord(row)
  }
}

function toRecord(row: KeyRow): KeyRecord {
  return {
    id: row.id,
    secretHash: row.secretHash,
    ...(row.name === null ? {} : { name: row.name }),
    team: row.team,
    ...(row.user === null ? {} : { user: row.user }),
    // Both were written by `insert`.
    labels: JSON.parse(row.labels) as KeyRecord['labels'],
    ...(row.models === null ? {} : { models: JSON.parse(row.models) as readonly string[] }),
    createdAtMs: row.createdAtMs,
    createdBy: row.createdBy,
    ...(row.expiresAtMs === null ? {} : { expiresAtMs: row.expiresAtMs }),
    ...(row.revokedAtMs === null ? {} : { revokedAtMs: row.revokedAtMs }),
    ...(row.replaces === null ? {} : { replaces: row.replaces }),
    ...(row.replacesUntilMs === null ? {} : { replacesUntilMs: row.replacesUntilMs }),
  }
}
