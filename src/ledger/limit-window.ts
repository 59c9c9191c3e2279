import type { Moment } from './moment.ts'
import { endOfStep, RollingSum, stepAt } from './rolling-sum.ts'
import type { Limit, Scope } from './rules.ts'

/** What is stored of a window. */
export interface StoredWindow {
  readonly id: string
  readonly steps: readonly (readonly [number, number])[]
}

/** Whether a part of what was stored still counts. */
export function isInWindow({ id, steps }: StoredWindow, at: Moment): boolean {
  const [newest = 0] = steps.at(-1) ?? []
  return steps.length > 0 && at.steadyMs < endOfStep(newest, lengthOf(id))
}

/** What was stored, where nothing counts at a later time than now. */
export function broughtBack({ id, steps }: StoredWindow, at: Moment): StoredWindow {
  const now = stepAt(at.steadyMs, lengthOf(id))
  return { id, steps: steps.map(([step, amount]) => [Math.min(step, now), amount] as const) }
}

function lengthOf(id: string): number {
  return Number(id.split(' ', 2)[1])
}

/**
 * What one account has used of one limit: requests or tokens of the time behind, or the calls that run now. Limits of the same unit and
 * length share it.
 */
export class LimitWindow {
  readonly id: string
  readonly account: string
  readonly unit: Limit['unit']
  /** The calls that it is about; undefined: all of the account. */
  readonly scope: Scope | undefined
  /** Those in force. */
  limits: readonly Limit[] = []
  /** Calls that run, or tokens that running calls hold. */
  held = 0
  readonly #sum: RollingSum | undefined

  constructor(account: string, limit: Limit) {
    this.id = LimitWindow.idOf(account, limit)
    this.account = account
    this.unit = limit.unit
    this.scope = limit.scope
    if (limit.perMs !== undefined) this.#sum = new RollingSum(limit.perMs)
  }

  static idOf(account: string, { unit, perMs, scope }: Limit): string {
    return `${unit} ${perMs ?? 'now'} ${scope === undefined ? '' : `${scope.name} `}${account}`
  }

  /** What is used up now, what running calls hold included. */
  used(at: Moment): number {
    return this.held + (this.#sum?.total(at.steadyMs) ?? 0)
  }

  count(at: Moment, amount: number): void {
    this.#sum?.add(at.steadyMs, amount)
  }

  /** Counts what the log says of a time that may lie behind. */
  recount(atMs: number, amount: number): void {
    this.#sum?.addAt(atMs, amount)
  }

  /** At a start: what was counted at a later time than now counts now. */
  comeBack(at: Moment): void {
    this.#sum?.comeBack(at.steadyMs)
  }

  /** Milliseconds until there is room for so much, if nothing more comes; undefined where only the end of a running call brings it. */
  waitFor(at: Moment, limit: number, amount: number): number | undefined {
    const room = limit - this.held - amount
    if (this.#sum === undefined || room < 0) return undefined
    return this.#sum.atMost(at.steadyMs, room) - at.steadyMs
  }

  /** The least of the limits in force. */
  get leastLimit(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { limit } of this.limits) if (limit < least) least = limit
    return least
  }

  /** Milliseconds until nothing is used. */
  resetsIn(at: Moment): number {
    return this.#sum === undefined ? 0 : this.#sum.emptyAt(at.steadyMs) - at.steadyMs
  }

  isEmpty(at: Moment): boolean {
    return this.used(at) === 0
  }

  /** Undefined where there is nothing that a restart must remember. */
  stored(at: Moment): StoredWindow | undefined {
    const total = this.#sum?.total(at.steadyMs) ?? 0
    return total === 0 || this.#sum === undefined ? undefined : { id: this.id, steps: this.#sum.entries() }
  }

  restore(stored: StoredWindow): void {
    this.#sum?.restore(stored.steps)
  }
}
