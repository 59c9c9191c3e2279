import { GatewayError } from '../../core/errors.ts'
import type { Loss } from '../../core/events.ts'

export type { Loss }

/** What a model's configuration says of losses: say nothing of them, count them in a header, or refuse the call. */
export type Fidelity = 'lenient' | 'warn' | 'strict'

/** More of the same are not told one by one: a history of a thousand messages may lose the same thing in each. */
const MAX_LOSSES = 100

/** Gathers losses. The same one at the same place counts once. */
export class Losses {
  /** Most requests lose nothing. */
  #found: Map<string, Loss> | undefined

  drop(path: string, reason: string): void {
    this.#add({ path, action: 'dropped', reason })
  }

  approximate(path: string, reason: string): void {
    this.#add({ path, action: 'approximated', reason })
  }

  emulate(path: string, reason: string): void {
    this.#add({ path, action: 'emulated', reason })
  }

  addAll(losses: readonly Loss[]): void {
    for (const loss of losses) this.#add(loss)
  }

  get list(): readonly Loss[] {
    return this.#found === undefined ? [] : [...this.#found.values()]
  }

  #add(loss: Loss): void {
    this.#found ??= new Map()
    if (this.#found.size < MAX_LOSSES) this.#found.set(`${loss.action} ${loss.path}`, loss)
  }
}

/**
 * The refusal of what would be asked in vain without the thing that cannot be carried: a picture, a recording.
 * Another target may be able to.
 */
export function cannotCarry(path: string, why: string): GatewayError {
  return new GatewayError('request_not_carried', `${path} cannot be carried: ${why}.`, { param: path })
}

const SHOWN = 5

/** The refusal of a model whose `fidelity` is `strict`. */
export function refuseLosses(losses: readonly Loss[], model: string): GatewayError {
  const shown = losses.slice(0, SHOWN).map(({ path, action, reason }) => `${path} would be ${action} (${reason})`)
  const more = losses.length > SHOWN ? `; and ${losses.length - SHOWN} more` : ''
  const [first] = losses
  return new GatewayError(
    'request_not_carried',
    `The model "${model.slice(0, 200)}" takes only what it can be given whole: ${shown.join('; ')}${more}.`,
    { ...(first === undefined ? {} : { param: first.path }) },
  )
}
