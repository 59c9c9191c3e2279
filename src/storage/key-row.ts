import type { KeyRecord } from '../core/ports.ts'

/** A key as a database has it. Drivers give 64-bit integers as numbers or as text. */
export interface KeyRow {
  readonly id: string
  readonly secret_hash: string
  readonly name: string | null
  readonly team: string
  readonly user: string | null
  readonly labels: string
  readonly models: string | null
  readonly created_at_ms: number | string
  readonly created_by: string
  readonly expires_at_ms: number | string | null
  readonly revoked_at_ms: number | string | null
  readonly replaces: string | null
  readonly replaces_until_ms: number | string | null
}

/** The columns of a key, in the order of `keyValues`. The quotes are for PostgreSQL, where `user` is a word of its own. */
export const KEY_COLUMNS =
  'id, secret_hash, name, team, "user", labels, models, created_at_ms, created_by, expires_at_ms, revoked_at_ms, replaces, replaces_until_ms'

/** What is stored of a key, in the order of `KEY_COLUMNS`. */
export function keyValues(key: KeyRecord): (string | number | null)[] {
  return [
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
  ]
}

/** The key of a row. */
export function keyOfRow(row: KeyRow): KeyRecord {
  return {
    id: row.id,
    secretHash: row.secret_hash,
    ...(row.name === null ? {} : { name: row.name }),
    team: row.team,
    ...(row.user === null ? {} : { user: row.user }),
    // Both were written by `keyValues`.
    labels: JSON.parse(row.labels) as KeyRecord['labels'],
    ...(row.models === null ? {} : { models: JSON.parse(row.models) as readonly string[] }),
    createdAtMs: Number(row.created_at_ms),
    createdBy: row.created_by,
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: Number(row.expires_at_ms) }),
    ...(row.revoked_at_ms === null ? {} : { revokedAtMs: Number(row.revoked_at_ms) }),
    ...(row.replaces === null ? {} : { replaces: row.replaces }),
    ...(row.replaces_until_ms === null ? {} : { replacesUntilMs: Number(row.replaces_until_ms) }),
  }
}
