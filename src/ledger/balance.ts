import type { BalanceKey } from './balance-id.ts'
import { balanceId } from './balance-id.ts'
import type { Moment } from './moment.ts'
import { type Period, ROLLING_MS, type Span, spanAt } from './periods.ts'
import { RollingSum } from './rolling-sum.ts'
import type { Budget, BudgetUnit } from './rules.ts'

/** A clock that is set back by less than this leaves the period as it is: budgets do not open again. */
const SMALL_STEP_MS = 26 * 3_600_000

const MOST_SPANS = 1000

/** Gives the span of a period, computed once for all balances that share it. */
export type SpanOf = (period: Exclude<Period, { type: 'rolling' }>, atMs: number) => Span

/** What is stored of a balance. */
export interface StoredBalance {
  readonly id: string
  readonly sinceMs: number
  /** Of a calendar period or a total. Decimal. */
  readonly settled?: string
  readonly startMs?: number
  /** Of a rolling period. */
  readonly steps?: readonly (readonly [number, number])[]
  readonly unpriced?: number
  /** Percentages that were told of in this period, by `mode limit`. */
  readonly alerted?: Readonly<Record<string, number>>
}

/** What balances of many accounts have in common. Shared: there are few of them, and many accounts. */
export interface BalanceKind extends Omit<BalanceKey, 'account'> {
  readonly spanOf: SpanOf
}

const NO_BUDGETS: readonly Budget[] = []
const NO_SPAN: Span = { startMs: Number.NEGATIVE_INFINITY, endMs: Number.NEGATIVE_INFINITY }

/** What few balances ever have. */
interface Rare {
  /** What does not fit a number: sums of a soft budget have no bound. */
  beyond: bigint
  unpriced: number
  alerted: Map<string, number> | undefined
}

/**
 * What one account has settled and holds, in one unit and period. Budgets of the same unit and period share it.
 * Amounts are whole and not negative: nano-USD, tokens or calls.
 */
export class Balance {
  // Ten thousand keys with three budgets each are thirty thousand of these: a field less is worth a line more.
  readonly id: string
  readonly account: string
  readonly #kind: BalanceKind
  /** Since when it counts: the first call that it was there for. */
  sinceMs: number
  /** Those in force; empty for one that the configuration does not name any more. */
  budgets: readonly Budget[] = NO_BUDGETS
  /** What attempts hold that are not settled yet. */
  held = 0
  readonly #window: RollingSum | undefined
  #span: Span = NO_SPAN
  #settled = 0
  #rare: Rare | undefined

  /** @param id given where it was made already: a text that is put together twice is kept twice */
  constructor(account: string, kind: BalanceKind, at: Moment, id: string = balanceId({ ...kind, account })) {
    this.id = id
    this.account = account
    this.#kind = kind
    this.sinceMs = at.wallMs
    if (kind.period.type === 'rolling') this.#window = new RollingSum(ROLLING_MS[kind.period.unit])
  }

  get unit(): BudgetUnit {
    return this.#kind.unit
  }

  get period(): Period {
    return this.#kind.period
  }

  get scope(): string | undefined {
    return this.#kind.scope
  }

  /** Settled calls in this period whose price was not known. */
  get unpriced(): number {
    return this.#rare?.unpriced ?? 0
  }

  set unpriced(calls: number) {
    if (calls !== this.unpriced) this.#rarely.unpriced = calls
  }

  /** The highest percentage that was told of in this period, by budget. */
  get alerted(): ReadonlyMap<string, number> | undefined {
    return this.#rare?.alerted
  }

  get #rarely(): Rare {
    this.#rare ??= { beyond: 0n, unpriced: 0, alerted: undefined }
    return this.#rare
  }

  get #beyond(): bigint {
    return this.#rare?.beyond ?? 0n
  }

  set #beyond(sum: bigint) {
    if (sum !== this.#beyond) this.#rarely.beyond = sum
  }

  /** What was settled in the present period, as a number: past 2^53 it is only known to be more than any limit. */
  settledAt(at: Moment): number {
    if (this.#window !== undefined) return this.#window.total(at.steadyMs)
    this.#enter(at.wallMs)
    return this.#beyond === 0n ? this.#settled : Number.MAX_SAFE_INTEGER
  }

  /** The same, exactly. */
  exactlySettledAt(at: Moment): bigint {
    if (this.#window !== undefined) return BigInt(this.#window.total(at.steadyMs))
    this.#enter(at.wallMs)
    return BigInt(this.#settled) + this.#beyond
  }

  settle(at: Moment, amount: number): void {
    if (this.#window !== undefined) {
      this.#window.add(at.steadyMs, amount)
      return
    }
    this.#enter(at.wallMs)
    const sum = this.#settled + amount
    if (Number.isSafeInteger(sum)) this.#settled = sum
    else {
      this.#beyond += BigInt(this.#settled)
      this.#settled = amount
    }
  }

  /** Remembers the highest percentage that was told of. @param budget `mode limit` */
  markAlerted(budget: string, percent: number): void {
    const rare = this.#rarely
    rare.alerted ??= new Map()
    rare.alerted.set(budget, percent)
  }

  /** Changes what was settled at a time, as far as that still counts: in the present period, or in the window. Never below nothing. */
  correct(atMs: number, amount: number): void {
    if (this.#window !== undefined) {
      this.#window.correct(atMs, amount)
      return
    }
    if (atMs < this.#span.startMs || atMs >= this.#span.endMs) return
    const settled = BigInt(this.#settled) + this.#beyond + BigInt(amount)
    const sum = settled < 0n ? 0n : settled
    const isSafe = sum <= BigInt(Number.MAX_SAFE_INTEGER)
    this.#settled = isSafe ? Number(sum) : 0
    this.#beyond = isSafe ? 0n : sum
  }

  /** At a start: what a rolling period counted at a later time than now counts now. */
  comeBack(at: Moment): void {
    this.#window?.comeBack(at.steadyMs)
  }

  /** When there is room for so much again, if nothing more is settled; undefined where no time brings it. */
  roomAt(at: Moment, limit: number, amount: number): number | undefined {
    if (amount + this.held > limit && amount > limit) return undefined
    if (this.#window !== undefined) return this.#window.atMost(at.steadyMs, Math.max(0, limit - this.held - amount))
    this.#enter(at.wallMs)
    return Number.isFinite(this.#span.endMs) ? this.#span.endMs : undefined
  }

  /** Begin and end of the present period; a rolling one has neither. */
  spanAt(at: Moment): Span | undefined {
    if (this.#window !== undefined) return undefined
    this.#enter(at.wallMs)
    return this.#span
  }

  /** Whether it may be forgotten: nothing is held or settled. */
  isEmpty(at: Moment): boolean {
    return this.held === 0 && this.unpriced === 0 && this.settledAt(at) === 0
  }

  stored(at: Moment): StoredBalance | undefined {
    if (this.isEmpty(at)) return undefined
    const sums =
      this.#window === undefined
        ? { settled: this.exactlySettledAt(at).toString(), startMs: this.#span.startMs }
        : { steps: this.#window.entries() }
    return {
      id: this.id,
      sinceMs: this.sinceMs,
      ...sums,
      ...(this.unpriced === 0 ? {} : { unpriced: this.unpriced }),
      ...(this.alerted === undefined ? {} : { alerted: Object.fromEntries(this.alerted) }),
    }
  }

  restore(stored: StoredBalance): void {
    this.sinceMs = stored.sinceMs
    this.unpriced = stored.unpriced ?? 0
    for (const [budget, percent] of Object.entries(stored.alerted ?? {})) this.markAlerted(budget, percent)
    this.#window?.restore(stored.steps ?? [])
    if (this.#window !== undefined || this.period.type === 'rolling' || stored.startMs === undefined) return
    this.#span = this.#kind.spanOf(this.period, stored.startMs)
    const settled = BigInt(stored.settled ?? '0')
    const isSafe = settled <= BigInt(Number.MAX_SAFE_INTEGER)
    this.#settled = isSafe ? Number(settled) : 0
    this.#beyond = isSafe ? 0n : settled
  }

  /**
   * Comes into the period of this time. Only time that goes on begins a period anew: a clock that is set back a little changes nothing, and
   * one that is set back far takes along what was counted, so that setting a clock never opens a budget again.
   */
  #enter(nowMs: number): void {
    const { startMs, endMs } = this.#span
    if (nowMs >= startMs && nowMs < endMs) return
    if (nowMs < startMs && startMs - nowMs < SMALL_STEP_MS) return
    if (this.period.type === 'rolling') return
    const isLater = nowMs >= endMs
    this.#span = this.#kind.spanOf(this.period, nowMs)
    if (!isLater) return
    this.#settled = 0
    this.#rare = undefined
  }
}

/** Computes each span once, for as long as it lasts: at midnight, many balances ask for the same one. */
export function sharedSpans(): SpanOf {
  const known = new Map<string, Span>()
  return (period, atMs) => {
    if (period.type === 'total') return spanAt(period, atMs)
    const name = `${period.unit} ${period.zone}`
    const span = known.get(name)
    if (span !== undefined && atMs >= span.startMs && atMs < span.endMs) return span
    const next = spanAt(period, atMs)
    if (known.size > MOST_SPANS) known.clear()
    known.set(name, next)
    return next
  }
}
