import type { JsonObject } from '../../../core/json.ts'
import type { World } from '../../../core/world.ts'

/** A response that the gateway keeps for whoever asked for it, because its provider does not. */
export interface KeptResponse {
  readonly id: string
  /** Whose it is: a text that stands for a principal. To anybody else there is no such response. */
  readonly owner: string
  /** As it was told. */
  readonly response: JsonObject
  /** What was asked in this turn, without the turns before it. */
  readonly input: readonly JsonObject[]
  /** The turn before. */
  readonly previousId?: string
  /** Milliseconds since the epoch. */
  readonly keptAtMs: number
}

/** Where responses are kept. */
export interface ResponseStore {
  put(kept: KeptResponse): Promise<void>
  /** Undefined where there is none of this owner. */
  get(owner: string, id: string): Promise<KeptResponse | undefined>
  /** Whether there was one of this owner. */
  delete(owner: string, id: string): Promise<boolean>
}

/** Bounds on what is kept in memory. */
export interface ResponseBounds {
  readonly maxBytes: number
  readonly ttlMs: number
}

const BOUNDS: ResponseBounds = { maxBytes: 64 * 1024 * 1024, ttlMs: 30 * 24 * 3_600_000 }

interface Held {
  readonly kept: KeptResponse
  readonly sizeBytes: number
}

/** Keeps responses in memory, the oldest going first where there is no room. They are gone with the process. */
export class MemoryResponseStore implements ResponseStore {
  readonly #world: Pick<World, 'now'>
  readonly #bounds: ResponseBounds
  /** In the order in which they were put. */
  readonly #held = new Map<string, Held>()
  #sizeBytes = 0

  constructor(world: Pick<World, 'now'>, bounds: ResponseBounds = BOUNDS) {
    this.#world = world
    this.#bounds = bounds
  }

  async put(kept: KeptResponse): Promise<void> {
    const key = keyOf(kept.owner, kept.id)
    const sizeBytes = JSON.stringify(kept).length
    this.#drop(key)
    if (sizeBytes > this.#bounds.maxBytes) return
    this.#held.set(key, { kept, sizeBytes })
    this.#sizeBytes += sizeBytes
    for (const [oldest, { kept: old }] of this.#held) {
      if (this.#sizeBytes <= this.#bounds.maxBytes && !this.#isOver(old)) break
      this.#drop(oldest)
    }
  }

  async get(owner: string, id: string): Promise<KeptResponse | undefined> {
    const kept = this.#held.get(keyOf(owner, id))?.kept
    return kept === undefined || this.#isOver(kept) ? undefined : kept
  }

  async delete(owner: string, id: string): Promise<boolean> {
    const isThere = (await this.get(owner, id)) !== undefined
    this.#drop(keyOf(owner, id))
    return isThere
  }

  #isOver({ keptAtMs }: KeptResponse): boolean {
    return this.#world.now() >= keptAtMs + this.#bounds.ttlMs
  }

  #drop(key: string): void {
    this.#sizeBytes -= this.#held.get(key)?.sizeBytes ?? 0
    this.#held.delete(key)
  }
}

function keyOf(owner: string, id: string): string {
  return `${owner}\n${id}`
}
