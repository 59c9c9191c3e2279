import type { Call } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { CallFacts, PricedLine, Usage } from '../core/events.ts'
import type { NanoUsd } from '../core/money.ts'
import type { Ending, Reply } from '../core/reply.ts'
import { type Stage, tap, whenEnded } from '../core/stage.ts'
import { drained } from './drain.ts'
import { type HeldAttempt, type HoldDeps, holdFor, isUnsure } from './hold.ts'
import { type UnheldStream, unheldStream } from './unheld.ts'

/** What a usage costs: its amount and the version of the price, or `unpriced` where no price is known. */
export type Charge =
  | { readonly type: 'priced'; readonly costNanoUsd: NanoUsd; readonly version: string; readonly lines: readonly PricedLine[] }
  | { readonly type: 'unpriced' }

interface MeterDeps<In, Part, Priced> {
  /** The usage that a part reports; the last one of an attempt counts. */
  readonly usageOf: (part: Part) => Usage | undefined
  readonly sizeOf: (part: Part) => number
  /** Whether a part is one of many that carry an answer. */
  readonly isPiece: (part: Part) => boolean
  /** Whether the answer ends with a part: what was said of its usage before is of a beginning. Left out: whatever is said is the bill. */
  readonly isEnd?: (part: Part) => boolean
  /** What of an input says its price. It is kept while a stream runs, and the rest of the input is not. */
  readonly pricedOf: (input: In) => Priced
  readonly price: (priced: Priced, usage: Usage) => Charge
  /** Left out: no budget ever applies. */
  readonly holds?: HoldDeps<In>
  /** How long a reply is read on after its client left, to learn what it cost; undefined: not at all. */
  readonly drainMs?: () => number | undefined
}

/** No attempt uses this many tokens: a provider that says so has said nothing. */
const MAX_TOKENS = 1e9

/** What one attempt has used and cost, as far as it is known. */
interface Metered {
  usage: Usage | undefined
  charge: Charge | undefined
  /** Whether the answer had come to its end when the usage was said, or before. */
  isWhole: boolean
  sizeBytes: number
}

/**
 * Stands inside `route`, so that every attempt is metered: holds what it may take of the budgets that apply, and books the hold once.
 * Nothing leaves the process before the call's start, with the hold, is on disk. Adds usage and cost to the record and the ending.
 * @throws log_unavailable, budget_exceeded, model_unpriced, budget_unbounded
 */
export function meter<In, Part, Priced>(deps: MeterDeps<In, Part, Priced>): Stage<In, Part> {
  return async (call, input, next) => {
    const { facts } = call.record
    // No await between the hold and the start: what the log has yet to hear of is held already, and the other way round.
    const held = deps.holds === undefined ? undefined : holdFor(deps.holds, call, input)
    const unheld = held === undefined ? unheldStream(deps.holds, call, input) : undefined
    try {
      await call.record.start(held?.hold)
    } catch (thrown) {
      held?.release()
      throw thrown
    }
    facts.attempts++
    const priced = deps.pricedOf(input)
    const drainMs = deps.drainMs?.()
    const draining = drainMs === undefined ? undefined : drained(call, drainMs)
    let reply: Reply<Part>
    try {
      reply = await next(draining?.call ?? call, held === undefined ? input : held.input)
    } catch (thrown) {
      const error = asGatewayError(thrown)
      if (held !== undefined) chargeFailed(held, error, facts)
      else if (isUnsure(call, error)) facts.isUnpriced = true
      throw thrown
    }
    held?.accepted()
    watch(reply, { deps, call, priced, held, unheld, isDrained: draining !== undefined })
    return draining === undefined ? reply : draining.outward(reply)
  }
}

/** What is kept of an attempt while its reply runs. */
interface Watched<In, Part, Priced> {
  readonly deps: MeterDeps<In, Part, Priced>
  readonly call: Call
  readonly priced: Priced
  readonly held: HeldAttempt<In> | undefined
  readonly unheld: UnheldStream | undefined
  readonly isDrained: boolean
}

/** Apart from `meter`, whose parameters these functions would keep: a stream lives long, and the caller's text would as long. */
function watch<In, Part, Priced>(reply: Reply<Part>, { deps, call, priced, held, unheld, isDrained }: Watched<In, Part, Priced>): void {
  const { facts } = call.record
  const metered: Metered = { usage: undefined, charge: undefined, isWhole: deps.isEnd === undefined, sizeBytes: 0 }
  tap(reply, (part) => {
    const sizeBytes = deps.sizeOf(part)
    metered.sizeBytes += sizeBytes
    metered.isWhole ||= deps.isEnd?.(part) === true
    const usage = deps.usageOf(part)
    if (usage !== undefined) takeUsage(metered, usage, deps.price(priced, usage), facts)
    const seen = held ?? unheld
    if (seen === undefined || !deps.isPiece(part)) return
    seen.see(sizeBytes)
    if (held?.isStrict === true && held.isOverrun) throw overrun(held)
  })
  whenEnded(reply, (ending) => {
    facts.sizeOutBytes = metered.sizeBytes
    if (held !== undefined) book(held, metered, ending, facts)
    else tellUnheld(unheld, metered, ending, facts)
    if (isDrained) finishLate(call, held, metered)
    return facts.costNanoUsd === undefined ? undefined : { ...ending, costNanoUsd: facts.costNanoUsd }
  })
}

/** What no budget has held is told as far as it is known. */
function tellUnheld(unheld: UnheldStream | undefined, metered: Metered, ending: Ending, facts: CallFacts): void {
  const { usage, charge } = metered
  if (charge?.type === 'priced' && isBill(metered, ending)) return
  const costNanoUsd = unheld?.costOfCut(ending, usage)
  if (costNanoUsd !== undefined) replaceCharge(charge, costNanoUsd, facts)
  // The provider did the work, or a part of it, and did not say how much: not known is not free.
  else if (charge?.type !== 'priced') facts.isUnpriced = true
  else facts.isEstimate = true
}

/** Whether what the provider said is what it will bill: not of a beginning, whose rest nobody saw. */
function isBill({ usage, isWhole }: Metered, { outcome }: Ending): boolean {
  return usage !== undefined && usage.isEstimate !== true && (isWhole || outcome === 'ok')
}

/** An estimate in the place of what the provider had said of the beginning. */
function replaceCharge(charge: Charge | undefined, costNanoUsd: NanoUsd, facts: CallFacts): void {
  const before = charge?.type === 'priced' ? charge.costNanoUsd : 0
  facts.costNanoUsd = (facts.costNanoUsd ?? 0) - before + costNanoUsd
  facts.isEstimate = true
}

/** A reply that was read on after its client left: the call has ended by then, without what it cost. */
function finishLate<In>(call: Call, held: HeldAttempt<In> | undefined, { usage, charge }: Metered): void {
  const { facts } = call.record
  const booking = held === undefined ? undefined : facts.bookings?.findLast(({ attempt }) => attempt === held.hold.attempt)
  if (booking !== undefined) call.record.finishLate(booking, usage)
  else if (held === undefined && charge?.type === 'priced' && usage !== undefined) {
    const tokens = (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
    const attempt = `${call.id}.${facts.attempts}`
    call.record.finishLate({ attempt, state: 'settled', atMs: call.world.now(), nanoUsd: charge.costNanoUsd, tokens, balances: [] }, usage)
  }
}

/** The attempts of a call add up; of one attempt, the last usage counts. */
function takeUsage(metered: Metered, usage: Usage, charge: Charge, facts: CallFacts): void {
  if (isAbsurd(usage)) return
  const before = metered.charge?.type === 'priced' ? metered.charge.costNanoUsd : 0
  metered.usage = usage
  metered.charge = charge
  facts.usage = usage
  if (charge.type === 'unpriced') {
    if (before > 0) facts.costNanoUsd = (facts.costNanoUsd ?? 0) - before
  } else {
    facts.costNanoUsd = (facts.costNanoUsd ?? 0) - before + charge.costNanoUsd
    facts.priceVersion = charge.version
    facts.pricing = charge.lines
  }
}

function book<In>(held: HeldAttempt<In>, metered: Metered, ending: Ending, facts: CallFacts): void {
  const { usage, charge } = metered
  // Where a price was held, half a usage and a tier of service without a price are no bill: they would be free.
  const isPriced = charge?.type === 'priced' || (charge !== undefined && held.hold.nanoUsd === undefined)
  if (usage !== undefined && isPriced && isBill(metered, ending)) {
    if (charge.type === 'unpriced') facts.isUnpriced = true
    const nanoUsd = charge.type === 'priced' ? charge.costNanoUsd : undefined
    held.settle({ nanoUsd, tokens: (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0) })
    return
  }
  // What the provider said of the beginning is no bill; but what it said of the input is true.
  if (charge?.type === 'priced') facts.costNanoUsd = (facts.costNanoUsd ?? 0) - charge.costNanoUsd
  addEstimate(ending.outcome === 'ok' ? held.settleUnsaid() : held.breakOff(usage), facts)
}

function chargeFailed<In>(held: HeldAttempt<In>, error: GatewayError, facts: CallFacts): void {
  addEstimate(held.fail(error), facts)
}

/** What was charged without knowing is part of the cost, and marked: else spend and budgets would differ. */
function addEstimate(booking: ReturnType<HeldAttempt<never>['release']>, facts: CallFacts): void {
  if (booking === undefined || booking.state === 'released') return
  if (booking.nanoUsd === undefined) facts.isUnpriced = true
  else {
    facts.costNanoUsd = (facts.costNanoUsd ?? 0) + booking.nanoUsd
    facts.isEstimate = true
  }
}

function isAbsurd({ inputTokens = 0, outputTokens = 0 }: Usage): boolean {
  return inputTokens > MAX_TOKENS || outputTokens > MAX_TOKENS
}

function overrun<In>({ hold }: HeldAttempt<In>): GatewayError {
  return new GatewayError(
    'budget_exceeded',
    `The reply was cut: it came to all that a strict budget held for it (${hold.balances.join(', ')}), because the provider went past the bound that it was given.`,
  )
}
