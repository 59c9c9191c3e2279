import { GatewayError } from '../core/errors.ts'
import { formatUsd } from '../core/money.ts'
import type { Balance } from './balance.ts'
import { type Amounts, amountIn } from './charge.ts'
import type { Moment } from './moment.ts'
import type { Budget, BudgetUnit } from './rules.ts'

/** An amount as people write it: `$0.25`, `1200 tokens`, `3 calls`. */
function formatAmount(unit: BudgetUnit, amount: number | bigint): string {
  return unit === 'usd' ? `$${formatUsd(amount)}` : `${amount} ${unit}`
}

/** The refusal of a budget without room: whose it is, how much of it is gone, and when there is room again. */
export function budgetExceeded(balance: Balance, budget: Budget, amounts: Amounts, at: Moment): GatewayError {
  const { unit, limit, mode } = budget
  const amount = amountIn(unit, amounts)
  const settled = formatAmount(unit, balance.exactlySettledAt(at))
  const parts = [`${settled} settled`, `${formatAmount(unit, balance.held)} held by running calls`]
  const roomAtMs = balance.roomAt(at, limit, amount)
  const message =
    `The budget of ${balance.account}${scopeText(balance.scope)} has no room for this call: its limit is ${formatAmount(unit, limit)} ${perText(balance)} (${mode}), ` +
    `${parts.join(' and ')}, and this call may take ${formatAmount(unit, amount)}. ${resetText(roomAtMs, amount > limit)}`
  const seconds = roomAtMs === undefined ? undefined : Math.max(1, Math.ceil((roomAtMs - at.wallMs) / 1000))
  return new GatewayError('budget_exceeded', message, seconds === undefined ? {} : { retryAfterSeconds: seconds })
}

/** The refusal of a model without a price. */
export function modelUnpriced(balance: Balance, budget: Budget, model: string): GatewayError {
  const remedy =
    budget.mode === 'strict'
      ? 'give the model a price in the configuration (0 where it costs nothing)'
      : 'give the model a price in the configuration (0 where it costs nothing), or set `unpriced: allow` on the budget'
  return new GatewayError(
    'model_unpriced',
    `The price of the model "${model}" is not known, and the budget of ${balance.account}${scopeText(balance.scope)} (${formatAmount('usd', budget.limit)} ${perText(balance)}, ${budget.mode}) counts US dollars. Whoever runs this gateway can ${remedy}.`,
  )
}

/** The refusal of what a strict budget cannot bound. */
export function budgetUnbounded(balance: Balance, budget: Budget, what: string): GatewayError {
  return new GatewayError(
    'budget_unbounded',
    `The budget of ${balance.account}${scopeText(balance.scope)} (${formatAmount(budget.unit, budget.limit)} ${perText(balance)}) is strict, and what this call may cost cannot be bounded before it is sent: it has ${what}. Leave that out, or ask whoever runs this gateway for a budget of mode hard.`,
  )
}

/** `per day (Europe/Zurich)`, `in any 30 days`, `in total`. */
export function perText({ period }: Pick<Balance, 'period'>): string {
  if (period.type === 'total') return 'in total'
  if (period.type === 'calendar') return `per ${period.unit}${period.zone === 'UTC' ? '' : ` (${period.zone})`}`
  return period.unit === 'month' ? 'in any 30 days' : `in any ${period.unit}`
}

/** ` for providers=azure`: what a scope leaves in; nothing where there is none. */
export function scopeText(scope: string | undefined): string {
  return scope === undefined ? '' : ` for ${scope}`
}

/** `in any minute`: a limit holds wherever the time begins. */
export function perTimeText(per: string | undefined): string {
  return per === undefined ? '' : `in any ${per}`
}

function resetText(roomAtMs: number | undefined, isTooLarge: boolean): string {
  if (isTooLarge) return 'It is more than the whole budget; ask for less, or for a larger budget.'
  if (roomAtMs === undefined) return 'It does not reset; only a larger limit makes room.'
  return `There is room again at ${new Date(roomAtMs).toISOString()}.`
}
