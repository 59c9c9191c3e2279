import type { BookedBalance, Booking, Hold } from '../core/booking.ts'
import type { Principal } from '../core/call.ts'
import type { AttemptBooked, BudgetAlerted, CallStarted, Event } from '../core/events.ts'
import { Accounts, type Applied } from './accounts.ts'
import { dueAlerts } from './alerts.ts'
import { type Balance, type SpanOf, type StoredBalance, sharedSpans } from './balance.ts'
import { type Amounts, amountIn } from './charge.ts'
import { type Moment, momentOfEvent } from './moment.ts'
import { recountCrashed, recountEnded, recountStarted } from './recount.ts'
import { budgetExceeded, budgetUnbounded, modelUnpriced } from './refusal.ts'
import { type Budget, type LedgerRules, NO_RULES } from './rules.ts'
import { type Slices, WHOLE } from './slices.ts'
import { readStored, type StoredLedger } from './stored.ts'

/** Whose an attempt is: what is written where it is booked after its call has ended. */
export type HoldOwner = Pick<AttemptBooked, 'callId' | 'layer' | 'action' | 'principal' | 'subject'>

/** What is to be held for an attempt, before it is sent. */
export interface HoldRequest extends Amounts {
  readonly attempt: string
  readonly owner: HoldOwner
  /** The model that serves it, by its configured name. Left out: what the caller asked for. */
  readonly model?: string | undefined
  readonly provider?: string | undefined
  readonly target?: string | undefined
  readonly priceVersion?: string | undefined
  /** How long it may last until somebody books it, in milliseconds. */
  readonly leaseMs: number
  /** What about it cannot be bounded, in words; a strict budget refuses it. */
  readonly unbounded?: string | undefined
}

/** What an attempt came to. */
export interface Charge extends Amounts {
  readonly isEstimate?: true | undefined
}

interface LedgerOptions {
  /** Left out: this process has the whole of every limit. */
  readonly slices?: Slices
  readonly spanOf?: SpanOf
}

interface OpenHold {
  readonly hold: Hold
  readonly owner: HoldOwner
  readonly balances: readonly Balance[]
}

/** A booking that is not in the log. */
interface Unwritten extends Pick<OpenHold, 'hold' | 'owner'> {
  readonly booking: Booking
}

/** What hears of what the ledger decides by itself. */
export interface LedgerListener {
  onAlert(alert: Omit<BudgetAlerted, 'type'>): void
  /** A hold whose lease ran out was booked. */
  onExpired(booked: AttemptBooked): void
}

/** Balances that are made into text at a time. */
const PIECE = 500

const DEAF: LedgerListener = { onAlert: () => {}, onExpired: () => {} }

/**
 * What every account has spent and holds. In memory and synchronous: between the check and the hold nothing else runs. Its truth is the
 * event log: `fold` takes events in again, each once, and knows what it has already by the attempt's id.
 */
export class Ledger {
  readonly #accounts: Accounts
  readonly #open = new Map<string, OpenHold>()
  /**
   * Booked, and the log does not say so yet: an attempt is written with the end of its call, which may come much later. Stored too, so that
   * balances that are read back are never ahead of the books.
   */
  readonly #unwritten = new Map<string, Unwritten>()
  readonly #slices: Slices
  #rules: LedgerRules = NO_RULES
  /** While events are folded, what they brought about was told already. */
  #isFolding = false
  listener: LedgerListener = DEAF

  constructor({ slices = WHOLE, spanOf = sharedSpans() }: LedgerOptions = {}) {
    this.#slices = slices
    this.#accounts = new Accounts(spanOf)
  }

  /** Takes rules into force. What was settled and is held stays. */
  apply(rules: LedgerRules, at: Moment): void {
    this.#rules = rules
    this.#accounts.apply(rules, at)
  }

  /** What bounds a call of this principal. @param runId what names the run: the trace */
  accountsOf(principal: Principal, runId: string, at: Moment): Applied {
    return this.#accounts.of(principal, runId, at)
  }

  /** Whether any budget or limit is in force: without one, nobody need ask further. */
  get hasRules(): boolean {
    return !this.#accounts.isEmpty
  }

  /** Whether any limit in force is about some models or providers only. */
  get hasScopedLimits(): boolean {
    return this.#accounts.hasScopedLimits
  }

  /** Every balance there is. */
  balances(): Iterable<Balance> {
    return this.#accounts.balances.values()
  }

  /** How many attempts hold something. */
  get openHolds(): number {
    return this.#open.size
  }

  /**
   * Holds what an attempt may take on every balance that applies, or on none.
   * @param balances as `accountsOf` gave them, without those whose scope leaves the call out
   * @throws budget_exceeded, model_unpriced, budget_unbounded: of the tightest budget
   */
  hold(request: HoldRequest, balances: readonly Balance[], at: Moment): Hold {
    this.#check(request, balances, at)
    const { attempt, provider, target, nanoUsd, tokens, priceVersion, leaseMs, owner } = request
    const leaseUntilMs = at.steadyMs + leaseMs
    const hold: Hold = { attempt, provider, target, nanoUsd, tokens, priceVersion, leaseUntilMs, balances: balances.map(({ id }) => id) }
    this.#openHold({ hold, owner, balances })
    return hold
  }

  /** Charges an attempt what it came to. Undefined where its hold was booked already: then nothing changes. */
  settle(attempt: string, charge: Charge, at: Moment): Booking | undefined {
    return this.#book(attempt, 'settled', charge, at)
  }

  /** Gives an attempt's hold back whole: it cost nothing. Undefined where its hold was booked already. */
  release(attempt: string, at: Moment): Booking | undefined {
    return this.#book(attempt, 'released', { nanoUsd: 0, tokens: 0 }, at)
  }

  /** Takes a hold back that the log could not be told of: as if it had never been. */
  undo(attempt: string): void {
    const open = this.#open.get(attempt)
    if (open === undefined) return
    this.#open.delete(attempt)
    for (const balance of open.balances) balance.held -= amountIn(balance.unit, open.hold)
  }

  /** Hears of an event that is on disk now. */
  written(event: Event): void {
    for (const { attempt } of bookingsOf(event)) this.#unwritten.delete(attempt)
  }

  /** Charges an attempt what it held, because nobody can say what it cost. Undefined where its hold was booked already. */
  expire(attempt: string, at: Moment): Booking | undefined {
    const open = this.#open.get(attempt)
    return open === undefined ? undefined : this.#book(attempt, 'expired', estimateOf(open.hold), at)
  }

  /** Expires the holds whose lease has run out, and tells the listener. */
  expireDue(at: Moment): void {
    for (const { hold, owner } of [...this.#open.values()]) {
      if (hold.leaseUntilMs > at.steadyMs) continue
      const booking = this.expire(hold.attempt, at)
      if (booking !== undefined) this.listener.onExpired(bookedEvent(booking, hold, owner))
    }
  }

  /**
   * Books what a process that died had held, as the rules say: charged its estimate, or given back; and tells again what it had booked and
   * not written. Asked once, when all of the log was folded and before calls come.
   * @param openCalls those that were running
   */
  resolveCrashed(at: Moment, openCalls: readonly CallStarted[] = []): readonly AttemptBooked[] {
    for (const started of openCalls) recountCrashed(this.#accounts, started)
    this.#accounts.comeBack(at)
    const booked = [...this.#unwritten.values()].map(({ booking, hold, owner }) => bookedEvent(booking, hold, owner))
    for (const { hold, owner } of [...this.#open.values()]) {
      const booking = this.#rules.onCrash === 'release' ? this.release(hold.attempt, at) : this.expire(hold.attempt, at)
      if (booking !== undefined) booked.push(bookedEvent(booking, hold, owner))
    }
    return booked
  }

  /**
   * Takes an event of the log in. Of money, one that is known already, by the id of its attempt, changes nothing. What limits counted has no
   * id: it is to be given each event once, and none that the stored text has.
   */
  fold(event: Event): void {
    switch (event.type) {
      case 'call.started':
      case 'attempt.held':
        if (event.type === 'call.started') recountStarted(this.#accounts, event)
        if (event.hold !== undefined) this.#foldHold(event.hold, event, momentOfEvent(event.atMs))
        return
      case 'call.ended':
      case 'attempt.booked':
        if (event.type === 'call.ended') recountEnded(this.#accounts, event)
        for (const booking of bookingsOf(event)) this.#foldBooking(booking)
        return
      case 'call.recosted':
        for (const id of event.balances) this.#accounts.balances.get(id)?.correct(event.calledAtMs, event.costNanoUsd)
        return
      case 'budget.alerted':
        this.#accounts.balances.get(event.balance)?.markAlerted(`${event.mode} ${event.limit}`, event.percent)
        return
      default:
        return
    }
  }

  /** All that a restart must know, but for the events that come after. */
  stored(at: Moment): StoredLedger {
    const balances = [...this.balances()].map((balance) => balance.stored(at)).filter((stored) => stored !== undefined)
    return {
      balances,
      windows: this.#accounts.storedWindows(at),
      holds: [...this.#open.values()].map(({ hold, owner }) => ({ hold, owner })),
      unwritten: [...this.#unwritten.values()],
    }
  }

  /**
   * The same as text, for `restoreText`. Made in pieces: of many thousand balances, what is made on the way would be several times what is
   * stored.
   */
  storedText(at: Moment): string {
    const pieces: string[] = []
    let some: StoredBalance[] = []
    const put = () => {
      if (some.length > 0) pieces.push(JSON.stringify(some).slice(1, -1))
      some = []
    }
    for (const balance of this.balances()) {
      const stored = balance.stored(at)
      if (stored !== undefined && some.push(stored) === PIECE) put()
    }
    put()
    const windows = JSON.stringify(this.#accounts.storedWindows(at))
    const holds = JSON.stringify([...this.#open.values()].map(({ hold, owner }) => ({ hold, owner })))
    const unwritten = JSON.stringify([...this.#unwritten.values()])
    return `{"balances":[${pieces.join(',')}],"windows":${windows},"holds":${holds},"unwritten":${unwritten}}`
  }

  restore(stored: StoredLedger, at: Moment): void {
    for (const balance of stored.balances) this.#accounts.balanceOf(balance.id, at)?.restore(balance)
    for (const window of stored.windows) this.#accounts.restoreWindow(window, at)
    for (const { hold, owner } of stored.holds) this.#openHold({ hold, owner, balances: this.#balancesOf(hold, at) })
    for (const each of stored.unwritten ?? []) this.#unwritten.set(each.booking.attempt, each)
  }

  /** Takes back the text of `storedText`. */
  restoreText(text: string, at: Moment): void {
    this.restore(readStored(text), at)
  }

  /** What the strict budgets of these balances have left, in the units in which output can be bounded. */
  strictlyLeft(balances: readonly Balance[], at: Moment): { readonly nanoUsd: number; readonly tokens: number } {
    const left = { usd: Number.POSITIVE_INFINITY, tokens: Number.POSITIVE_INFINITY, calls: Number.POSITIVE_INFINITY }
    for (const balance of balances) {
      for (const { unit, mode, limit } of balance.budgets) {
        if (mode === 'strict') left[unit] = Math.min(left[unit], this.#left(balance, limit, at))
      }
    }
    return { nanoUsd: left.usd, tokens: left.tokens }
  }

  #left(balance: Balance, limit: number, at: Moment): number {
    return this.#slices.allowance(balance.id, limit) - balance.settledAt(at) - balance.held
  }

  #check(request: HoldRequest, balances: readonly Balance[], at: Moment): void {
    let tightest: { readonly balance: Balance; readonly budget: Budget; readonly room: number } | undefined
    for (const balance of balances) {
      for (const budget of balance.budgets) {
        if (budget.unit === 'usd' && request.nanoUsd === undefined && (budget.mode === 'strict' || budget.unpriced === 'refuse')) {
          throw modelUnpriced(balance, budget, request.model ?? request.owner.subject ?? '')
        }
        if (budget.mode === 'soft') continue
        if (budget.mode === 'strict' && request.unbounded !== undefined) throw budgetUnbounded(balance, budget, request.unbounded)
        const amount = amountIn(budget.unit, request)
        const left = this.#left(balance, budget.limit, at)
        // Dollars, tokens and calls compare by how much of what the call needs is there.
        const room = left / Math.max(amount, 1)
        if (amount > left && (tightest === undefined || room < tightest.room)) tightest = { balance, budget, room }
      }
    }
    if (tightest !== undefined) throw budgetExceeded(tightest.balance, tightest.budget, request, at)
  }

  #openHold(open: OpenHold): void {
    this.#open.set(open.hold.attempt, open)
    for (const balance of open.balances) balance.held += amountIn(balance.unit, open.hold)
  }

  #book(attempt: string, state: Booking['state'], charge: Charge, at: Moment): Booking | undefined {
    const open = this.#open.get(attempt)
    if (open === undefined) return undefined
    this.#open.delete(attempt)
    const { hold, owner, balances } = open
    const booked: BookedBalance[] = []
    for (const balance of balances) {
      balance.held -= amountIn(balance.unit, hold)
      if (state !== 'released') this.#charge(balance, charge, at)
      booked.push({ id: balance.id, limit: leastLimit(balance), settled: balance.settledAt(at), held: balance.held })
    }
    const { nanoUsd, tokens, isEstimate } = charge
    const booking = { attempt, state, atMs: at.wallMs, nanoUsd, tokens, isEstimate, balances: booked }
    if (!this.#isFolding) this.#unwritten.set(attempt, { booking, hold, owner })
    return booking
  }

  #charge(balance: Balance, charge: Charge, at: Moment): void {
    balance.settle(at, amountIn(balance.unit, charge))
    if (balance.unit === 'usd' && charge.nanoUsd === undefined) balance.unpriced++
    const alerts = dueAlerts(balance, at)
    if (!this.#isFolding) for (const alert of alerts) this.listener.onAlert(alert)
  }

  #foldHold(hold: Hold, { callId, layer, action, principal, subject }: HoldOwner, at: Moment): void {
    if (this.#open.has(hold.attempt)) return
    this.#openHold({ hold, owner: { callId, layer, action, principal, subject }, balances: this.#balancesOf(hold, at) })
  }

  #foldBooking(booking: Booking): void {
    this.#unwritten.delete(booking.attempt)
    this.#isFolding = true
    this.#book(booking.attempt, booking.state, booking, momentOfEvent(booking.atMs))
    this.#isFolding = false
  }

  #balancesOf({ balances }: Hold, at: Moment): readonly Balance[] {
    return balances.map((id) => this.#accounts.balanceOf(id, at)).filter((balance) => balance !== undefined)
  }
}

/** What is charged where nobody knows better. */
export function estimateOf({ nanoUsd, tokens }: Hold): Charge {
  return { nanoUsd, tokens, isEstimate: true }
}

function bookingsOf(event: Event): readonly Booking[] {
  if (event.type === 'call.ended') return event.bookings ?? NO_BOOKINGS
  return event.type === 'attempt.booked' ? [event.booking] : NO_BOOKINGS
}

const NO_BOOKINGS: readonly Booking[] = []

function leastLimit({ budgets }: Balance): number | undefined {
  let least: number | undefined
  for (const { limit } of budgets) if (least === undefined || limit < least) least = limit
  return least
}

function bookedEvent(booking: Booking, hold: Hold, owner: HoldOwner): AttemptBooked {
  return {
    type: 'attempt.booked',
    atMs: booking.atMs,
    ...owner,
    provider: hold.provider,
    target: hold.target,
    booking,
    costNanoUsd: booking.state === 'released' ? undefined : booking.nanoUsd,
    priceVersion: hold.priceVersion,
  }
}
