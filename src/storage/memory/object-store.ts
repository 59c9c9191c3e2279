import type { KeptObject, ObjectHead, ObjectStore } from '../../core/kept-objects.ts'
import type { BodyFilter } from '../../core/ports.ts'
import type { World } from '../../core/world.ts'
import { checkFilter, matchesFilter } from '../body-filter.ts'
import { headOf } from '../object-head.ts'

/** Kept objects in memory. */
export class MemoryObjectStore implements ObjectStore {
  readonly #world: Pick<World, 'now'>
  readonly #maxBytes: number
  /** In the order in which they were kept. */
  readonly #objects = new Map<string, KeptObject>()

  constructor(world: Pick<World, 'now'>, maxBytes: number) {
    this.#world = world
    this.#maxBytes = maxBytes
  }

  async keep(object: KeptObject): Promise<boolean> {
    const key = keyOf(object.space, object.id)
    const known = this.#alive(key)
    if (known !== undefined && known.owner !== object.owner) return false
    this.#objects.delete(key)
    this.#objects.set(key, { ...object, bytes: object.bytes.slice() })
    this.#makeRoom()
    return true
  }

  async get(space: string, id: string): Promise<KeptObject | undefined> {
    return this.#alive(keyOf(space, id))
  }

  async heads(space: string, ids: readonly string[]): Promise<readonly ObjectHead[]> {
    return [...new Set(ids)].map((id) => this.#alive(keyOf(space, id))).flatMap((object) => (object === undefined ? [] : [headOf(object)]))
  }

  async latest(owner: string, provider: string): Promise<ObjectHead | undefined> {
    const own = [...this.#objects.values()].filter((object) => object.owner === owner && object.elsewhere?.provider === provider)
    const last = own.sort((left, right) => left.atMs - right.atMs).at(-1)
    return last && headOf(last)
  }

  async remove(space: string, id: string): Promise<boolean> {
    return this.#objects.delete(keyOf(space, id))
  }

  async erase(filter: BodyFilter): Promise<number> {
    checkFilter(filter)
    const erased = [...this.#objects.values()].filter(
      (object) => object.bytes.length > 0 && matchesFilter({ ...object, owner: object.madeBy }, filter),
    )
    for (const object of erased) this.#empty(object)
    return erased.length
  }

  #alive(key: string): KeptObject | undefined {
    const object = this.#objects.get(key)
    return object === undefined || (object.untilMs !== undefined && object.untilMs <= this.#world.now()) ? undefined : object
  }

  #makeRoom(): void {
    const filled = [...this.#objects.values()].filter(({ bytes }) => bytes.length > 0)
    let sizeBytes = filled.reduce((sum, { bytes }) => sum + bytes.length, 0)
    for (const object of filled.sort((left, right) => left.atMs - right.atMs)) {
      if (sizeBytes <= this.#maxBytes) return
      sizeBytes -= object.bytes.length
      this.#empty(object)
    }
  }

  #empty(object: KeptObject): void {
    const key = keyOf(object.space, object.id)
    if (object.elsewhere === undefined) this.#objects.delete(key)
    else this.#objects.set(key, { ...object, bytes: new Uint8Array(0) })
  }
}

function keyOf(space: string, id: string): string {
  return `${space}\n${id}`
}
