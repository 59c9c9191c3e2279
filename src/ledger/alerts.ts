import type { BudgetAlerted } from '../core/events.ts'
import type { Balance } from './balance.ts'
import type { Moment } from './moment.ts'

/** What is to be told of a balance now, and marks it as told: each threshold once a period. Of several that were passed at once, the highest. */
export function dueAlerts(balance: Balance, at: Moment): readonly Omit<BudgetAlerted, 'type'>[] {
  let due: Omit<BudgetAlerted, 'type'>[] | undefined
  const settled = balance.settledAt(at)
  for (const { alertAt, limit, mode } of balance.budgets) {
    const [first] = alertAt
    // Nearly every booking ends here.
    if (first === undefined || (!isPast(settled, limit, first) && balance.alerted === undefined)) continue
    const percent = alertAt.findLast((threshold) => isPast(settled, limit, threshold))
    const name = `${mode} ${limit}`
    const told = balance.alerted?.get(name) ?? 0
    // What leaves a rolling window makes its thresholds count again.
    if (balance.period.type === 'rolling' && (percent ?? 0) < told) balance.markAlerted(name, percent ?? 0)
    if (percent === undefined || percent <= told) continue
    balance.markAlerted(name, percent)
    due ??= []
    const endMs = balance.spanAt(at)?.endMs
    const resetsAtMs = endMs === undefined || !Number.isFinite(endMs) ? undefined : endMs
    due.push({ atMs: at.wallMs, balance: balance.id, mode, limit, percent, settled, resetsAtMs })
  }
  return due ?? NONE
}

/** Without a division: 7 / 100 * 100 is more than 7. */
function isPast(settled: number, limit: number, percent: number): boolean {
  return settled * 100 >= limit * percent
}

const NONE: readonly never[] = []
