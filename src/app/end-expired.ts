import type { KeyAccess } from '../control/access.ts'
import type { LiveCalls } from '../core/ports.ts'
import type { CancelTimer, World } from '../core/world.ts'

/** How often running calls are looked through for those whose key or token has expired. */
const LOOK_MS = 1000

interface EndExpiredDeps {
  readonly world: World
  readonly live: LiveCalls
  readonly keys: KeyAccess
  /** Whether they are to be ended, in the configuration in force. */
  readonly isWanted: () => boolean
}

/** Ends running calls whose key or token has expired, where the configuration says so; else it does nothing. */
export class EndExpired {
  readonly #deps: EndExpiredDeps
  #cancel: CancelTimer | undefined

  constructor(deps: EndExpiredDeps) {
    this.#deps = deps
    this.reconfigure()
  }

  /** Takes the configuration in force. */
  reconfigure(): void {
    if (this.#deps.isWanted() && this.#cancel === undefined) this.#lookLater()
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #lookLater(): void {
    const { world, isWanted } = this.#deps
    this.#cancel = world.after(LOOK_MS, () => {
      this.#cancel = undefined
      if (!isWanted()) return
      this.#look()
      this.#lookLater()
    })
  }

  #look(): void {
    const { world, live, keys } = this.#deps
    const nowMs = world.now()
    for (const call of live.list()) {
      const reason = keys.expiredBy(call.facts.principal, nowMs)
      if (reason !== undefined) call.abort(reason)
    }
  }
}
