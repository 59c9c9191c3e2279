import type { Principal } from '../core/call.ts'

/** Who made something, for erasure. */
export interface MadeBy {
  readonly team?: string
  readonly user?: string
  readonly keyId?: string
}

/** Whose something is that a caller made: the user's where the key has one, else the key's. A text to compare and to write down. */
export function ownerOf({ organisation, team, user, keyId }: Principal): string {
  return JSON.stringify([organisation, team, user === undefined ? ['key', keyId] : ['user', user]])
}

/** The same of a whole team. */
export function teamOwnerOf({ organisation, team }: Principal): string {
  return JSON.stringify([organisation, team])
}

/** Who makes something now. */
export function madeByOf({ team, user, keyId }: Principal): MadeBy {
  return { ...(team === undefined ? {} : { team }), ...(user === undefined ? {} : { user }), ...(keyId === undefined ? {} : { keyId }) }
}
