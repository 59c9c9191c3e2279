import type { Principal } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { Balance, type SpanOf } from './balance.ts'
import { balanceId, readBalanceId } from './balance-id.ts'
import { LimitWindow, type StoredWindow } from './limit-window.ts'
import type { Moment } from './moment.ts'
import type { AccountKind, AccountRule, Budget, LedgerRules, Limit } from './rules.ts'

/** What bounds the calls of one principal. */
export interface Applied {
  readonly balances: readonly Balance[]
  readonly limits: readonly LimitWindow[]
}

const NOTHING: Applied = { balances: [], limits: [] }
/** Accounts of labels and runs come from callers: what is kept of them has a bound. */
const MOST_KEPT = 1_000_000
const FIRST_PRUNE = 10_000

/** The accounts that a call touches, with their balances and limits, which are made when they are first touched. */
export class Accounts {
  readonly balances = new Map<string, Balance>()
  readonly limits = new Map<string, LimitWindow>()
  readonly #spanOf: SpanOf
  #named = new Map<string, AccountRule[]>()
  #each: readonly AccountRule[] = []
  #hasRunRules = false
  #known = new WeakMap<Principal, Applied>()
  #pruneAt = FIRST_PRUNE
  /** Windows in storage that no call has touched since the start. */
  readonly #stored = new Map<string, StoredWindow>()
  #isEmpty = true

  constructor(spanOf: SpanOf) {
    this.#spanOf = spanOf
  }

  /** Takes new rules into force. Balances stay, whatever the rules say: what was spent was spent. */
  apply(rules: LedgerRules, at: Moment): void {
    this.#named = new Map()
    this.#each = rules.accounts.filter(({ name }) => name === undefined)
    for (const rule of rules.accounts) {
      if (rule.name === undefined) continue
      const account = accountId(rule.kind, rule.name, rule.label)
      this.#named.set(account, [...(this.#named.get(account) ?? []), rule])
    }
    this.#hasRunRules = rules.accounts.some(({ kind }) => kind === 'run')
    this.#isEmpty = rules.accounts.length === 0
    this.#known = new WeakMap()
    for (const balance of this.balances.values()) balance.budgets = this.#budgetsOf(balance)
    for (const window of this.limits.values()) window.limits = []
    // Those that are named are there to be looked at before the first call.
    for (const [account, named] of this.#named) {
      for (const { budgets } of named) for (const budget of budgets) this.#balance(account, budget, at)
    }
  }

  /**
   * What applies to a call. Costs a look-up for a principal that was seen before.
   * @throws rate_limited where more accounts are counted than are kept
   */
  of(principal: Principal, runId: string, at: Moment): Applied {
    if (this.#isEmpty) return NOTHING
    if (this.#hasRunRules) return this.#make(principal, runId, at)
    const known = this.#known.get(principal)
    if (known !== undefined) return known
    const made = this.#make(principal, runId, at)
    this.#known.set(principal, made)
    return made
  }

  /** The balance of an id that an event names; made where it is not there. Undefined where it is no id of ours. */
  balanceOf(id: string, at: Moment): Balance | undefined {
    const known = this.balances.get(id)
    if (known !== undefined) return known
    const key = readBalanceId(id)
    if (key === undefined) return undefined
    const balance = new Balance(key, at, this.#spanOf)
    balance.budgets = this.#budgetsOf(balance)
    this.balances.set(id, balance)
    return balance
  }

  /** Keeps what was stored of a window for the first call that touches it. */
  restoreWindow(stored: StoredWindow): void {
    this.#stored.set(stored.id, stored)
  }

  #make(principal: Principal, runId: string, at: Moment): Applied {
    this.#prune(at)
    const budgets = new Map<string, { readonly balance: Balance; readonly budgets: Budget[] }>()
    const limits = new Map<string, { readonly window: LimitWindow; readonly limits: Limit[] }>()
    for (const { account, rule } of this.#rulesFor(principal, runId)) {
      for (const budget of rule.budgets) {
        const balance = this.#balance(account, budget, at)
        const entry = budgets.get(balance.id)
        if (entry === undefined) budgets.set(balance.id, { balance, budgets: [budget] })
        else entry.budgets.push(budget)
      }
      for (const limit of rule.limits) {
        const window = this.#window(account, limit)
        const entry = limits.get(window.id)
        if (entry === undefined) limits.set(window.id, { window, limits: [limit] })
        else entry.limits.push(limit)
      }
    }
    for (const entry of budgets.values()) entry.balance.budgets = entry.budgets
    for (const entry of limits.values()) entry.window.limits = entry.limits
    return { balances: [...budgets.values()].map(({ balance }) => balance), limits: [...limits.values()].map(({ window }) => window) }
  }

  *#rulesFor(principal: Principal, runId: string): Generator<{ readonly account: string; readonly rule: AccountRule }> {
    for (const { kind, name, label, account } of accountsOf(principal, runId)) {
      for (const rule of this.#named.get(account) ?? []) if (isInTeam(rule, principal)) yield { account, rule }
      for (const rule of this.#each) {
        if (rule.kind === kind && rule.label === label && name !== '' && isInTeam(rule, principal)) yield { account, rule }
      }
    }
  }

  /** The budgets of the present rules that a balance counts for, whatever team its account is of. */
  #budgetsOf(balance: Balance): readonly Budget[] {
    const [, kind, label] = /^(\w+):(?:([^=]*)=)?/.exec(balance.account) ?? []
    const each = this.#each.filter((rule) => rule.kind === kind && (kind !== 'label' || rule.label === label))
    return [...(this.#named.get(balance.account) ?? []), ...each]
      .flatMap(({ budgets }) => budgets)
      .filter(({ unit, period, scope }) => balanceId({ unit, period, scope: scope?.name, account: balance.account }) === balance.id)
  }

  #balance(account: string, { unit, period, scope }: Budget, at: Moment): Balance {
    const key = { unit, period, scope: scope?.name, account }
    const id = balanceId(key)
    let balance = this.balances.get(id)
    if (balance === undefined) {
      balance = new Balance(key, at, this.#spanOf)
      balance.budgets = this.#budgetsOf(balance)
      this.balances.set(id, balance)
    }
    return balance
  }

  #window(account: string, limit: Limit): LimitWindow {
    const id = LimitWindow.idOf(account, limit)
    let window = this.limits.get(id)
    if (window === undefined) {
      window = new LimitWindow(account, limit)
      const stored = this.#stored.get(id)
      if (stored !== undefined) window.restore(stored)
      this.#stored.delete(id)
      this.limits.set(id, window)
    }
    return window
  }

  /** Forgets accounts with nothing on them, now and then. */
  #prune(at: Moment): void {
    const size = this.balances.size + this.limits.size
    if (size < this.#pruneAt) return
    for (const [id, balance] of this.balances) if (balance.isEmpty(at)) this.balances.delete(id)
    for (const [id, window] of this.limits) if (window.isEmpty(at)) this.limits.delete(id)
    // What is remembered of principals may name what was just forgotten.
    this.#known = new WeakMap()
    const left = this.balances.size + this.limits.size
    if (left >= MOST_KEPT) {
      throw new GatewayError(
        'rate_limited',
        `More than ${MOST_KEPT} accounts are being counted; no new one is taken until some are over.`,
        {
          retryAfterSeconds: 60,
        },
      )
    }
    this.#pruneAt = Math.min(MOST_KEPT, Math.max(FIRST_PRUNE, left * 2))
  }
}

/** The name of an account: `team:support`, `label:feature=search`. */
export function accountId(kind: AccountKind, name: string, label?: string): string {
  return label === undefined ? `${kind}:${name}` : `${kind}:${label}=${name}`
}

interface AccountName {
  readonly kind: AccountKind
  readonly name: string
  readonly label: string | undefined
  readonly account: string
}

/** Every account that a call touches, from the whole to the part. */
export function accountsOf(principal: Principal, runId: string): readonly AccountName[] {
  const { organisation, team, user, keyId, labels } = principal
  const accounts = [named('organisation', organisation), named('team', team), named('user', user), named('key', keyId)]
  for (const [label, value] of Object.entries(labels))
    accounts.push({ kind: 'label', name: value, label, account: accountId('label', value, label) })
  accounts.push(named('run', runId))
  return accounts.filter((account) => account !== undefined)
}

function named(kind: AccountKind, name: string | undefined): AccountName | undefined {
  return name === undefined ? undefined : { kind, name, label: undefined, account: accountId(kind, name) }
}

function isInTeam({ team }: AccountRule, principal: Principal): boolean {
  return team === undefined || team === principal.team
}
