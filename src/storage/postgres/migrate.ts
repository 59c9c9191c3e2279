import { GatewayError } from '../../core/errors.ts'
import type { Sql } from './pool.ts'
import { LOCKS, SCHEMA } from './schema.ts'

/**
 * Brings the database to the present version, inside a transaction: of several that start at one time, one does it and the others wait.
 * DDL is transactional in PostgreSQL, so that a start which is killed leaves nothing half done.
 * @throws conflict where a newer Signalbox has written it, or it cannot hold every text
 */
export async function migrate(sql: Sql): Promise<void> {
  await sql.unsafe(`SELECT pg_advisory_xact_lock(${LOCKS.space}, ${LOCKS.schema})`)
  const [encoding] = await sql.unsafe<{ server_encoding: string }[]>('SHOW server_encoding')
  if (encoding?.server_encoding !== 'UTF8') {
    throw new GatewayError('conflict', `The database has the encoding ${encoding?.server_encoding}. Make one with ENCODING 'UTF8'.`)
  }
  await sql.unsafe('CREATE TABLE IF NOT EXISTS signalbox_schema (is_one boolean PRIMARY KEY CHECK (is_one), version integer NOT NULL)')
  const present = await schemaVersion(sql)
  checkNewer(present)
  for (const statement of SCHEMA.slice(present).flat()) await sql.unsafe(statement)
  if (present === SCHEMA.length) return
  await sql.unsafe(
    `INSERT INTO signalbox_schema (is_one, version) VALUES (true, ${SCHEMA.length}) ON CONFLICT (is_one) DO UPDATE SET version = excluded.version`,
  )
}

/**
 * For a reader, which changes nothing.
 * @throws not_found where nothing was ever kept there; conflict where the database has another version
 */
export async function checkVersion(sql: Sql, place: string): Promise<void> {
  const [known] = await sql.unsafe<{ found: string | null }[]>(`SELECT to_regclass('signalbox_schema') AS found`)
  if (known?.found == null) throw new GatewayError('not_found', `No Signalbox has kept anything in PostgreSQL at ${place} yet.`)
  const present = await schemaVersion(sql)
  checkNewer(present)
  if (present < SCHEMA.length) {
    throw new GatewayError('conflict', 'The database is of an older Signalbox. Start the server once: it migrates.')
  }
}

async function schemaVersion(sql: Sql): Promise<number> {
  const [row] = await sql.unsafe<{ version: number }[]>('SELECT version FROM signalbox_schema')
  return row?.version ?? 0
}

function checkNewer(present: number): void {
  if (present <= SCHEMA.length) return
  throw new GatewayError(
    'conflict',
    `The database was written by a newer Signalbox (schema ${present}, this one knows ${SCHEMA.length}). Install that version or a later one.`,
  )
}
