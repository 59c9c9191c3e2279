import type { Period } from '../ledger/periods.ts'
import type { AccountKind, AccountRule, Budget, LedgerRules, Limit, Scope } from '../ledger/rules.ts'
import { matchesAny } from '../policy/patterns.ts'
import type { AccessConfig } from './access-config.ts'
import type { BudgetConfig, LimitConfig } from './budget-config.ts'
import type { MoneyConfig } from './money-config.ts'

const LIMIT_MS = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** The rules of the ledger that a checked configuration means. Pure. */
export function compileLedgerRules(access: AccessConfig, money: MoneyConfig): LedgerRules {
  const boundsOf = (written: { readonly budgets: readonly BudgetConfig[]; readonly limits: readonly LimitConfig[] }) => ({
    budgets: written.budgets.map((each) => budgetOf(each, money)),
    limits: written.limits.map(limitOf),
  })
  const rules: readonly AccountRule[] = [
    { kind: 'organisation', name: access.organisation, ...boundsOf(access) },
    ...Object.entries(access.teams).map(([name, team]) => ({ kind: 'team', name, ...boundsOf(team) }) as const),
    ...access.accounts.map((written) => ({
      ...selectorOf(written.of, access.organisation),
      ...boundsOf(written),
      ...(written.team === undefined ? {} : { team: written.team }),
    })),
  ]
  return { accounts: rules.filter(({ budgets, limits }) => budgets.length + limits.length > 0), onCrash: money.onCrash }
}

function selectorOf(written: string, organisation: string): Pick<AccountRule, 'kind' | 'name' | 'label'> {
  if (written === 'organisation') return { kind: 'organisation', name: organisation }
  const [, each, kind = '', rest = ''] = /^(each )?(\w+):?(.*)$/s.exec(written) ?? []
  // The pattern of the field lets only these through.
  const known = kind as AccountKind
  if (known !== 'label') return each === undefined ? { kind: known, name: rest } : { kind: known }
  const [label = '', value = ''] = rest.split('=')
  return each === undefined ? { kind: known, label, name: value } : { kind: known, label }
}

function budgetOf(written: BudgetConfig, money: MoneyConfig): Budget {
  const { mode, unpriced } = written
  const alertAt = [...new Set(written.alertAt)].toSorted((left, right) => left - right)
  const rest = { mode, unpriced, alertAt, period: periodOf(written, money), ...scopeOf(written) }
  if (written.usd !== undefined) return { unit: 'usd', limit: written.usd, ...rest }
  if (written.tokens !== undefined) return { unit: 'tokens', limit: written.tokens, ...rest }
  return { unit: 'calls', limit: written.calls ?? 0, ...rest }
}

function periodOf({ per, window, zone }: BudgetConfig, money: MoneyConfig): Period {
  if (per === 'total') return { type: 'total' }
  return window === 'rolling'
    ? { type: 'rolling', unit: per }
    : { type: 'calendar', unit: per, zone: per === 'hour' ? 'UTC' : (zone ?? money.zone) }
}

function limitOf(written: LimitConfig): Limit {
  const { per, wait, queue } = written
  const rest = {
    ...(per === undefined ? {} : { per, perMs: LIMIT_MS[per] }),
    ...(wait === undefined ? {} : { waitMs: wait, queue }),
    ...scopeOf(written),
  }
  if (written.requests !== undefined) return { unit: 'requests', limit: written.requests, ...rest }
  if (written.tokens !== undefined) return { unit: 'tokens', limit: written.tokens, ...rest }
  return { unit: 'concurrent', limit: written.concurrent ?? 0, ...rest }
}

function scopeOf({ models, providers }: { readonly models?: readonly string[]; readonly providers?: readonly string[] }): {
  readonly scope?: Scope
} {
  if (models === undefined && providers === undefined) return {}
  const names = [
    ...(models === undefined ? [] : [`models=${models.toSorted().join('|')}`]),
    ...(providers === undefined ? [] : [`providers=${providers.toSorted().join('|')}`]),
  ]
  const scope: Scope = {
    name: names.join(';'),
    matches: (model, provider) =>
      (models === undefined || matchesAny(models, model)) &&
      (providers === undefined || (provider !== undefined && matchesAny(providers, provider))),
  }
  return { scope }
}
