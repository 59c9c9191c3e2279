import type { Stage } from '../core/stage.ts'
import { budgetExceeded } from '../ledger/refusal.ts'
import type { MoneyDeps } from './hold.ts'

/** What refusing for an empty budget needs. */
interface BudgetDeps<In> extends MoneyDeps {
  /** The configured name of what is asked for. */
  readonly subjectOf: (input: In) => string
}

/**
 * How much: refuses a call for which a budget has no room whatever it takes, before anything is looked up or routed for it. Whether what it
 * may take fits is decided attempt by attempt, in `meter`: only there it is known what it may cost.
 * @throws budget_exceeded
 */
export function budget<In, Part>(deps: BudgetDeps<In>): Stage<In, Part> {
  return (call, input, next) => {
    if (!deps.ledger.hasRules) return next(call, input)
    const at = deps.moment()
    const { balances } = deps.ledger.accountsOf(call.principal, call.trace.traceId, at)
    for (const balance of balances) {
      // A model may cost nothing; but every call is a call, and has tokens.
      const least = balance.unit === 'usd' ? 0 : 1
      for (const each of balance.budgets) {
        if (each.mode === 'soft' || balance.settledAt(at) + balance.held + least <= each.limit) continue
        // Of a scope that names providers, only an attempt knows.
        if (each.scope?.matches(deps.subjectOf(input), '') ?? true) throw budgetExceeded(balance, each, { nanoUsd: 0, tokens: 1 }, at)
      }
    }
    return next(call, input)
  }
}
