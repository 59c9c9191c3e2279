import { afterEach } from 'bun:test'
import type { GatewayError } from '../../src/core/errors.ts'
import type { Event } from '../../src/core/events.ts'
import type { Store, StoreOptions } from '../../src/storage/store.ts'
import { type FakeWorld, fakeWorld } from '../../src/testing/fake-world.ts'

/** A store under test. */
export interface TestedStore {
  readonly store: Store
  readonly world: FakeWorld
  /** Makes the disk refuse what is written, as if it were full; or accept it again. */
  setFull(isFull: boolean): void
  /** What was handed to `lastResort`. */
  readonly lastLines: readonly string[]
  readonly problems: readonly GatewayError[]
  readonly committed: readonly Event[]
}

/** What a kind of store brings to the contract. */
export interface StoreKind {
  readonly name: string
  open(options: StoreOptions): Promise<{ readonly store: Store; readonly setFull: (isFull: boolean) => void }>
  /** How often a property is tried; 40 unless said. */
  readonly propertyRuns?: number
  /** Removes what the stores left behind. */
  cleanUp(): void | Promise<void>
}

/** Opens stores for the tests of one `describe`, and closes them after each. */
export function storeMaker(kind: StoreKind): (options?: Partial<StoreOptions>) => Promise<TestedStore> {
  const stores: Store[] = []
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    await kind.cleanUp()
  })
  return async (options = {}) => {
    const world = fakeWorld()
    const lastLines: string[] = []
    const problems: GatewayError[] = []
    const committed: Event[] = []
    const { store, setFull } = await kind.open({
      world,
      version: '0.0.0-test',
      lastResort: (line) => lastLines.push(line),
      report: (problem) => problems.push(problem),
      onCommitted: (event) => committed.push(event),
      ...options,
    })
    stores.push(store)
    await store.log.flush(1000)
    return { store, world, setFull, lastLines, problems, committed }
  }
}
