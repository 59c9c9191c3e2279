import { Database } from 'bun:sqlite'
import { closeSync, openSync } from 'node:fs'

/** `process`: what is committed survives the process. `power`: also a power cut, at several times the price of a commit. */
export type Durability = 'process' | 'power'

const OPEN_WAIT_MS = 5000

/** Opens a database file of the data folder for writing. Checkpoints are made elsewhere (checkpointer.ts). */
export function openDatabase(path: string, durability: Durability): Database {
  // SQLite would make it readable for everybody; the files beside it take its rights over.
  closeSync(openSync(path, 'a', 0o600))
  const database = new Database(path, { create: true, readwrite: true })
  try {
    database.run(`PRAGMA busy_timeout = ${OPEN_WAIT_MS}`)
    database.run('PRAGMA journal_mode = WAL')
    database.run(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`)
    database.run('PRAGMA wal_autocheckpoint = 0')
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}

/** Whether the file was only taken for a moment, as by a checkpoint: worth another try. */
export function isBusy(thrown: unknown): boolean {
  return codeOf(thrown).startsWith('SQLITE_BUSY')
}

/** The system's own name for a failure, such as `SQLITE_FULL` or `ENOSPC`; empty where it has none. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
}

/** Does all or nothing. Inside another one, it is a part of that. */
export function inTransaction<Result>(database: Database, work: () => Result): Result {
  if (database.inTransaction) return work()
  database.query('BEGIN IMMEDIATE').run()
  try {
    const result = work()
    database.query('COMMIT').run()
    return result
  } catch (thrown) {
    // A full disk ends a transaction by itself.
    if (database.inTransaction) database.query('ROLLBACK').run()
    throw thrown
  }
}

/**
 * Closes a connection for good. With statements still open, SQLite would keep it, and its write-ahead file, until the process ends:
 * those of `query` are closed here, those of `prepare` by whoever made them.
 */
export function closeDatabase(database: Database): void {
  database.clearQueryCache()
  database.close(true)
}
