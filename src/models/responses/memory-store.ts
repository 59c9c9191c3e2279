import type { BodyFilter } from '../../core/ports.ts'
import type { World } from '../../core/world.ts'
import type { KeptResponse } from '../dialects/openai-responses/kept.ts'

/** Bounds on what is kept in memory. */
export interface ResponseBounds {
  readonly maxBytes: number
  readonly ttlMs: () => number
}

interface Held {
  readonly kept: KeptResponse
  readonly sizeBytes: number
}

/** Keeps responses in memory, the oldest going first where there is no room. They are gone with the process. */
export class MemoryResponses {
  readonly #world: Pick<World, 'now'>
  readonly #bounds: ResponseBounds
  /** In the order in which they were put. */
  readonly #held = new Map<string, Held>()
  #sizeBytes = 0

  constructor(world: Pick<World, 'now'>, bounds: ResponseBounds) {
    this.#world = world
    this.#bounds = bounds
  }

  put(kept: KeptResponse, sizeBytes: number): void {
    const key = keyOf(kept.owner, kept.id)
    this.#drop(key)
    if (sizeBytes > this.#bounds.maxBytes) return
    this.#held.set(key, { kept, sizeBytes })
    this.#sizeBytes += sizeBytes
    for (const [oldest, { kept: old }] of this.#held) {
      if (this.#sizeBytes <= this.#bounds.maxBytes && !this.#isOver(old)) break
      this.#drop(oldest)
    }
  }

  get(owner: string, id: string): KeptResponse | undefined {
    const kept = this.#held.get(keyOf(owner, id))?.kept
    return kept === undefined || this.#isOver(kept) ? undefined : kept
  }

  /** Whether there was one of this owner. */
  delete(owner: string, id: string): boolean {
    const isThere = this.get(owner, id) !== undefined
    this.#drop(keyOf(owner, id))
    return isThere
  }

  /** Drops what matches. Returns how many those were. */
  erase({ callId, team, user, keyId, beforeMs }: BodyFilter): number {
    const erased = [...this.#held].filter(
      ([, { kept }]) =>
        (callId === undefined || kept.callId === callId) &&
        (team === undefined || kept.madeBy.team === team) &&
        (user === undefined || kept.madeBy.user === user) &&
        (keyId === undefined || kept.madeBy.keyId === keyId) &&
        (beforeMs === undefined || kept.keptAtMs < beforeMs),
    )
    for (const [key] of erased) this.#drop(key)
    return erased.length
  }

  #isOver({ keptAtMs }: KeptResponse): boolean {
    return this.#world.now() >= keptAtMs + this.#bounds.ttlMs()
  }

  #drop(key: string): void {
    this.#sizeBytes -= this.#held.get(key)?.sizeBytes ?? 0
    this.#held.delete(key)
  }
}

function keyOf(owner: string, id: string): string {
  return `${owner}\n${id}`
}
