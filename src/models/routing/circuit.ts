import type { ErrorCode } from '../../core/errors.ts'

/** When a circuit opens, and for how long. */
export interface BreakerRules {
  /** Recent failures that open it, where they are also this share of the recent calls (0 to 1). */
  readonly failures: number
  readonly share: number
  /** The first pause; each probe that fails doubles it. */
  readonly pauseMs: number
  readonly longestPauseMs: number
}

/** What a circuit breaker remembers of one provider key and model. Counts fade: they halve every `HALF_LIFE_MS`. */
export type Circuit =
  | { readonly type: 'closed'; readonly failures: number; readonly successes: number; readonly atMs: number }
  | { readonly type: 'open'; readonly untilMs: number; readonly pauses: number; readonly why: ErrorCode }
  | { readonly type: 'half-open'; readonly probeAtMs: number; readonly pauses: number; readonly why: ErrorCode }

const HALF_LIFE_MS = 10_000
/** A probe that was never heard of again does not block the next one for ever. */
const LOST_PROBE_MS = 60_000

/** A circuit that has seen nothing. */
export const CLOSED: Circuit = { type: 'closed', failures: 0, successes: 0, atMs: 0 }

/** Whether a call may pass: `probe` where it would be the one that finds out. */
export function admits(circuit: Circuit, nowMs: number): 'yes' | 'probe' | 'no' {
  switch (circuit.type) {
    case 'closed':
      return 'yes'
    case 'open':
      return nowMs >= circuit.untilMs ? 'probe' : 'no'
    case 'half-open':
      return nowMs >= circuit.probeAtMs + LOST_PROBE_MS ? 'probe' : 'no'
    default:
      return circuit satisfies never
  }
}

/** A call was sent. Through an open circuit it is the probe. */
export function onSent(circuit: Circuit, nowMs: number): Circuit {
  if (circuit.type === 'closed' || admits(circuit, nowMs) !== 'probe') return circuit
  return { type: 'half-open', probeAtMs: nowMs, pauses: circuit.pauses, why: circuit.why }
}

/** A call went well. Whatever the state was, the way is free. */
export function onSuccess(circuit: Circuit, nowMs: number): Circuit {
  if (circuit.type !== 'closed') return { type: 'closed', failures: 0, successes: 1, atMs: nowMs }
  const kept = fade(nowMs - circuit.atMs)
  return { type: 'closed', failures: circuit.failures * kept, successes: circuit.successes * kept + 1, atMs: nowMs }
}

/** A call failed by the provider's fault. */
export function onFailure(circuit: Circuit, rules: BreakerRules, nowMs: number, why: ErrorCode): Circuit {
  if (circuit.type === 'half-open') return open(circuit.pauses + 1, rules, nowMs, why)
  // Of calls that were under way when it opened: they say nothing new.
  if (circuit.type === 'open') return circuit
  const kept = fade(nowMs - circuit.atMs)
  const failures = circuit.failures * kept + 1
  const successes = circuit.successes * kept
  // Failures fade between two of them, so the bound is half a failure lower than the rule says.
  const isBroken = failures > rules.failures - 0.5 && failures / (failures + successes) >= rules.share
  return isBroken ? open(1, rules, nowMs, why) : { type: 'closed', failures, successes, atMs: nowMs }
}

/** The probe was broken off by somebody on our side and found nothing out: the next call may be one. */
export function onAbandoned(circuit: Circuit, nowMs: number): Circuit {
  return circuit.type === 'half-open' ? { type: 'open', untilMs: nowMs, pauses: circuit.pauses, why: circuit.why } : circuit
}

/** The same circuit by a clock that was set by so much. */
export function shifted(circuit: Circuit, byMs: number): Circuit {
  switch (circuit.type) {
    case 'closed':
      return { ...circuit, atMs: circuit.atMs + byMs }
    case 'open':
      return { ...circuit, untilMs: circuit.untilMs + byMs }
    case 'half-open':
      return { ...circuit, probeAtMs: circuit.probeAtMs + byMs }
    default:
      return circuit satisfies never
  }
}

function open(pauses: number, rules: BreakerRules, nowMs: number, why: ErrorCode): Circuit {
  const pauseMs = Math.min(rules.longestPauseMs, rules.pauseMs * 2 ** Math.min(30, pauses - 1))
  return { type: 'open', untilMs: nowMs + pauseMs, pauses, why }
}

function fade(elapsedMs: number): number {
  return elapsedMs <= 0 ? 1 : 0.5 ** (elapsedMs / HALF_LIFE_MS)
}
