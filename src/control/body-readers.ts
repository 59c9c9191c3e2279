import type { Labels, Principal } from '../core/call.ts'
import type { StoredBody } from '../core/ports.ts'
import { matchesAny } from '../policy/patterns.ts'

/** Who may read stored bodies besides the administrator: all that is given of team, user, key and labels must fit. */
export interface BodyReader {
  readonly team?: string | undefined
  readonly user?: string | undefined
  readonly key?: string | undefined
  readonly labels?: Labels | undefined
  /** Teams whose bodies, with `*` for any text. */
  readonly of: readonly string[]
}

/** Whether somebody may read anybody's bodies. */
export function isBodyReader(readers: readonly BodyReader[], principal: Principal): boolean {
  return readers.some((reader) => isMeant(reader, principal))
}

/** Whether somebody may read the bodies of this owner. */
export function mayReadBody(readers: readonly BodyReader[], principal: Principal, owner: StoredBody['owner']): boolean {
  return readers.some((reader) => isMeant(reader, principal) && matchesAny(reader.of, owner.team ?? ''))
}

function isMeant({ team, user, key, labels }: BodyReader, principal: Principal): boolean {
  return (
    (team === undefined || team === principal.team) &&
    (user === undefined || user === principal.user) &&
    (key === undefined || key === principal.keyId) &&
    Object.entries(labels ?? {}).every(([name, value]) => Object.hasOwn(principal.labels, name) && principal.labels[name] === value)
  )
}
