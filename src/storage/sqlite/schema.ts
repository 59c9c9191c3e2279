/** The databases of a data folder. `journal` is the index of the log, whose text stands in files of its own. */
export type DatabaseName = 'journal' | 'signalbox' | 'bodies'

/** File of a database in its folder. */
export function fileOf(name: DatabaseName): string {
  return `${name}.db`
}

/**
 * The statements that bring each database from one version to the next. A version that was published is never changed: add one.
 * Tables of projections are no part of this: they are made from what the projection declares, and can be dropped.
 */
export const SCHEMA: Readonly<Record<DatabaseName, readonly (readonly string[])[]>> = {
  journal: [
    [
      `CREATE TABLE segments (
        id INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, previous_hash TEXT NOT NULL, last_hash TEXT NOT NULL,
        events INTEGER NOT NULL, size_bytes INTEGER NOT NULL, earliest_ms INTEGER NOT NULL, last_at_ms INTEGER NOT NULL,
        closed_at_ms INTEGER NOT NULL, totals TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('closed', 'trimming', 'trimmed')))`,
      `CREATE TABLE blocks (
        segment INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, from_byte INTEGER NOT NULL,
        to_byte INTEGER NOT NULL, earliest_ms INTEGER NOT NULL, last_at_ms INTEGER NOT NULL, PRIMARY KEY (segment, first_seq)) WITHOUT ROWID`,
      'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
    ],
  ],
  signalbox: [
    [
      `CREATE TABLE keys (
        id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL, name TEXT, team TEXT NOT NULL, user TEXT, labels TEXT NOT NULL, models TEXT,
        created_at_ms INTEGER NOT NULL, created_by TEXT NOT NULL, expires_at_ms INTEGER, revoked_at_ms INTEGER)`,
      `CREATE TABLE projections (
        name TEXT PRIMARY KEY, version INTEGER NOT NULL, kept INTEGER NOT NULL, hash TEXT, base INTEGER NOT NULL) WITHOUT ROWID`,
    ],
    ['ALTER TABLE keys ADD COLUMN replaces TEXT', 'ALTER TABLE keys ADD COLUMN replaces_until_ms INTEGER'],
  ],
  bodies: [
    [
      `CREATE TABLE bodies (
        id TEXT PRIMARY KEY, call_id TEXT NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, is_redacted INTEGER NOT NULL,
        is_truncated INTEGER NOT NULL, team TEXT, user TEXT, key_id TEXT, media_type TEXT NOT NULL, bytes BLOB NOT NULL)`,
      'CREATE INDEX bodies_by_call ON bodies (call_id)',
      'CREATE INDEX bodies_by_time ON bodies (at_ms)',
    ],
    [
      // Content stands behind the columns that are asked for without it.
      `CREATE TABLE objects (
        space TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, team TEXT, user TEXT, key_id TEXT, call_id TEXT NOT NULL,
        at_ms INTEGER NOT NULL, until_ms INTEGER, provider TEXT, provider_key TEXT, provider_id TEXT, size_bytes INTEGER NOT NULL, bytes BLOB NOT NULL,
        PRIMARY KEY (space, id))`,
      'CREATE INDEX objects_by_owner ON objects (owner, provider, at_ms)',
      'CREATE INDEX objects_by_end ON objects (until_ms) WHERE until_ms IS NOT NULL',
      'CREATE INDEX objects_with_content ON objects (at_ms, size_bytes) WHERE size_bytes > 0',
    ],
  ],
}
