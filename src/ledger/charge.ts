import type { NanoUsd } from '../core/money.ts'
import type { BudgetUnit } from './rules.ts'

/** What an attempt costs, or may cost: by each unit that budgets count. */
export interface Amounts {
  /** Undefined: the price is not known. */
  readonly nanoUsd?: NanoUsd | undefined
  readonly tokens: number
}

/** What of it counts on a balance of this unit. A price that is not known counts nothing there, and is counted by itself. */
export function amountIn(unit: BudgetUnit, { nanoUsd, tokens }: Amounts): number {
  switch (unit) {
    case 'usd':
      return nanoUsd ?? 0
    case 'tokens':
      return tokens
    case 'calls':
      return 1
    default:
      return unit satisfies never
  }
}
