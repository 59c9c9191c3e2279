import type { Access } from '../core/ports.ts'
import type { Stage } from '../core/stage.ts'

/**
 * Finds out who asks, from the key that the caller sent. In memory: no store is asked.
 * @throws unauthenticated, key_revoked, key_expired
 */
export function authenticate<In, Part>(access: Access): Stage<In, Part> {
  return (call, input, next) => {
    const principal = access.identify(call.credential, call.sentLabels, call.world.now())
    call.record.facts.principal = principal
    // The key has done its work: nothing behind this stage can send it on by mistake.
    return next({ ...call, principal, credential: undefined }, input)
  }
}
