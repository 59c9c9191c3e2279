import type { Hold } from '../core/booking.ts'
import type { SpanOf } from '../ledger/balance.ts'
import { type BalanceKey, readBalanceId } from '../ledger/balance-id.ts'
import { type Amounts, amountIn } from '../ledger/charge.ts'
import type { Period } from '../ledger/periods.ts'
import type { Budget } from '../ledger/rules.ts'

/** A budget, and the balance that it is of. */
export interface ModelBudget extends Pick<Budget, 'unit' | 'limit' | 'mode' | 'period'> {
  readonly balance: string
}

interface Entry {
  readonly balance: string
  readonly atMs: number
  readonly amount: number
}

/** What a ledger should say: a list of all entries, added up anew whenever somebody asks. Slow, and too simple to be wrong. */
export class LedgerModel {
  readonly #entries: Entry[] = []
  readonly #open = new Map<string, Hold>()
  readonly #overcharged = new Set<string>()
  readonly #spanOf: SpanOf

  constructor(spanOf: SpanOf) {
    this.#spanOf = spanOf
  }

  allows(budgets: readonly ModelBudget[], amounts: Amounts, nowMs: number): boolean {
    return budgets.every(({ balance, unit, limit, mode }) => {
      if (unit === 'usd' && amounts.nanoUsd === undefined && mode === 'strict') return false
      const { settled, held } = this.balance(balance, nowMs)
      return mode === 'soft' || settled + held + amountIn(unit, amounts) <= limit
    })
  }

  hold(hold: Hold): void {
    this.#open.set(hold.attempt, hold)
  }

  open(): readonly Hold[] {
    return [...this.#open.values()]
  }

  /** Ends a hold: with what it cost, or with nothing. False where it had ended already. */
  book(hold: Hold, charge: Amounts | undefined, atMs: number): boolean {
    if (!this.#open.delete(hold.attempt)) return false
    if (charge === undefined) return true
    for (const balance of hold.balances) {
      const unit = unitOf(balance)
      this.#entries.push({ balance, atMs, amount: amountIn(unit, charge) })
      if (amountIn(unit, charge) > amountIn(unit, hold)) this.#overcharged.add(balance)
    }
    return true
  }

  /** Whether more was ever charged there than was held. */
  wasOvercharged(balance: string): boolean {
    return this.#overcharged.has(balance)
  }

  balance(id: string, nowMs: number): { readonly settled: number; readonly held: number } {
    const startMs = this.#startOf(keyOf(id).period, nowMs)
    const counted = this.#entries.filter(({ balance, atMs }) => balance === id && atMs >= startMs)
    const holds = this.open().filter(({ balances }) => balances.includes(id))
    return {
      settled: counted.reduce((sum, { amount }) => sum + amount, 0),
      held: holds.reduce((sum, hold) => sum + amountIn(unitOf(id), hold), 0),
    }
  }

  #startOf(period: Period, nowMs: number): number {
    if (period.type === 'rolling') throw new Error('The model knows calendar periods and totals only.')
    return this.#spanOf(period, nowMs).startMs
  }

  totalHeld(): number {
    return this.open().reduce((sum, hold) => hold.balances.reduce((held, id) => held + amountIn(unitOf(id), hold), sum), 0)
  }
}

/** Read once each: they are asked for millions of times. */
const keys = new Map<string, BalanceKey>()

function keyOf(balance: string): BalanceKey {
  const key = keys.get(balance) ?? readBalanceId(balance)
  if (key === undefined) throw new Error(`${balance} is no id of a balance.`)
  keys.set(balance, key)
  return key
}

function unitOf(balance: string): Budget['unit'] {
  return keyOf(balance).unit
}
