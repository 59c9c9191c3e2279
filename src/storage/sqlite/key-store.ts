import type { Database } from 'bun:sqlite'
import { GatewayError } from '../../core/errors.ts'
import type { KeyRecord, KeyStore } from '../../core/ports.ts'
import { KEY_COLUMNS, type KeyRow, keyOfRow, keyValues } from '../key-row.ts'
import { codeOf } from './database.ts'
import { folderFailure } from './failure.ts'

/** Keys in signalbox.db. */
export class SqliteKeyStore implements KeyStore {
  readonly #database: Database
  readonly #folder: string

  constructor(database: Database, folder: string) {
    this.#database = database
    this.#folder = folder
  }

  async list(): Promise<readonly KeyRecord[]> {
    return this.#database.query<KeyRow, []>(`SELECT ${KEY_COLUMNS} FROM keys ORDER BY created_at_ms, id`).all().map(keyOfRow)
  }

  async insert(key: KeyRecord): Promise<void> {
    try {
      const values = keyValues(key)
      this.#database.query(`INSERT INTO keys (${KEY_COLUMNS}) VALUES (${values.map(() => '?').join(', ')})`).run(...values)
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
    const row = this.#database.query<KeyRow, [string]>(`SELECT ${KEY_COLUMNS} FROM keys WHERE id = ?`).get(id)
    return row === null ? undefined : keyOfRow(row)
  }
}
