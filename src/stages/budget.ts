import { GatewayError } from '../core/errors.ts'
import type { Stage } from '../core/stage.ts'
import type { Balance } from '../ledger/balance.ts'
import { budgetExceeded } from '../ledger/refusal.ts'
import type { MoneyDeps } from './hold.ts'

/** What refusing for an empty budget needs. */
interface BudgetDeps<In> extends MoneyDeps {
  /** The configured name of what is asked for. */
  readonly subjectOf: (input: In) => string
  /** For calls whose tokens nobody knows, then or later: who serves them, and what they are in words. Budgets in tokens refuse them. */
  readonly untold?: { readonly providerOf: (input: In) => string; readonly what: string }
}

/**
 * How much: refuses a call for which a budget has no room whatever it takes, before anything is looked up or routed for it. Whether what it
 * may take fits is decided attempt by attempt, in `meter`: only there it is known what it may cost.
 * @throws budget_exceeded, budget_unbounded
 */
export function budget<In, Part>(deps: BudgetDeps<In>): Stage<In, Part> {
  return (call, input, next) => {
    if (!deps.ledger.hasRules) return next(call, input)
    const at = deps.moment()
    const { balances } = deps.ledger.accountsOf(call.principal, call.trace.traceId, at)
    for (const balance of balances) {
      if (deps.untold !== undefined && balance.unit === 'tokens') refuseUntold(balance, deps.untold, deps.subjectOf(input), input)
      // A model may cost nothing; but every call is a call, and has tokens.
      const least = balance.unit === 'usd' ? 0 : 1
      for (const each of balance.budgets) {
        if (each.mode === 'soft' || balance.settledAt(at) + balance.held + least <= each.limit) continue
        // Of a scope that names providers, only an attempt knows.
        if (each.scope?.matches(deps.subjectOf(input), undefined) ?? true)
          throw budgetExceeded(balance, each, { nanoUsd: 0, tokens: 1 }, at)
      }
    }
    return next(call, input)
  }
}

/** What is not counted would be free. */
function refuseUntold<In>(balance: Balance, untold: NonNullable<BudgetDeps<In>['untold']>, subject: string, input: In): void {
  const isAbout = balance.budgets.some(({ mode, scope }) => mode !== 'soft' && (scope?.matches(subject, untold.providerOf(input)) ?? true))
  if (!isAbout) return
  throw new GatewayError(
    'budget_unbounded',
    `The budget of ${balance.account} counts tokens, and nobody knows those of ${untold.what}. Ask whoever runs this gateway for a budget in US dollars or calls, or one that leaves ${subject} out.`,
  )
}
