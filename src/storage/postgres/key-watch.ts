import type { KeyRecord } from '../../core/ports.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { KEYS_CHANNEL, type PostgresKeyStore } from './key-store.ts'
import type { Pool } from './pool.ts'

/** A notification comes within milliseconds; the poll finds what was missed, and notices that PostgreSQL is away. */
const POLL_MS = 1000
const PAGE = 1000

/** What watching needs. */
export interface KeyWatchOptions {
  readonly pool: Pool
  readonly keys: PostgresKeyStore
  readonly world: World
  /** Changes up to this number are known. */
  readonly after: number
}

/** Sees keys that other replicas make and revoke: at once through a notification, and within a second in any case. */
export class KeyWatch {
  readonly #options: KeyWatchOptions
  #hear: ((key: KeyRecord) => void) | undefined
  #seen: number
  #isRunning = false
  #isAskedAgain = false
  #isClosed = false
  #cancel: CancelTimer | undefined

  constructor(options: KeyWatchOptions) {
    this.#options = options
    this.#seen = options.after
    options.pool.listen(KEYS_CHANNEL, () => void this.#look())
    this.#wait()
  }

  /** Hears of every change from the beginning of this watch. */
  start(hear: (key: KeyRecord) => void): void {
    this.#hear = hear
    void this.#look()
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  #wait(): void {
    this.#cancel = this.#options.world.after(POLL_MS, () => void this.#look().finally(() => this.#isClosed || this.#wait()))
  }

  /** Never rejects: readiness tells of a database that is away, and the next look makes up for this one. */
  async #look(): Promise<void> {
    this.#isAskedAgain = this.#isRunning
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      do {
        this.#isAskedAgain = false
        await this.#readChanges()
      } while (this.#isAskedAgain && !this.#isClosed)
    } catch {
      this.#isAskedAgain = false
    } finally {
      this.#isRunning = false
    }
  }

  async #readChanges(): Promise<void> {
    for (;;) {
      const hear = this.#hear
      const changed = await this.#options.keys.changedAfter(this.#seen, PAGE)
      // Nobody listens yet: what was read is read again.
      if (hear === undefined || this.#isClosed) return
      for (const { key, change } of changed) {
        hear(key)
        this.#seen = change
      }
      if (changed.length < PAGE) return
    }
  }
}
