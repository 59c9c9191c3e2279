import { z } from '@hono/zod-openapi'
import { formatUsd } from '../../core/money.ts'
import type { Balance } from '../../ledger/balance.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Moment } from '../../ledger/moment.ts'
import { perText } from '../../ledger/refusal.ts'
import type { Budget, BudgetUnit } from '../../ledger/rules.ts'
import { matchesPattern } from '../../policy/patterns.ts'
import { defined } from './defined.ts'
import { isoTime } from './shapes.ts'

const amount = z.string().describe('Decimal US dollars, or a number of tokens or calls, as the unit says.')

export const shownBudget = z
  .object({
    balance: z.string().describe('Names what is counted: unit, period and account.'),
    account: z.string(),
    unit: z.enum(['usd', 'tokens', 'calls']),
    per: z.string().describe('In words, such as per month (Europe/Zurich).'),
    only: z.string().optional().describe('Models or providers that it is about; absent: all.'),
    mode: z.enum(['soft', 'hard', 'strict']),
    limit: amount,
    settled: amount,
    held: amount.describe('What running calls hold of it.'),
    left: amount.describe('0 where more is gone than there was; then over says how much.'),
    over: amount.optional(),
    percent: z.number().describe('What is settled, of the limit.'),
    unpricedCalls: z.number().optional().describe('Calls of the period whose price is not known: their cost is in no sum.'),
    since: z.string().describe('What was spent before then is not counted.'),
    resetsAt: z.string().optional().describe('When it begins anew; absent where it is rolling or a total.'),
    forecast: amount.optional().describe('What the period comes to if it goes on as it did; absent before a fiftieth of it is over.'),
  })
  .openapi('Budget')

/** A budget, as it is shown. */
export type ShownBudget = z.output<typeof shownBudget>

/** Where money is counted now. */
export interface MoneyNow {
  readonly ledger: Ledger
  readonly at: Moment
}

/** The budgets in force, the tightest first. */
export function showBudgets(
  { ledger, at }: MoneyNow,
  filter: { readonly account?: string | undefined; readonly mode?: string | undefined },
): ShownBudget[] {
  const shown: ShownBudget[] = []
  for (const balance of ledger.balances()) {
    if (filter.account !== undefined && !matchesPattern(filter.account, balance.account)) continue
    for (const budget of balance.budgets) {
      if (filter.mode === undefined || filter.mode === budget.mode) shown.push(showBudget(balance, budget, at))
    }
  }
  return shown.sort((left, right) => right.percent - left.percent || left.balance.localeCompare(right.balance))
}

function showBudget(balance: Balance, budget: Budget, at: Moment): ShownBudget {
  const { unit, mode, limit, scope } = budget
  const settled = balance.exactlySettledAt(at)
  const left = BigInt(limit) - settled - BigInt(balance.held)
  const span = balance.spanAt(at)
  const text = (value: bigint | number) => formatPlain(unit, value)
  return defined({
    balance: balance.id,
    account: balance.account,
    unit,
    per: perText(balance),
    only: scope?.name,
    mode,
    limit: text(limit),
    settled: text(settled),
    held: text(balance.held),
    left: text(left > 0n ? left : 0n),
    over: left < 0n ? text(-left) : undefined,
    percent: limit === 0 ? 100 : Math.round((Number(settled) / limit) * 1000) / 10,
    unpricedCalls: balance.unpriced === 0 ? undefined : balance.unpriced,
    since: isoTime(Math.max(balance.sinceMs, span?.startMs ?? 0)),
    resetsAt: span === undefined || !Number.isFinite(span.endMs) ? undefined : isoTime(span.endMs),
    forecast: forecast(balance, settled, at, text),
  })
}

/** Nothing is foretold from less than a fiftieth of a period. */
const LEAST_PART = 0.02

/** What the period comes to at the pace since it, or the counting, began. */
function forecast(balance: Balance, settled: bigint, at: Moment, text: (amount: bigint) => string): string | undefined {
  const span = balance.spanAt(at)
  if (span === undefined || !Number.isFinite(span.endMs)) return undefined
  const fromMs = Math.max(span.startMs, balance.sinceMs)
  const passed = at.wallMs - fromMs
  if (passed <= 0 || passed / (span.endMs - span.startMs) < LEAST_PART) return undefined
  return text((settled * BigInt(Math.round(span.endMs - fromMs))) / BigInt(Math.round(passed)))
}

function formatPlain(unit: BudgetUnit, value: bigint | number): string {
  return unit === 'usd' ? formatUsd(value) : String(value)
}
