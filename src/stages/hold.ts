import type { Booking, Hold } from '../core/booking.ts'
import type { Call } from '../core/call.ts'
import { type ErrorCode, GatewayError } from '../core/errors.ts'
import type { Usage } from '../core/events.ts'
import { formatUsd, type NanoUsd } from '../core/money.ts'
import { isBalanceStrict } from '../ledger/accounts.ts'
import type { Balance } from '../ledger/balance.ts'
import type { Charge, Ledger } from '../ledger/ledger.ts'
import { estimateOf } from '../ledger/ledger.ts'
import type { Moment } from '../ledger/moment.ts'
import { SeenOutput, type Tokens } from './seen-output.ts'

/** What an attempt may take at the most, before it is sent. */
export interface Estimate {
  /** The attempt's id: the call's, and its number. */
  readonly attempt: string
  /** The model that is counted, by its configured name, and who serves it. */
  readonly model: string
  readonly provider: string
  readonly target: string
  readonly inputTokens: number
  readonly outputTokens: number
  /** How many answers share the output. */
  readonly choices: number
  /** Undefined: the price is not known. */
  readonly nanoUsd: NanoUsd | undefined
  readonly priceVersion: string | undefined
  /** How long it may run, in milliseconds. */
  readonly leaseMs: number
  /** What about it cannot be bounded, in words. */
  readonly unbounded?: string | undefined
}

/** Undefined: the price is not known. */
export type PriceOf = (tokens: Tokens) => NanoUsd | undefined

/** How a kind of call is estimated. */
export interface Estimator<In> {
  /**
   * @param isStrict whether a strict budget applies: then the estimate must be a bound, or say why it is none
   */
  estimate(input: In, isStrict: boolean): Estimate
  /** What so many tokens cost here, at the most: the function that prices what was used. It keeps nothing else of the input. */
  pricing(input: In, isStrict: boolean): PriceOf
  /** The input, changed so that all of its output together has this bound. */
  clampOutput(input: In, outputTokens: number): In
}

/** Where money is counted. */
export interface MoneyDeps {
  readonly ledger: Ledger
  /** The time, by the ledger's clocks. */
  readonly moment: () => Moment
}

/** What holding money needs. */
export interface HoldDeps<In> extends Estimator<In>, MoneyDeps {}

/** Failures after which nobody knows whether the provider did the work. After any other, it said that it did not, or never heard of it. */
const UNSURE: ReadonlySet<ErrorCode> = new Set([
  'provider_first_token_timeout',
  'provider_idle_timeout',
  'provider_total_timeout',
  'provider_truncated',
  'provider_malformed',
  'client_closed',
  'shutting_down',
  'internal',
])

/** Whether nobody knows what an attempt that failed before anything was accepted has cost. */
export function isUnsure({ signal }: Call, { code }: GatewayError): boolean {
  return UNSURE.has(code) || signal.aborted
}

/** Time that a hold outlives the longest that its attempt may run. */
const LEASE_SLACK_MS = 60_000

/** What one attempt holds, until it is booked: once. */
export class HeldAttempt<In> {
  readonly hold: Hold
  #input: In | undefined
  #priceOf: PriceOf | undefined
  readonly isStrict: boolean
  readonly #deps: HoldDeps<In>
  readonly #call: Call
  readonly #estimate: Estimate
  readonly #balances: readonly Balance[]
  readonly #seen: SeenOutput
  #booking: Booking | undefined

  constructor(parts: {
    readonly deps: HoldDeps<In>
    readonly call: Call
    readonly input: In
    readonly estimate: Estimate
    readonly balances: readonly Balance[]
    readonly isStrict: boolean
    readonly at: Moment
  }) {
    const { deps, call, input, estimate, balances, isStrict, at } = parts
    this.#deps = deps
    this.#call = call
    this.#estimate = estimate
    this.#seen = new SeenOutput(estimate)
    this.#balances = balances
    this.#input = input
    this.isStrict = isStrict
    const { facts } = call.record
    const request = {
      attempt: estimate.attempt,
      owner: { callId: call.id, layer: call.layer, action: call.record.action, principal: call.principal, subject: facts.subject },
      model: estimate.model,
      provider: estimate.provider,
      target: estimate.target,
      nanoUsd: estimate.nanoUsd,
      tokens: estimate.inputTokens + estimate.outputTokens,
      priceVersion: estimate.priceVersion,
      leaseMs: estimate.leaseMs + LEASE_SLACK_MS,
      unbounded: estimate.unbounded,
    }
    this.hold = deps.ledger.hold(request, balances, at)
    // The head of a stream goes out before its end.
    if (facts.isStream === true) this.#tellRemaining(at)
  }

  /** What is to be sent. */
  get input(): In {
    if (this.#input === undefined) throw new GatewayError('internal', 'An attempt that was accepted is not sent again.')
    return this.#input
  }

  /** How it was booked, once it was, unless its lease had run out before. */
  get booking(): Booking | undefined {
    return this.#booking
  }

  /** Something was accepted: of what was sent only its price matters from now on, and a stream may be long. */
  accepted(): void {
    if (this.#call.record.facts.isStream !== true || this.#input === undefined) return
    this.#priceOf = this.#deps.pricing(this.#input, this.isStrict)
    this.#input = undefined
  }

  /** Looks at a frame of a stream. */
  see(sizeBytes: number): void {
    this.#seen.see(sizeBytes, this.#call.world.monotonicMs())
  }

  /** Whether a stream has brought more pieces than it was allowed tokens: a piece is a token at the least. */
  get isOverrun(): boolean {
    return this.#seen.pieces > this.#estimate.outputTokens + FRAMES_WITHOUT_TOKENS
  }

  /** The attempt cost this. */
  settle(charge: Charge): Booking | undefined {
    const at = this.#deps.moment()
    return this.#note(this.#deps.ledger.settle(this.hold.attempt, charge, at), at)
  }

  /** It ended well, and the provider did not say what was used. */
  settleUnsaid(): Booking | undefined {
    return this.settle(estimateOf(this.hold))
  }

  /** It could not be written down, so it was not sent. */
  undo(): void {
    this.#deps.ledger.undo(this.hold.attempt)
  }

  /** It failed before anything was accepted. */
  fail(error: GatewayError): Booking | undefined {
    if (isUnsure(this.#call, error)) return this.settleUnsaid()
    const at = this.#deps.moment()
    return this.#note(this.#deps.ledger.release(this.hold.attempt, at), at)
  }

  /** It began to answer and did not end well. @param said what the provider had said of its usage until then */
  breakOff(said?: Usage): Booking | undefined {
    if (this.isStrict || this.#seen.frames === 0) return this.settleUnsaid()
    const used = this.#seen.usedBy(this.#call.world.monotonicMs(), said)
    const priceOf = this.#priceOf ?? this.#deps.pricing(this.input, this.isStrict)
    const nanoUsd = this.hold.nanoUsd === undefined ? undefined : priceOf(used)
    return this.settle({ nanoUsd, tokens: used.inputTokens + used.outputTokens, isEstimate: true })
  }

  #note(booking: Booking | undefined, at: Moment): Booking | undefined {
    if (booking === undefined) return undefined
    this.#booking = booking
    const { facts } = this.#call.record
    facts.bookings = facts.bookings === undefined ? [booking] : [...facts.bookings, booking]
    if (facts.isStream !== true) this.#tellRemaining(at)
    return booking
  }

  /** What the tightest budget in US dollars has left, for the caller. */
  #tellRemaining(at: Moment): void {
    let least: number | undefined
    for (const balance of this.#balances) {
      if (balance.unit !== 'usd') continue
      for (const { limit } of balance.budgets) {
        const left = limit - balance.settledAt(at) - balance.held
        if (least === undefined || left < least) least = left
      }
    }
    if (least === undefined) return
    const { record } = this.#call
    record.replyHeaders ??= {}
    record.replyHeaders['x-signalbox-budget-remaining-usd'] = formatUsd(Math.max(0, least))
  }
}

/** Frames that carry no token of the output all the same: the beginning, the role, the finish, the usage. */
const FRAMES_WITHOUT_TOKENS = 16

/**
 * Holds what an attempt may take of every budget that applies. Undefined where none does.
 * @throws budget_exceeded, model_unpriced, budget_unbounded
 */
export function holdFor<In>(deps: HoldDeps<In>, call: Call, input: In): HeldAttempt<In> | undefined {
  if (!deps.ledger.hasRules) return undefined
  const at = deps.moment()
  const applied = deps.ledger.accountsOf(call.principal, call.trace.traceId, at)
  if (applied.balances.length === 0) return undefined
  const estimate = deps.estimate(input, false)
  const balances = applied.isScoped ? applied.balances.filter((balance) => isAbout(balance, call, estimate)) : applied.balances
  if (balances.length === 0) return undefined
  const isStrict = applied.isScoped ? balances.some(isBalanceStrict) : applied.isStrict
  if (!isStrict) return new HeldAttempt({ deps, call, input, estimate, balances, isStrict, at })
  const bounded = fitOutput(deps, input, deps.estimate(input, true), balances, at)
  return new HeldAttempt({ deps, call, ...bounded, balances, isStrict, at })
}

/** A scope that names models is about the name that the caller used, which may be that of a route, and about the model's own. */
function isAbout({ budgets: [first] }: Balance, { record }: Call, { model, provider }: Estimate): boolean {
  const scope = first?.scope
  return scope === undefined || scope.matches(model, provider) || scope.matches(record.facts.subject ?? model, provider)
}

/** Under a strict budget the output is bounded by what is left; the provider is always told the bound. */
function fitOutput<In>(
  deps: HoldDeps<In>,
  input: In,
  estimate: Estimate,
  balances: readonly Balance[],
  at: Moment,
): { input: In; estimate: Estimate } {
  const { inputTokens, choices } = estimate
  // What cannot be bounded or has no price is refused by the ledger, by name.
  if (estimate.unbounded !== undefined || estimate.outputTokens === 0) return { input, estimate }
  const left = deps.ledger.strictlyLeft(balances, at)
  const priceOf = deps.pricing(input, true)
  const fits = (outputTokens: number) => {
    const nanoUsd = priceOf({ inputTokens, outputTokens }) ?? 0
    return nanoUsd <= left.nanoUsd && inputTokens + outputTokens <= left.tokens
  }
  const outputTokens = largest(Math.floor(estimate.outputTokens / choices), (each) => fits(each * choices)) * choices
  const fitted = { ...estimate, outputTokens, nanoUsd: priceOf({ inputTokens, outputTokens }) }
  return { input: deps.clampOutput(input, outputTokens), estimate: fitted }
}

/** The largest number up to `most` that fits; 1 where none does: that is then what is refused. Fitting ones come first. */
function largest(most: number, fits: (number: number) => boolean): number {
  if (most < 1 || fits(most)) return Math.max(1, most)
  let [good, bad] = [1, most]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (fits(middle)) good = middle
    else bad = middle
  }
  return good
}
