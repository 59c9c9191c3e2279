import { type Period, periodName, readPeriodName } from './periods.ts'
import { BUDGET_UNITS, type BudgetUnit } from './rules.ts'

/** What a balance is of. */
export interface BalanceKey {
  readonly unit: BudgetUnit
  readonly period: Period
  /** Name of the scope, or undefined where every call of the account counts. */
  readonly scope: string | undefined
  /** `team:support`. */
  readonly account: string
}

/** The name of a balance in events and reports: `usd month team:support`, `usd day@Europe/Zurich models=claude* key:abc`. */
export function balanceId({ unit, period, scope, account }: BalanceKey): string {
  return `${unit} ${periodName(period)} ${scope === undefined ? '' : `${scope} `}${account}`
}

const ID = /^(\S+) (\S+) (?:((?:models|providers)=\S+) )?((?:organisation|team|user|key|label|run):.+)$/s

/** Reads the name of a balance back; undefined where it is none of ours. */
export function readBalanceId(id: string): BalanceKey | undefined {
  const [, unit, name = '', scope, account] = ID.exec(id) ?? []
  const known = BUDGET_UNITS.find((each) => each === unit)
  const period = readPeriodName(name)
  return known === undefined || period === undefined || account === undefined ? undefined : { unit: known, period, scope, account }
}
