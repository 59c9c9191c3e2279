import type { BodyFilter, BodyStore, StoredBody } from '../../core/ports.ts'
import { checkFilter, matchesFilter } from '../body-filter.ts'

/** Bodies in memory. */
export class MemoryBodyStore implements BodyStore {
  readonly #bodies = new Map<string, StoredBody>()
  readonly #maxBytes: number
  #bytes = 0
  #dropped = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get dropped(): number {
    return this.#dropped
  }

  put(body: StoredBody): void {
    if (this.#bytes + body.bytes.length > this.#maxBytes) {
      this.#dropped++
      return
    }
    this.#bytes += body.bytes.length
    this.#bodies.set(body.id, { ...body, bytes: body.bytes.slice() })
  }

  async get(id: string): Promise<StoredBody | undefined> {
    return this.#bodies.get(id)
  }

  async erase(filter: BodyFilter): Promise<number> {
    checkFilter(filter)
    const erased = [...this.#bodies.values()].filter((body) => matchesFilter(body, filter))
    for (const body of erased) {
      this.#bodies.delete(body.id)
      this.#bytes -= body.bytes.length
    }
    return erased.length
  }
}
