import type { BudgetAlerted } from '../core/events.ts'
import type { Balance } from './balance.ts'
import type { Moment } from './moment.ts'

/** What is to be told of a balance now, and marks it as told: each threshold once a period. Of several that were passed at once, the highest. */
export function dueAlerts(balance: Balance, at: Moment): readonly Omit<BudgetAlerted, 'type'>[] {
  const due: Omit<BudgetAlerted, 'type'>[] = []
  for (const { alertAt, limit, mode } of balance.budgets) {
    if (alertAt.length === 0) continue
    const settled = balance.settledAt(at)
    const percent = alertAt.findLast((threshold) => settled >= (limit / 100) * threshold)
    const name = `${mode} ${limit}`
    const told = balance.alerted.get(name) ?? 0
    // What leaves a rolling window makes its thresholds count again.
    if (balance.period.type === 'rolling' && (percent ?? 0) < told) balance.alerted.set(name, percent ?? 0)
    if (percent === undefined || percent <= told) continue
    balance.alerted.set(name, percent)
    const endMs = balance.spanAt(at)?.endMs
    const resetsAtMs = endMs === undefined || !Number.isFinite(endMs) ? undefined : endMs
    due.push({ atMs: at.wallMs, balance: balance.id, mode, limit, percent, settled, resetsAtMs })
  }
  return due
}
