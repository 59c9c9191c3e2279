/** The lifetime of a batch as a range: what a question about a time looks in. */
export const SPAN = `int8range(earliest_ms, greatest(earliest_ms, at_ms), '[]')`

/**
 * The statements that bring the database from one version to the next. A version that was published is never changed: add one.
 * Tables of projections are no part of this: they are made from what the projection declares, and can be dropped.
 */
export const SCHEMA: readonly (readonly string[])[] = [
  [
    // The one row that whoever adds to the log, or takes from it, locks first: positions then follow one another as they are committed.
    'CREATE TABLE log_end (is_one boolean PRIMARY KEY CHECK (is_one), position bigint NOT NULL)',
    'INSERT INTO log_end (is_one, position) VALUES (true, 0)',
    // first_seq and hash_before: where the chain begins, here. events: of all that its journal had up to last_seq.
    `CREATE TABLE writers (
      writer text PRIMARY KEY, node text NOT NULL, first_seq bigint NOT NULL, hash_before text NOT NULL, last_seq bigint NOT NULL,
      hash text NOT NULL, events bigint NOT NULL, shipped_at_ms bigint NOT NULL)`,
    'CREATE INDEX writers_by_node ON writers (node)',
    `CREATE TABLE batches (
      writer text NOT NULL, seq bigint NOT NULL, position bigint NOT NULL UNIQUE, at_ms bigint NOT NULL, earliest_ms bigint NOT NULL,
      events integer NOT NULL, hash text NOT NULL, lines text NOT NULL, PRIMARY KEY (writer, seq))`,
    `CREATE INDEX batches_by_span ON batches USING gist (${SPAN})`,
    `CREATE TABLE keys (
      id text PRIMARY KEY, secret_hash text NOT NULL, name text, team text NOT NULL, "user" text, labels text NOT NULL, models text,
      created_at_ms bigint NOT NULL, created_by text NOT NULL, expires_at_ms bigint, revoked_at_ms bigint, change bigint NOT NULL)`,
    'CREATE SEQUENCE key_changes',
    'CREATE INDEX keys_by_change ON keys (change)',
    'CREATE TABLE projections (name text PRIMARY KEY, version integer NOT NULL)',
    `CREATE TABLE bodies (
      id text PRIMARY KEY, call_id text NOT NULL, kind text NOT NULL, at_ms bigint NOT NULL, is_redacted boolean NOT NULL,
      is_truncated boolean NOT NULL, team text, "user" text, key_id text, media_type text NOT NULL, bytes bytea NOT NULL)`,
    'CREATE INDEX bodies_by_call ON bodies (call_id)',
    'CREATE INDEX bodies_by_time ON bodies (at_ms)',
  ],
  ['ALTER TABLE keys ADD COLUMN replaces text, ADD COLUMN replaces_until_ms bigint'],
  [
    `CREATE TABLE objects (
      space text NOT NULL, id text NOT NULL, owner text NOT NULL, team text, "user" text, key_id text, call_id text NOT NULL,
      at_ms bigint NOT NULL, until_ms bigint, provider text, provider_key text, provider_id text, size_bytes bigint NOT NULL, bytes bytea NOT NULL,
      PRIMARY KEY (space, id))`,
    'CREATE INDEX objects_by_owner ON objects (owner, provider, at_ms)',
    'CREATE INDEX objects_by_end ON objects (until_ms) WHERE until_ms IS NOT NULL',
    'CREATE INDEX objects_with_content ON objects (at_ms, size_bytes) WHERE size_bytes > 0',
  ],
]

/** Numbers of our advisory locks, under one of our own. */
export const LOCKS = { space: 0x5b0c, schema: 1, keys: 2, retention: 3 } as const
