import type { Chance } from './chance.ts'
import { type ClientCall, call } from './client.ts'
import { pause } from './until.ts'

/** Where a crowd goes, and how it behaves. */
export interface CrowdOptions {
  readonly origin: string
  readonly key: string
  /** Calls that run at one time. */
  readonly members: number
  readonly chance: Chance
  /** The share of streams. */
  readonly streams: number
}

/** Clients that keep so many calls up: each begins a new one when its last is over, until the crowd leaves or a connection breaks. */
export class Crowd {
  readonly #calls: ClientCall[] = []
  readonly #members: readonly Promise<void>[]
  #isLeaving = false

  constructor({ origin, key, members, chance, streams }: CrowdOptions) {
    this.#members = Array.from({ length: members }, async () => {
      // They come one after the other, so that at any moment some begin, some are in the middle and some end.
      await pause(chance.between(0, 300))
      while (!this.#isLeaving) {
        const made = call({ origin, key, isStream: chance.next() < streams })
        this.#calls.push(made)
        await made.over
        if (made.failure !== undefined) return
      }
    })
  }

  /** Calls made so far. */
  get calls(): readonly ClientCall[] {
    return this.#calls
  }

  /** Begins no more calls. Resolves with all that were made, when the last one is over. */
  async leave(): Promise<readonly ClientCall[]> {
    this.#isLeaving = true
    await Promise.all(this.#members)
    return this.#calls
  }
}
