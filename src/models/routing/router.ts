import type { BreakerConfig } from './config.ts'
import { HedgeAccount } from './hedge-account.ts'
import { LaneTable } from './lanes.ts'
import { earn, FULL_BUDGET, type RetryBudget, spend } from './retry.ts'
import type { Route } from './types.ts'

/** Callers of a wildcard name as many models as they like. */
const MOST_BUDGETS = 10_000

/** What routing remembers between calls. One a gateway; a new configuration does not empty it. */
export class RouterState {
  readonly lanes: LaneTable
  /** By the name of the route. */
  readonly #budgets = new Map<string, RetryBudget>()
  readonly #hedges = new Map<string, HedgeAccount>()

  constructor(breaker: () => BreakerConfig) {
    this.lanes = new LaneTable(() => {
      const { failures, share, pause, longestPause } = breaker()
      return { failures, share, pauseMs: pause, longestPauseMs: longestPause }
    })
  }

  /** A call of a route adds to its retry budget. */
  earn({ name, retries }: Pick<Route, 'name' | 'retries'>): void {
    if (this.#budgets.size >= MOST_BUDGETS) this.#budgets.clear()
    this.#budgets.set(name, earn(this.#budgets.get(name) ?? FULL_BUDGET, retries.perCall))
  }

  /** What is known of the hedges of a route. */
  hedgesOf({ name }: Pick<Route, 'name'>): HedgeAccount {
    const known = this.#hedges.get(name)
    if (known !== undefined) return known
    const account = new HedgeAccount()
    this.#hedges.set(name, account)
    return account
  }

  /** Pays for a retry. @returns false where the budget is used up */
  spend({ name }: Pick<Route, 'name'>): boolean {
    const left = spend(this.#budgets.get(name) ?? FULL_BUDGET)
    if (left === undefined) return false
    this.#budgets.set(name, left)
    return true
  }
}
