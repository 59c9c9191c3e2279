import { describe, expect, test } from 'bun:test'
import type { KeptObject } from '../../src/core/kept-objects.ts'
import { type StoreKind, storeMaker, type TestedStore } from './store-contract.ts'

const ELSEWHERE = { provider: 'openai', key: 'fedcba' }

function object(change: Partial<KeptObject> & Pick<KeptObject, 'id'>): KeptObject {
  return {
    ...{ space: 'responses', owner: 'alice', callId: 'call_1', atMs: 1000, madeBy: { team: 'support', user: 'alice', keyId: 'k1' } },
    bytes: new TextEncoder().encode(`{"text":"größe of ${change.id}"}`),
    ...change,
  }
}

async function contents({ store }: TestedStore, ...ids: readonly string[]): Promise<readonly (number | undefined)[]> {
  const found = await Promise.all(ids.map((id) => store.objects.get('responses', id)))
  return found.map((one) => one?.bytes.length)
}

/** What every store of kept objects does. */
export function objectStoreContract(kind: StoreKind): void {
  const open = storeMaker(kind)

  describe(`${kind.name}: kept objects`, () => {
    test('come back as they were kept, each in its space, until they are removed', async () => {
      const { store } = await open()
      const [whole, plain] = [object({ id: 'a', untilMs: 9e15, elsewhere: { ...ELSEWHERE, id: 'other' } }), object({ id: 'b', madeBy: {} })]
      expect([await store.objects.keep(whole), await store.objects.keep(plain)]).toEqual([true, true])
      expect([await store.objects.get('responses', 'a'), await store.objects.get('responses', 'b')]).toEqual([whole, plain])
      expect(await store.objects.get('files', 'a')).toBeUndefined()
      expect([await store.objects.remove('responses', 'a'), await store.objects.remove('responses', 'a')]).toEqual([true, false])
      expect(await store.objects.get('responses', 'a')).toBeUndefined()
    })

    test('are replaced by their owner, and by nobody else', async () => {
      const { store } = await open()
      await store.objects.keep(object({ id: 'a' }))
      expect(await store.objects.keep(object({ id: 'a', owner: 'bob', bytes: new Uint8Array(3) }))).toBe(false)
      expect((await store.objects.get('responses', 'a'))?.owner).toBe('alice')
      expect(await store.objects.keep(object({ id: 'a', bytes: new Uint8Array(3) }))).toBe(true)
      expect((await store.objects.get('responses', 'a'))?.bytes).toEqual(new Uint8Array(3))
    })

    test('are there no more from their end on, and their ids are free again', async () => {
      const { store, world } = await open()
      await store.objects.keep(object({ id: 'a', untilMs: world.now() + 10 }))
      expect(await store.objects.get('responses', 'a')).toBeDefined()
      await world.advance(10)
      expect(await store.objects.get('responses', 'a')).toBeUndefined()
      expect(await store.objects.heads('responses', ['a'])).toEqual([])
      expect(await store.objects.keep(object({ id: 'a', owner: 'bob' }))).toBe(true)
    })

    test('are told by their heads, many at a time, and the latest of an owner at a provider', async () => {
      const { store } = await open()
      for (const [index, id] of ['a', 'b', 'c'].entries())
        await store.objects.keep(object({ id, atMs: 1000 + index, elsewhere: { ...ELSEWHERE, key: id } }))
      await store.objects.keep(object({ id: 'd', owner: 'bob', atMs: 2000, elsewhere: ELSEWHERE }))
      const heads = await store.objects.heads('responses', ['c', 'a', 'nowhere', 'a'])
      expect(heads.map(({ id }) => id).sort()).toEqual(['a', 'c'])
      expect(heads[0]).not.toHaveProperty('bytes')
      expect((await store.objects.latest('alice', 'openai'))?.elsewhere).toEqual({ provider: 'openai', key: 'c' })
      expect(await store.objects.latest('alice', 'gemini')).toBeUndefined()
      expect(await store.objects.heads('responses', [])).toEqual([])
    })

    test('an erasure takes the content of whom it is said, and leaves the heads of what stands elsewhere', async () => {
      const tested = await open()
      const { store } = tested
      await store.objects.keep(object({ id: 'here' }))
      await store.objects.keep(object({ id: 'elsewhere', elsewhere: ELSEWHERE }))
      await store.objects.keep(object({ id: 'empty', elsewhere: ELSEWHERE, bytes: new Uint8Array(0) }))
      await store.objects.keep(object({ id: 'bob', madeBy: { team: 'support', user: 'bob' }, bytes: new Uint8Array(2) }))
      await store.objects.keep(object({ id: 'new', atMs: 5000, bytes: new Uint8Array(4) }))
      expect(await store.objects.erase({ user: 'alice', beforeMs: 5000 })).toBe(2)
      expect(await contents(tested, 'here', 'elsewhere', 'empty', 'bob', 'new')).toEqual([undefined, 0, 0, 2, 4])
      expect(await store.objects.erase({ user: 'alice', beforeMs: 5000 })).toBe(0)
      expect(await store.objects.erase({ callId: 'call_1' })).toBe(2)
      expect(await store.objects.erase({}).catch((error) => error.code)).toBe('invalid_request')
    })

    test('past the bound on their content the oldest go first; what stands elsewhere keeps its head', async () => {
      const tested = await open({ objectBytes: 100 })
      const { store } = tested
      await store.objects.keep(object({ id: 'first', atMs: 1, bytes: new Uint8Array(40), elsewhere: ELSEWHERE }))
      await store.objects.keep(object({ id: 'second', atMs: 2, bytes: new Uint8Array(40) }))
      await store.objects.keep(object({ id: 'third', atMs: 3, bytes: new Uint8Array(40) }))
      expect(await contents(tested, 'first', 'second', 'third')).toEqual([0, 40, 40])
      await store.objects.keep(object({ id: 'fourth', atMs: 4, bytes: new Uint8Array(40) }))
      expect(await contents(tested, 'first', 'second', 'third', 'fourth')).toEqual([0, undefined, 40, 40])
    })
  })
}
