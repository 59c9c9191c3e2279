import type { Booking, Hold } from '../../core/booking.ts'
import type { CallFacts, CallRecord, LateAttempt, Usage } from '../../core/events.ts'

const COUNTS = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
] as const satisfies readonly (keyof Usage)[]

/** What belongs to one attempt and says nothing of the next. */
const CLEARED = {
  providerStatus: undefined,
  providerRequestId: undefined,
  finishReason: undefined,
  firstTokenMs: undefined,
  toolCalls: undefined,
  losses: undefined,
  limitAttempt: undefined,
} as const satisfies Partial<CallFacts>

/** What an attempt adds to what the call has. */
const ADDED = {
  usage: undefined,
  costNanoUsd: undefined,
  isUnpriced: undefined,
  isEstimate: undefined,
  pricing: undefined,
  bookings: undefined,
  providerMs: undefined,
  attemptLog: undefined,
} as const

/**
 * The record of an attempt that is not the call's first: its facts are its own until it is the one that answers, and what it used and cost is added to
 * what the call has used and cost, whatever becomes of it.
 */
export class AttemptRecord implements CallRecord {
  readonly callId: string
  readonly facts: CallFacts
  action: string
  readonly #call: CallRecord
  #added: Pick<CallFacts, 'attempts' | 'usage' | 'costNanoUsd' | 'providerMs'>
  #addedBookings = 0

  /** @param number of the attempt, from 1: what it counts goes on from there, for the names of its holds */
  constructor(call: CallRecord, number: number) {
    this.callId = call.callId
    this.action = call.action
    this.#call = call
    this.facts = { ...call.facts, ...CLEARED, ...ADDED, attempts: number - 1 }
    this.#added = { attempts: number - 1 }
  }

  get elapsedMs(): number {
    return this.#call.elapsedMs
  }

  get replyHeaders(): Record<string, string> {
    this.#call.replyHeaders ??= {}
    return this.#call.replyHeaders
  }

  set replyHeaders(headers: Record<string, string>) {
    this.#call.replyHeaders = headers
  }

  start(hold?: Hold): Promise<void> {
    // The start of a call says what its first attempt was counted for, whichever that is.
    return this.#call.start(hold, this.facts.limitAttempt)
  }

  awaitWork(over: Promise<void>): void {
    this.#call.awaitWork(over)
  }

  finishLate(late: LateAttempt): void {
    // Where the call has not been written yet, its ending says it.
    this.charge()
    this.#call.finishLate(late)
  }

  awaitPrice(): (isKnown: boolean) => true | undefined {
    return this.#call.awaitPrice()
  }

  /** Adds to the call what it does not have yet of this attempt. */
  charge(): void {
    const { facts } = this.#call
    const own = this.facts
    const before = this.#added
    facts.attempts += own.attempts - before.attempts
    facts.usage = addUsage(facts.usage, own.usage, before.usage)
    facts.costNanoUsd = add(facts.costNanoUsd, own.costNanoUsd, before.costNanoUsd)
    facts.providerMs = add(facts.providerMs, own.providerMs, before.providerMs)
    if (own.isUnpriced === true) facts.isUnpriced = true
    if (own.isEstimate === true) facts.isEstimate = true
    const fresh: readonly Booking[] = own.bookings?.slice(this.#addedBookings) ?? []
    if (fresh.length > 0) facts.bookings = [...(facts.bookings ?? []), ...fresh]
    this.#addedBookings += fresh.length
    this.#added = { attempts: own.attempts, usage: own.usage, costNanoUsd: own.costNanoUsd, providerMs: own.providerMs }
  }

  /** This is the attempt that answers: what is told of the call is told of it. */
  adopt(): void {
    this.charge()
    const { facts } = this.#call
    const { provider, target, providerStatus, providerRequestId, finishReason, firstTokenMs, priceVersion, pricing, toolCalls, losses } =
      this.facts
    Object.assign(facts, {
      provider,
      target,
      providerStatus,
      providerRequestId,
      finishReason,
      firstTokenMs,
      priceVersion,
      pricing,
      toolCalls,
      losses,
    })
  }
}

/** `total + now - before`. What is not known adds nothing; what is taken back altogether leaves nothing known. */
function add(total: number | undefined, now: number | undefined, before: number | undefined): number | undefined {
  if (now === before) return total
  const sum = (total ?? 0) + (now ?? 0) - (before ?? 0)
  return now === undefined && sum === 0 ? undefined : sum
}

function addUsage(total: Usage | undefined, now: Usage | undefined, before: Usage | undefined): Usage | undefined {
  if (now === before) return total
  if (total === undefined || total === before) return now
  const sum: { -readonly [Name in keyof Usage]: Usage[Name] } = { ...total }
  for (const name of COUNTS) {
    const count = add(total[name], now?.[name], before?.[name])
    if (count !== undefined) sum[name] = count
  }
  return sum
}
