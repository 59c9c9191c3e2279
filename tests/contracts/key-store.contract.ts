import { describe, expect, test } from 'bun:test'
import type { KeyRecord } from '../../src/core/ports.ts'
import { type StoreKind, storeMaker } from './store-contract.ts'

const SMALL: KeyRecord = { id: 'k1', secretHash: 'aa', team: 'support', labels: {}, createdAtMs: 1000, createdBy: 'cli' }
const LARGE: KeyRecord = {
  id: 'k2',
  secretHash: 'bb',
  name: 'search in production',
  team: 'search',
  user: 'ana@acme.dev',
  labels: { feature: 'search', env: 'prod' },
  models: ['mini', 'claude-*'],
  createdAtMs: 2000,
  createdBy: 'ana@acme.dev',
  expiresAtMs: 9000,
}

/** What every store of keys does. */
export function keyStoreContract(kind: StoreKind): void {
  const open = storeMaker(kind)

  describe(`${kind.name}: keys`, () => {
    test('come back as they were put in, oldest first', async () => {
      const { store } = await open()
      await store.keys.insert(SMALL)
      await store.keys.insert(LARGE)
      expect(await store.keys.list()).toEqual([SMALL, LARGE])
    })

    test('an id is there once', async () => {
      const { store } = await open()
      await store.keys.insert(SMALL)
      expect(await store.keys.insert(SMALL).catch((error) => error.code)).toBe('conflict')
      expect(await store.keys.list()).toEqual([SMALL])
    })

    test('the first revocation stays', async () => {
      const { store } = await open()
      await store.keys.insert(SMALL)
      expect(await store.keys.revoke('k1', 5000)).toEqual({ ...SMALL, revokedAtMs: 5000 })
      expect(await store.keys.revoke('k1', 6000)).toEqual({ ...SMALL, revokedAtMs: 5000 })
      expect(await store.keys.list()).toEqual([{ ...SMALL, revokedAtMs: 5000 }])
    })

    test('a key that is not there cannot be revoked', async () => {
      const { store } = await open()
      expect(await store.keys.revoke('nobody', 5000)).toBeUndefined()
    })
  })
}
