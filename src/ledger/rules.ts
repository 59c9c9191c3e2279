import type { Period } from './periods.ts'

/** What a budget counts. */
export const BUDGET_UNITS = ['usd', 'tokens', 'calls'] as const
export type BudgetUnit = (typeof BUDGET_UNITS)[number]

/** `soft` says so; `hard` admits what is estimated to fit; `strict` never lets more be spent than there is. */
export const BUDGET_MODES = ['soft', 'hard', 'strict'] as const
export type BudgetMode = (typeof BUDGET_MODES)[number]

/** Which calls of an account count: those of some models or providers. */
export interface Scope {
  /** Part of the ids of what is scoped: `models=claude*`. No spaces. */
  readonly name: string
  /** @param provider undefined: not known yet, and then no scope that names providers matches */
  matches(model: string, provider: string | undefined): boolean
}

/** How much may be spent. Amounts are nano-USD, tokens or calls, as the unit says. */
export interface Budget {
  readonly unit: BudgetUnit
  readonly limit: number
  readonly mode: BudgetMode
  readonly period: Period
  /** Percentages of the limit at which somebody is told, rising. */
  readonly alertAt: readonly number[]
  /** What becomes of a call whose price is not known: strict budgets always refuse it. */
  readonly unpriced: 'refuse' | 'allow'
  readonly scope?: Scope
}

/** How often. */
export interface Limit {
  readonly unit: 'requests' | 'tokens' | 'concurrent'
  readonly limit: number
  /** Length of the window; absent for `concurrent`. */
  readonly perMs?: number
  /** As the operator wrote it, for messages: `minute`. */
  readonly per?: string
  /** How long a call may wait for its turn; absent: it is refused at once. */
  readonly waitMs?: number
  /** How many may wait. */
  readonly queue?: number
  readonly scope?: Scope
}

/** The kinds of accounts, from the whole to the part. */
const ACCOUNT_KINDS = ['organisation', 'team', 'user', 'key', 'label', 'run'] as const
export type AccountKind = (typeof ACCOUNT_KINDS)[number]

/** What holds for an account, or for each account of a kind. */
export interface AccountRule {
  readonly kind: AccountKind
  /** The account's name; absent: each account of the kind. Of a label, its value. */
  readonly name?: string
  /** Of a label: its name. */
  readonly label?: string
  /** Only what belongs to this team. */
  readonly team?: string
  readonly budgets: readonly Budget[]
  readonly limits: readonly Limit[]
}

/** Everything that the configuration says of money and limits. Immutable; swapped whole. */
export interface LedgerRules {
  readonly accounts: readonly AccountRule[]
  /** What becomes of what was held when the process died. */
  readonly onCrash: 'charge-estimate' | 'release'
}

/** Nothing is bounded. */
export const NO_RULES: LedgerRules = { accounts: [], onCrash: 'charge-estimate' }
