import type { Access } from '../core/ports.ts'
import type { Stage } from '../core/stage.ts'

/**
 * Finds out who asks, from the key or token that the caller sent. In memory: no store is asked. Only a token that is seen for the first time
 * is waited for, and its issuer's keys where they are not there yet.
 * @throws unauthenticated, key_revoked, key_expired, issuer_unreachable
 */
export function authenticate<In, Part>(access: Access): Stage<In, Part> {
  const admit: Stage<In, Part> = (call, input, next) => {
    const principal = access.identify(call.credential, call.sentLabels, call.world.now())
    call.record.facts.principal = principal
    // The key has done its work: nothing behind this stage can send it on by mistake.
    return next({ ...call, principal, credential: undefined }, input)
  }
  return (call, input, next) => {
    const verified = access.prepare?.(call.credential)
    return verified === undefined ? admit(call, input, next) : verified.then(() => admit(call, input, next))
  }
}
