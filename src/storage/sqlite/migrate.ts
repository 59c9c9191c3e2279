import type { Database } from 'bun:sqlite'
import { GatewayError } from '../../core/errors.ts'
import { type DatabaseName, SCHEMA } from './schema.ts'

/**
 * Brings a database to the present version.
 * @throws conflict where a newer Signalbox has written it
 */
export function migrate(database: Database, name: DatabaseName): void {
  const known = SCHEMA[name].length
  const present = versionOf(database)
  if (present === known) return
  if (present > known) throw newerError(name, present, known)
  // All or nothing: a process that is killed in the middle would leave half a schema, which no start gets over.
  database.run('BEGIN IMMEDIATE')
  try {
    for (const statement of SCHEMA[name].slice(present).flat()) database.run(statement)
    database.run(`PRAGMA user_version = ${known}`)
    database.run('COMMIT')
  } catch (thrown) {
    if (database.inTransaction) database.run('ROLLBACK')
    throw thrown
  }
}

/**
 * For a reader, which changes nothing.
 * @throws conflict where the database has another version
 */
export function checkVersion(database: Database, name: DatabaseName): void {
  const known = SCHEMA[name].length
  const present = versionOf(database)
  if (present > known) throw newerError(name, present, known)
  if (present < known) throw new GatewayError('conflict', `${name}.db is of an older Signalbox. Start the server once: it migrates.`)
}

function versionOf(database: Database): number {
  const row = database.query<{ user_version: number }, []>('PRAGMA user_version').get()
  return row?.user_version ?? 0
}

function newerError(name: DatabaseName, present: number, known: number): GatewayError {
  return new GatewayError(
    'conflict',
    `${name}.db was written by a newer Signalbox (schema ${present}, this one knows ${known}). Install that version or a later one.`,
  )
}
