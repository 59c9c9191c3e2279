import { GatewayError } from '../core/errors.ts'
import type { BodyFilter, StoredBody } from '../core/ports.ts'

/** @throws invalid_request where the filter is empty: nobody erases everything by leaving something out */
export function checkFilter(filter: BodyFilter): void {
  if (Object.values(filter).some((value) => value !== undefined)) return
  throw new GatewayError('invalid_request', 'Say which bodies to erase: callId, team, user, keyId or beforeMs.')
}

/** Whether a body, or what belongs to somebody as one does, is among those to erase. */
export function matchesFilter(body: Pick<StoredBody, 'callId' | 'atMs' | 'owner'>, filter: BodyFilter): boolean {
  const { callId, team, user, keyId, beforeMs } = filter
  return (
    (callId === undefined || body.callId === callId) &&
    (team === undefined || body.owner.team === team) &&
    (user === undefined || body.owner.user === user) &&
    (keyId === undefined || body.owner.keyId === keyId) &&
    (beforeMs === undefined || body.atMs < beforeMs)
  )
}
