import type { Booking } from '../core/booking.ts'
import type { Call } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { CallFacts, LateAttempt, PricedLine, Usage } from '../core/events.ts'
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
  /** Its client has left, and it is read on: the call ends without what it brought, which is written when it is booked. */
  isLeft: boolean
  /** Hears whether its price is known in the end, where it was left without one. */
  onPrice: ReturnType<Call['record']['awaitPrice']> | undefined
  /** What the facts said before it. */
  readonly before: Brought
}

type Brought = Pick<CallFacts, 'usage' | 'costNanoUsd' | 'priceVersion' | 'pricing'>

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
      held?.undo()
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
      if (held !== undefined) chargeFailed(call, held, error)
      else if (isUnsure(call, error)) facts.isUnpriced = true
      throw thrown
    }
    held?.accepted()
    const onLeft = watch(reply, { deps, call, priced, held, unheld })
    return draining === undefined ? reply : draining.outward(reply, onLeft)
  }
}

/** What is kept of an attempt while its reply runs. */
interface Watched<In, Part, Priced> {
  readonly deps: MeterDeps<In, Part, Priced>
  readonly call: Call
  readonly priced: Priced
  readonly held: HeldAttempt<In> | undefined
  readonly unheld: UnheldStream | undefined
}

/**
 * Apart from `meter`, whose parameters these functions would keep: a stream lives long, and the caller's text would as long.
 * @returns what is to be called where the client leaves and the reply is read on
 */
function watch<In, Part, Priced>(reply: Reply<Part>, { deps, call, priced, held, unheld }: Watched<In, Part, Priced>): () => void {
  const { facts } = call.record
  const { usage, costNanoUsd, priceVersion, pricing } = facts
  const before = { usage, costNanoUsd, priceVersion, pricing }
  const isWhole = deps.isEnd === undefined
  const metered: Metered = { usage: undefined, charge: undefined, isWhole, sizeBytes: 0, isLeft: false, onPrice: undefined, before }
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
    if (metered.isLeft) bring(metered, facts)
    if (held !== undefined) book(held, metered, ending, facts)
    else tellUnheld(unheld, metered, ending, facts)
    finishLate(call, held, metered, ending)
    return facts.costNanoUsd === undefined ? undefined : { ...ending, costNanoUsd: facts.costNanoUsd }
  })
  return () => leave(metered, held, call)
}

/** What no budget has held is told as far as it is known. */
function tellUnheld(unheld: UnheldStream | undefined, metered: Metered, ending: Ending, facts: CallFacts): void {
  const { usage, charge, before } = metered
  if (charge?.type === 'priced' && isBill(metered, ending)) return
  const costNanoUsd = unheld?.costOfCut(ending, usage)
  // The provider did the work, or a part of it, and did not say how much: not known is not free.
  if (costNanoUsd === undefined && charge?.type !== 'priced') facts.isUnpriced = true
  else facts.isEstimate = true
  if (costNanoUsd !== undefined) facts.costNanoUsd = (before.costNanoUsd ?? 0) + costNanoUsd
}

/** Whether what the provider said is what it will bill: not of a beginning, whose rest nobody saw. */
function isBill({ usage, isWhole }: Metered, { outcome }: Ending): boolean {
  return usage !== undefined && usage.isEstimate !== true && (isWhole || outcome === 'ok')
}

/** What it has brought so far is no bill: what will be booked is. A price that nothing was held at may never be known. */
function leave<In>(metered: Metered, held: HeldAttempt<In> | undefined, { record }: Call): void {
  metered.isLeft = true
  Object.assign(record.facts, metered.before)
  if (held?.hold.nanoUsd === undefined) metered.onPrice = record.awaitPrice()
}

/** An attempt that was over after its call had ended: of one that was read on after its client left, or that another one was quicker than. */
function finishLate<In>(call: Call, held: HeldAttempt<In> | undefined, metered: Metered, ending: Ending): void {
  const { usage, charge, isLeft, onPrice } = metered
  const isKnown = held === undefined ? charge?.type === 'priced' : held.booking?.nanoUsd !== undefined
  const resolvesUnpriced = onPrice?.(isKnown)
  const { priceVersion } = call.record.facts
  if (held !== undefined) {
    const late = { usage: isLeft ? usage : undefined, resolvesUnpriced, priceVersion }
    if (held.booking !== undefined) call.record.finishLate({ booking: held.booking, ...late, ...whereOf(held) })
    return
  }
  if (!isLeft || charge?.type !== 'priced' || usage === undefined) return
  const tokens = (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
  const attempt = `${call.id}.${call.record.facts.attempts}`
  const isEstimate: true | undefined = isBill(metered, ending) ? undefined : true
  const booking = {
    attempt,
    state: 'settled',
    atMs: call.world.now(),
    nanoUsd: charge.costNanoUsd,
    tokens,
    isEstimate,
    balances: [],
  } as const
  call.record.finishLate({ booking, usage, resolvesUnpriced, priceVersion })
}

/** The attempts of a call add up; of one attempt, the last usage counts. */
function takeUsage(metered: Metered, usage: Usage, charge: Charge, facts: CallFacts): void {
  if (isAbsurd(usage)) return
  metered.usage = usage
  metered.charge = charge
  if (!metered.isLeft) bring(metered, facts)
}

/** Adds what the attempt has told last to what the facts said before it. */
function bring({ usage, charge, before }: Metered, facts: CallFacts): void {
  if (usage === undefined) return
  facts.usage = usage
  facts.costNanoUsd = before.costNanoUsd
  if (charge?.type !== 'priced') return
  facts.costNanoUsd = (before.costNanoUsd ?? 0) + charge.costNanoUsd
  facts.priceVersion = charge.version
  facts.pricing = charge.lines
}

function book<In>(held: HeldAttempt<In>, metered: Metered, ending: Ending, facts: CallFacts): void {
  const { usage, charge } = metered
  // Where a price was held, half a usage and a tier of service without a price are no bill: they would be free.
  const isPriced = charge?.type === 'priced' || (charge !== undefined && held.hold.nanoUsd === undefined)
  if (usage !== undefined && isPriced && isBill(metered, ending)) {
    if (charge.type === 'unpriced') facts.isUnpriced = true
    const nanoUsd = charge.type === 'priced' ? charge.costNanoUsd : undefined
    const booking = held.settle({ nanoUsd, tokens: (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0) })
    if (booking !== undefined) return
    // Its lease had run out: it was charged what it held, and that was written.
    facts.costNanoUsd = metered.before.costNanoUsd
    facts.isEstimate = true
    return
  }
  // What the provider said of the beginning is no bill; but what it said of the input is true.
  facts.costNanoUsd = metered.before.costNanoUsd
  addEstimate(ending.outcome === 'ok' ? held.settleUnsaid() : held.breakOff(usage), facts)
}

function chargeFailed<In>({ record }: Call, held: HeldAttempt<In>, error: GatewayError): void {
  const booking = held.fail(error)
  addEstimate(booking, record.facts)
  if (booking !== undefined) record.finishLate({ booking, ...whereOf(held) })
}

function whereOf<In>({ hold: { provider, target } }: HeldAttempt<In>): Pick<LateAttempt, 'provider' | 'target'> {
  return { provider, target }
}

/** What was charged without knowing is part of the cost, and marked: else spend and budgets would differ. */
function addEstimate(booking: Booking | undefined, facts: CallFacts): void {
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
