import type { AttemptBooked, CallEnded, CallRecosted } from '../../core/events.ts'

/** What costs: a call that ended, an attempt that was booked after its call had, or a correction of either. */
export type Spent = CallEnded | AttemptBooked | CallRecosted

/** How the call ended; not known of what a crash or a lease left. */
export function outcomeOf(event: Spent): string {
  return event.outcome ?? ''
}

/** No call uses this many; a bucket adds up a second's calls, so that its numbers stay exact. */
const MAX_TOKENS = 1e9

/** The route that chose the model; empty where it was named directly. */
export function routeOf(event: Spent): string {
  return (event.type === 'call.ended' ? event.choice?.route : event.route) ?? ''
}

/** Calls of one principal and model that differ in nothing that is told apart, added up. */
export class SpendBucket {
  readonly hour: number
  /** The first of the calls: what it says of itself is true of all. */
  readonly event: Spent
  #calls = 0
  #input = 0
  #cachedInput = 0
  #cacheWrite = 0
  #output = 0
  #unpriced = 0
  /** A number while it is exact: `add` says when it would not be. */
  #costNanoUsd = 0

  constructor(hour: number, event: Spent) {
    this.hour = hour
    this.event = event
  }

  fits(hour: number, other: Spent): boolean {
    const { provider, target, layer } = this.event
    return (
      this.hour === hour &&
      outcomeOf(this.event) === outcomeOf(other) &&
      routeOf(this.event) === routeOf(other) &&
      provider === other.provider &&
      target === other.target &&
      layer === other.layer
    )
  }

  /** Returns false, and adds nothing, where the bucket is too full to stay exact. */
  add(event: Spent): boolean {
    const { costNanoUsd } = event
    const cost = this.#costNanoUsd + (isExact(costNanoUsd) ? costNanoUsd : 0)
    if (!Number.isSafeInteger(cost)) return false
    this.#costNanoUsd = cost
    if (event.type === 'call.ended') {
      this.#calls++
      if (event.isUnpriced === true) this.#unpriced++
    }
    if (event.type !== 'call.ended' && event.resolvesUnpriced === true) this.#unpriced--
    if (event.type === 'call.recosted') return true
    const { usage } = event
    if (usage === undefined) return true
    this.#input += countOf(usage.inputTokens)
    this.#cachedInput += countOf(usage.cachedInputTokens)
    this.#cacheWrite += countOf(usage.cacheWriteTokens)
    this.#output += countOf(usage.outputTokens)
    return true
  }

  /** In the order of SPEND_SUMS. */
  sums(): readonly bigint[] {
    return [this.#calls, this.#input, this.#cachedInput, this.#cacheWrite, this.#output, this.#unpriced, this.#costNanoUsd].map(BigInt)
  }
}

function isExact(costNanoUsd: number | undefined): costNanoUsd is number {
  return costNanoUsd !== undefined && Number.isSafeInteger(costNanoUsd)
}

/** A provider may say anything: what is no count is not added, so that one bad reply cannot spoil a sum. */
function countOf(tokens: number | undefined): number {
  return tokens !== undefined && Number.isSafeInteger(tokens) && tokens > 0 && tokens < MAX_TOKENS ? tokens : 0
}
