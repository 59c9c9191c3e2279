import type { Call } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import type { CallFacts } from '../../core/events.ts'
import type { GuardFact } from '../../core/guard-facts.ts'
import type { Finding, Guard, Phase } from './types.ts'

const DONE = { block: 'blocked', redact: 'redacted', flag: 'flagged', monitor: 'monitored' } as const

/** Most kinds that one fact names. */
const MAX_KINDS = 16

/** Adds what a guard did to the facts of the call: one fact for each guard, phase and deed. */
function noteFinding(facts: CallFacts, guard: Guard, phase: Phase, kind: string): void {
  const did = DONE[guard.action]
  const all = facts.guards ?? []
  const known = all.find((fact) => fact.guard === guard.name && fact.phase === phase && fact.did === did)
  if (known === undefined) {
    facts.guards = [...all, { guard: guard.name, phase, did, kinds: { [kind]: 1 } }]
    return
  }
  const count = known.kinds?.[kind]
  if (count === undefined && Object.keys(known.kinds ?? {}).length >= MAX_KINDS) return
  const fact: GuardFact = { ...known, kinds: { ...known.kinds, [kind]: (count ?? 0) + 1 } }
  facts.guards = all.map((each) => (each === known ? fact : each))
}

/** Adds that a guard could not say. */
export function noteFailure(facts: CallFacts, guard: Guard, phase: Phase, reason: string): void {
  facts.guards = [...(facts.guards ?? []), { guard: guard.name, phase, did: 'failed', reason: reason.slice(0, 300) }]
}

/** Writes down what was found. @throws guard_blocked where the guard says so */
export function onFound({ record }: Call, guard: Guard, phase: Phase, { kind }: Pick<Finding, 'kind'>, where: string): void {
  noteFinding(record.facts, guard, phase, kind)
  if (guard.action !== 'block') return
  throw new GatewayError('guard_blocked', `The guard "${guard.name}" refused this call: it found ${kind} ${where}.`)
}
