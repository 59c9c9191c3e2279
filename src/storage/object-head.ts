import type { KeptObject, ObjectHead } from '../core/kept-objects.ts'

/** The columns of a head, as SQLite and PostgreSQL give them. */
export interface HeadRow {
  readonly space: string
  readonly id: string
  readonly owner: string
  readonly team: string | null
  readonly user: string | null
  readonly key_id: string | null
  readonly call_id: string
  /** PostgreSQL's driver gives 64-bit integers as text. */
  readonly at_ms: number | string
  readonly until_ms: number | string | null
  readonly provider: string | null
  readonly provider_key: string | null
  readonly provider_id: string | null
}

/** The columns of a head, in the order of `headValues`. */
export const HEAD_COLUMNS = 'space, id, owner, team, "user", key_id, call_id, at_ms, until_ms, provider, provider_key, provider_id'

/** What is known of an object without its content. */
export function headOf({ bytes: _content, ...head }: KeptObject): ObjectHead {
  return head
}

/** The head that a row says. */
export function toHead(row: HeadRow): ObjectHead {
  const { team, user, key_id: keyId, provider, provider_key: key, provider_id: id } = row
  return {
    space: row.space,
    id: row.id,
    owner: row.owner,
    madeBy: { ...(team === null ? {} : { team }), ...(user === null ? {} : { user }), ...(keyId === null ? {} : { keyId }) },
    callId: row.call_id,
    atMs: Number(row.at_ms),
    ...(row.until_ms === null ? {} : { untilMs: Number(row.until_ms) }),
    ...(provider === null || key === null ? {} : { elsewhere: { provider, key, ...(id === null ? {} : { id }) } }),
  }
}

/** The row that a head becomes. */
export function headValues({ space, id, owner, madeBy, callId, atMs, untilMs, elsewhere }: ObjectHead): (string | number | null)[] {
  const { team = null, user = null, keyId = null } = madeBy
  return [
    space,
    id,
    owner,
    team,
    user,
    keyId,
    callId,
    atMs,
    untilMs ?? null,
    elsewhere?.provider ?? null,
    elsewhere?.key ?? null,
    elsewhere?.id ?? null,
  ]
}
