import { describe, expect, test } from 'bun:test'
import type { StoredBody } from '../../src/core/ports.ts'
import { type StoreKind, storeMaker, type TestedStore } from './store-contract.ts'

function body(change: Partial<StoredBody> & Pick<StoredBody, 'id'>): StoredBody {
  return {
    callId: 'call_1',
    kind: 'request',
    atMs: 1000,
    isRedacted: false,
    isTruncated: false,
    owner: { team: 'support', user: 'alice', keyId: 'k1' },
    mediaType: 'application/json',
    bytes: new TextEncoder().encode(`{"text":"größe of ${change.id}"}`),
    ...change,
  }
}

async function ids({ store }: TestedStore, ...wanted: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(wanted.map((id) => store.bodies.get(id)))
  return found.flatMap((body) => (body === undefined ? [] : [body.id]))
}

/** What every store of bodies does. */
export function bodyStoreContract(kind: StoreKind): void {
  const open = storeMaker(kind)

  describe(`${kind.name}: bodies`, () => {
    test('come back as they were put in, at once and later', async () => {
      const { store, world } = await open()
      const put = body({ id: 'b1', isRedacted: true, kind: 'response', owner: { team: 'support' } })
      store.bodies.put(put)
      expect(await store.bodies.get('b1')).toEqual(put)
      await world.advance(1000)
      expect(await store.bodies.get('b1')).toEqual(put)
      expect(await store.bodies.get('b2')).toBeUndefined()
    })

    test('what does not fit is dropped and counted', async () => {
      const tested = await open({ bodyQueueBytes: 100 })
      tested.store.bodies.put(body({ id: 'small', bytes: new Uint8Array(60) }))
      tested.store.bodies.put(body({ id: 'large', bytes: new Uint8Array(60) }))
      await tested.world.advance(1000)
      expect(await ids(tested, 'small', 'large')).toEqual(['small'])
      expect(tested.store.bodies.dropped).toBe(1)
    })

    test('an erasure takes what matches all that is said, also what still waits', async () => {
      const tested = await open()
      const { store, world } = tested
      store.bodies.put(body({ id: 'old', atMs: 500 }))
      store.bodies.put(body({ id: 'bob', owner: { team: 'support', user: 'bob' } }))
      await world.advance(1000)
      store.bodies.put(body({ id: 'new', atMs: 2000 }))
      expect(await store.bodies.erase({ user: 'alice', beforeMs: 1000 })).toBe(1)
      expect(await ids(tested, 'old', 'bob', 'new')).toEqual(['bob', 'new'])
      expect(await store.bodies.erase({ team: 'support' })).toBe(2)
      expect(await ids(tested, 'old', 'bob', 'new')).toEqual([])
    })

    test('an erasure finds the bodies of a call and of a key', async () => {
      const tested = await open()
      tested.store.bodies.put(body({ id: 'b1', callId: 'call_7' }))
      tested.store.bodies.put(body({ id: 'b2', owner: { keyId: 'k9' } }))
      expect(await tested.store.bodies.erase({ callId: 'call_7' })).toBe(1)
      expect(await tested.store.bodies.erase({ keyId: 'k9' })).toBe(1)
      expect(await tested.store.bodies.erase({ keyId: 'k9' })).toBe(0)
    })

    test('an erasure of everything must be meant', async () => {
      const { store } = await open()
      expect(await store.bodies.erase({}).catch((error) => error.code)).toBe('invalid_request')
    })

    test('hundreds are erased in one go', async () => {
      const { store, world } = await open()
      for (let count = 0; count < 300; count++) store.bodies.put(body({ id: `b${count}` }))
      await world.advance(1000)
      expect(await store.bodies.erase({ callId: 'call_1' })).toBe(300)
    })
  })
}
