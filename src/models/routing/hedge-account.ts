import type { HedgeRules } from './types.ts'

/** After so many calls all counts are halved, so that old ones weigh less. */
const REMEMBERED_CALLS = 1000

/** What second attempts have cost a route, in calls and in money. */
export class HedgeAccount {
  #calls = 0
  #hedges = 0
  #spentNanoUsd = 0
  #hedgedNanoUsd = 0
  /** Second attempts whose cost is not known yet. */
  #pending = 0
  #settledAttempts = 0

  /** A call of the route. */
  count(): void {
    this.#calls++
    if (this.#calls < REMEMBERED_CALLS) return
    this.#calls /= 2
    this.#hedges /= 2
    this.#spentNanoUsd /= 2
    this.#hedgedNanoUsd /= 2
    this.#settledAttempts /= 2
  }

  /** Takes a second attempt out of what is allowed. @returns false where nothing is left */
  take({ share, spendShare }: HedgeRules): boolean {
    if (this.#hedges + 1 > share * this.#calls) return false
    if (this.#hedgedNanoUsd + this.#expectedNanoUsd() > spendShare * this.#spentNanoUsd) return false
    this.#hedges++
    this.#pending++
    return true
  }

  /** One that was taken is not made after all. */
  giveBack(): void {
    this.#hedges--
    this.#pending--
  }

  /** What those under way will cost: as much as attempts do. Where nothing is known yet, one of them is enough. */
  #expectedNanoUsd(): number {
    if (this.#pending === 0) return 0
    return this.#settledAttempts === 0 ? Number.POSITIVE_INFINITY : (this.#pending * this.#spentNanoUsd) / this.#settledAttempts
  }

  /** An attempt was settled. */
  settle(costNanoUsd: number, of: 'first' | 'hedge'): void {
    this.#spentNanoUsd += costNanoUsd
    this.#settledAttempts++
    if (of === 'first') return
    this.#hedgedNanoUsd += costNanoUsd
    this.#pending--
  }
}
