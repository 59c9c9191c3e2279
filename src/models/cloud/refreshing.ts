import type { World } from '../../core/world.ts'

/** A value that ends at a time, in milliseconds since the epoch; Infinity: never. */
export interface Expiring<Value> {
  readonly value: Value
  readonly expiresAtMs: number
}

/** A value is fetched anew so long before it ends, or a quarter of its life, whichever is less. */
const EARLY_MS = 5 * 60_000
/** After a failure, while the old value still holds. */
const RETRY_MS = 10_000

/**
 * A value that is fetched when it is first wanted and again before it ends: once for all who wait, and unseen by callers while the old one holds.
 * A failure is told only to those who cannot be given the old value.
 */
export class Refreshing<Value> {
  readonly #world: Pick<World, 'now'>
  readonly #fetch: () => Promise<Expiring<Value>>
  #current: Expiring<Value> | undefined
  #refreshAtMs = 0
  #running: Promise<Value> | undefined

  constructor(world: Pick<World, 'now'>, fetch: () => Promise<Expiring<Value>>) {
    this.#world = world
    this.#fetch = fetch
  }

  /** @throws what the fetch threw, where there is no value that holds */
  async get(): Promise<Value> {
    const nowMs = this.#world.now()
    const current = this.#current
    if (current === undefined || nowMs >= current.expiresAtMs) return this.#run()
    if (nowMs >= this.#refreshAtMs) this.#run().catch(() => this.#retryLater())
    return current.value
  }

  #run(): Promise<Value> {
    this.#running ??= this.#renew().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #renew(): Promise<Value> {
    const fetched = await this.#fetch()
    const lifeMs = fetched.expiresAtMs - this.#world.now()
    this.#current = fetched
    this.#refreshAtMs = fetched.expiresAtMs - Math.min(EARLY_MS, lifeMs / 4)
    return fetched.value
  }

  #retryLater(): void {
    this.#refreshAtMs = this.#world.now() + RETRY_MS
  }
}
