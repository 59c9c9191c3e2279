import type { Call } from '../core/call.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Usage } from '../core/events.ts'
import type { NanoUsd } from '../core/money.ts'
import type { Ending } from '../core/reply.ts'
import type { Estimator, PriceOf } from './hold.ts'
import { SeenOutput } from './seen-output.ts'

/** Endings that are a guard's own doing: the caller did not leave, and the provider did not fail. */
const CUT_BY_GUARD: ReadonlySet<ErrorCode> = new Set(['guard_blocked', 'guard_unavailable'])

/**
 * The stream of an attempt for which no budget holds anything, and which a guard may cut before its provider has said what it used. Nothing is held and
 * nothing is booked: it is what the call is said to have cost.
 */
export class UnheldStream {
  readonly #call: Call
  readonly #seen: SeenOutput
  readonly #priceOf: PriceOf

  constructor(call: Call, seen: SeenOutput, priceOf: PriceOf) {
    this.#call = call
    this.#seen = seen
    this.#priceOf = priceOf
  }

  see(sizeBytes: number): void {
    this.#seen.see(sizeBytes, this.#call.world.monotonicMs())
  }

  /** What it is charged where a guard cut it; undefined where none did, or where no price is known. */
  costOfCut(ending: Ending, said: Usage | undefined): NanoUsd | undefined {
    if (!('error' in ending) || !CUT_BY_GUARD.has(ending.error.code)) return undefined
    return this.#priceOf(this.#seen.usedBy(this.#call.world.monotonicMs(), said))
  }
}

/** Watches a stream that a guard may cut; undefined for all others, which are not paid for by what follows from it. */
export function unheldStream<In>(estimator: Estimator<In> | undefined, call: Call, input: In): UnheldStream | undefined {
  if (estimator === undefined || call.mayBeCut !== true || call.record.facts.isStream !== true) return undefined
  return new UnheldStream(call, new SeenOutput(estimator.estimate(input, false)), estimator.pricing(input, false))
}
