import type { Principal } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { Balance, type BalanceKind, type SpanOf } from './balance.ts'
import { type BalanceKey, balanceId, readBalanceId } from './balance-id.ts'
import { broughtBack, isInWindow, LimitWindow, type StoredWindow } from './limit-window.ts'
import type { Moment } from './moment.ts'
import type { AccountKind, AccountRule, Budget, LedgerRules, Limit } from './rules.ts'

/** What bounds the calls of one principal. */
export interface Applied {
  readonly balances: readonly Balance[]
  readonly limits: readonly LimitWindow[]
  /** Whether a budget, or a limit, is about some models or providers only. */
  readonly isScoped: boolean
  readonly isStrict: boolean
}

interface Found extends Applied {
  readonly principal: Principal
}

const NO_WINDOWS: readonly LimitWindow[] = []
const NOTHING: Applied = { balances: [], limits: NO_WINDOWS, isScoped: false, isStrict: false }
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
  /** Every list of budgets that a balance has. */
  #lists: (readonly Budget[])[] = []
  /** What balances have in common, by unit, period and scope. */
  readonly #kinds = new Map<string, BalanceKind>()
  /** By key: what was found for its principal last. A key's principal is the same object until it changes, or its caller sends labels. */
  #known = new Map<string, Found>()
  #pruneAt = FIRST_PRUNE
  /** Windows in storage that no call has touched since the start. */
  readonly #stored = new Map<string, StoredWindow>()
  /** Whether no rule is in force: then nothing of this costs a call anything. */
  isEmpty = true
  /** Whether a limit is about some models or providers only: then attempts are counted too. */
  hasScopedLimits = false

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
    this.isEmpty = rules.accounts.length === 0
    this.hasScopedLimits = rules.accounts.some(({ limits }) => limits.some(({ scope }) => scope !== undefined))
    this.#known = new Map()
    this.#lists = []
    for (const balance of this.balances.values()) balance.budgets = this.#budgetsOf(balance)
    for (const window of this.limits.values()) window.limits = []
    // Those that are named are there to be looked at before the first call.
    for (const [account, named] of this.#named) {
      for (const balance of named.flatMap(({ budgets }) => budgets.map((budget) => this.#balance(account, budget, at)))) {
        balance.budgets = this.#budgetsOf(balance)
      }
    }
  }

  /** Whether no new account is taken. */
  get isFull(): boolean {
    return this.balances.size + this.limits.size >= MOST_KEPT
  }

  /**
   * What applies to a call. Costs a look-up for a principal that was seen before.
   * @throws rate_limited where more accounts are counted than are kept
   */
  of(principal: Principal, runId: string, at: Moment): Applied {
    if (this.isEmpty) return NOTHING
    if (this.#hasRunRules) return this.#make(principal, runId, at)
    const keyId = principal.keyId ?? ''
    const known = this.#known.get(keyId)
    if (known?.principal === principal) return known
    const found = this.#make(principal, runId, at)
    this.#known.set(keyId, found)
    return found
  }

  /** The balance of an id that an event names; made where it is not there. Undefined where it is no id of ours. */
  balanceOf(id: string, at: Moment): Balance | undefined {
    const known = this.balances.get(id)
    if (known !== undefined) return known
    const key = readBalanceId(id)
    if (key === undefined) return undefined
    const balance = new Balance(key.account, this.#kindOf(key), at, id)
    balance.budgets = this.#budgetsOf(balance)
    this.balances.set(id, balance)
    return balance
  }

  /** Keeps what was stored of a window for the first call that touches it. */
  restoreWindow(stored: StoredWindow, at: Moment): void {
    this.#stored.set(stored.id, broughtBack(stored, at))
  }

  /** At a start, when all was folded: what counted at a later time than now counts now. */
  comeBack(at: Moment): void {
    for (const balance of this.balances.values()) balance.comeBack(at)
    for (const window of this.limits.values()) window.comeBack(at)
  }

  /** What a restart must know of the limits. */
  storedWindows(at: Moment): readonly StoredWindow[] {
    const touched = [...this.limits.values()].map((window) => window.stored(at)).filter((stored) => stored !== undefined)
    return [...touched, ...[...this.#stored.values()].filter((stored) => isInWindow(stored, at))]
  }

  /** Written for many keys that come at once: it leaves little behind for the collector. */
  #make(principal: Principal, runId: string, at: Moment): Found {
    this.#prune(at)
    const made: Made = { balances: [], budgets: [], windows: [], limits: [] }
    for (const { kind, name, label, account } of accountsOf(principal, runId)) {
      for (const rule of this.#named.get(account) ?? NO_RULES) if (isInTeam(rule, principal)) this.#take(rule, account, made, at)
      for (const rule of this.#each) {
        if (rule.kind === kind && rule.label === label && name !== '' && isInTeam(rule, principal)) this.#take(rule, account, made, at)
      }
    }
    for (const [index, balance] of made.balances.entries()) balance.budgets = this.#shared(made.budgets[index] ?? [])
    for (const [index, window] of made.windows.entries()) window.limits = made.limits[index] ?? []
    const isScoped = made.balances.some(({ scope }) => scope !== undefined) || made.windows.some(({ scope }) => scope !== undefined)
    const isStrict = made.balances.some(isBalanceStrict)
    return { principal, balances: made.balances, limits: made.windows.length === 0 ? NO_WINDOWS : made.windows, isScoped, isStrict }
  }

  #take({ budgets, limits }: AccountRule, account: string, made: Made, at: Moment): void {
    for (const budget of budgets) addTo(made.balances, made.budgets, this.#balance(account, budget, at), budget)
    for (const limit of limits) addTo(made.windows, made.limits, this.#window(account, limit), limit)
  }

  /** The budgets of the present rules that a balance counts for, whatever team its account is of. */
  #budgetsOf(balance: Balance): readonly Budget[] {
    const [, kind, label] = /^(\w+):(?:([^=]*)=)?/.exec(balance.account) ?? []
    const each = this.#each.filter((rule) => rule.kind === kind && (kind !== 'label' || rule.label === label))
    const budgets = [...(this.#named.get(balance.account) ?? []), ...each]
      .flatMap(({ budgets }) => budgets)
      .filter(({ unit, period, scope }) => balanceId({ unit, period, scope: scope?.name, account: balance.account }) === balance.id)
    return this.#shared(budgets)
  }

  /** One list for all that have the same: there are few rules and many accounts. */
  #shared(budgets: readonly Budget[]): readonly Budget[] {
    const known = this.#lists.find((list) => list.length === budgets.length && list.every((budget, index) => budget === budgets[index]))
    if (known !== undefined) return known
    this.#lists.push(budgets)
    return budgets
  }

  #balance(account: string, { unit, period, scope }: Budget, at: Moment): Balance {
    const key = { unit, period, scope: scope?.name, account }
    const id = balanceId(key)
    let balance = this.balances.get(id)
    if (balance === undefined) {
      balance = new Balance(account, this.#kindOf(key), at, id)
      this.balances.set(id, balance)
    }
    return balance
  }

  #kindOf({ unit, period, scope }: BalanceKey): BalanceKind {
    const name = balanceId({ unit, period, scope, account: '' })
    const known = this.#kinds.get(name)
    if (known !== undefined) return known
    const kind = { unit, period, scope, spanOf: this.#spanOf }
    this.#kinds.set(name, kind)
    return kind
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
    this.#known = new Map()
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

/** Whether one of its budgets is strict. */
export function isBalanceStrict({ budgets }: Balance): boolean {
  return budgets.some(({ mode }) => mode === 'strict')
}

/** What applies to a principal while it is gathered: owners, and the rules of each. */
interface Made {
  readonly balances: Balance[]
  readonly budgets: Budget[][]
  readonly windows: LimitWindow[]
  readonly limits: Limit[][]
}

const NO_RULES: readonly AccountRule[] = []

function addTo<Owner, Rule>(owners: Owner[], rules: Rule[][], owner: Owner, rule: Rule): void {
  const at = owners.indexOf(owner)
  if (at !== -1) rules[at]?.push(rule)
  else {
    owners.push(owner)
    rules.push([rule])
  }
}

/** The name of an account: `team:support`, `label:feature=search`. */
function accountId(kind: AccountKind, name: string, label?: string): string {
  return label === undefined ? `${kind}:${name}` : `${kind}:${label}=${name}`
}

interface AccountName {
  readonly kind: AccountKind
  readonly name: string
  readonly label: string | undefined
  readonly account: string
}

/** Every account that a call touches, from the whole to the part. */
function accountsOf(principal: Principal, runId: string): readonly AccountName[] {
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
