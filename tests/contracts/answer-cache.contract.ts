import { describe, expect, test } from 'bun:test'
import type { AnswerCache, CachedAnswer } from '../../src/core/answer-cache.ts'

/** A cache to test, and how to end it. */
export interface OpenCache extends AsyncDisposable {
  readonly cache: AnswerCache
}

/** One kind of cache. */
export interface CacheKind {
  readonly name: string
  readonly open: () => Promise<OpenCache>
  /** Whether it finds answers by likeness. */
  readonly comparesVectors: boolean
}

/** When the answers of these tests are stored. */
export const STORED_MS = Date.now()

/** An answer to keep. */
export function cachedAnswer(id: string, changes: Partial<CachedAnswer> = {}): CachedAnswer {
  return {
    id,
    keys: [id, `canonical ${id}`],
    scope: 'team:support',
    model: 'mini',
    provider: 'openai',
    target: 'gpt-5-mini',
    labels: { feature: 'search' },
    keyId: 'k1',
    wire: 'openai-chat',
    isStream: true,
    storedAtMs: STORED_MS,
    expiresAtMs: STORED_MS + 60_000,
    costNanoUsd: 1234,
    parts: [
      { bytes: new TextEncoder().encode(`data: ${id} é\n\n`), afterMs: 0 },
      { bytes: new Uint8Array([0, 255, 128, 10]), afterMs: 17 },
    ],
    ...changes,
  }
}

/** What every cache of answers does. */
export function answerCacheContract(kind: CacheKind): void {
  describe(`${kind.name}: answers`, () => {
    test('come back as they were kept, by each of their keys', async () => {
      await using open = await kind.open()
      const kept = cachedAnswer('a')
      open.cache.keep(kept)
      await open.cache.size()
      expect(await open.cache.find(['a'], STORED_MS)).toEqual(kept)
      expect(await open.cache.find(['unknown', 'canonical a'], STORED_MS)).toEqual(kept)
      expect(await open.cache.find(['b'], STORED_MS)).toBeUndefined()
      expect(await open.cache.find([], STORED_MS)).toBeUndefined()
    })

    test('are removed by whom they were made for, and when', async () => {
      await using open = await kind.open()
      const of = (id: string, team: string, user: string) =>
        open.cache.keep(cachedAnswer(id, { callId: `call_${id}`, team, user, storedAtMs: STORED_MS + (user === 'ada' ? 0 : 10) }))
      of('a', 'support', 'ada')
      of('b', 'support', 'bob')
      of('c', 'sales', 'ada')
      open.cache.keep(cachedAnswer('old'))
      const left = async () => {
        await open.cache.size()
        const found = await Promise.all(['a', 'b', 'c', 'old'].map((id) => open.cache.find([id], STORED_MS)))
        return found.flatMap((answer) => answer?.id ?? [])
      }
      expect(await left()).toEqual(['a', 'b', 'c', 'old'])
      expect(await open.cache.purge({ team: 'support', user: 'ada' })).toBe(1)
      expect(await left()).toEqual(['b', 'c', 'old'])
      expect(await open.cache.purge({ callId: 'call_c', beforeMs: STORED_MS })).toBe(0)
      expect(await open.cache.purge({ callId: 'call_c', beforeMs: STORED_MS + 1 })).toBe(1)
      expect(await open.cache.purge({ user: 'bob' })).toBe(1)
      expect(await left()).toEqual(['old'])
    })

    test('are gone when their time is over', async () => {
      await using open = await kind.open()
      open.cache.keep(cachedAnswer('a'))
      await open.cache.size()
      expect(await open.cache.find(['a'], STORED_MS + 59_999)).toBeDefined()
      expect(await open.cache.find(['a'], STORED_MS + 60_000)).toBeUndefined()
    })

    test('a later one takes the place of an earlier one', async () => {
      await using open = await kind.open()
      open.cache.keep(cachedAnswer('a'))
      open.cache.keep(cachedAnswer('a', { target: 'gpt-6-mini' }))
      expect((await open.cache.size()).entries).toBe(1)
      expect(await open.cache.find(['canonical a'], STORED_MS)).toMatchObject({ target: 'gpt-6-mini' })
    })

    test('are purged by model, key, scope and labels, all of which must match', async () => {
      await using open = await kind.open()
      open.cache.keep(cachedAnswer('a'))
      open.cache.keep(cachedAnswer('b', { model: 'large', keyId: 'k2' }))
      open.cache.keep(cachedAnswer('c', { labels: { feature: 'chat', env: 'prod' }, scope: 'team:search' }))
      await open.cache.size()
      expect(await open.cache.purge({ model: 'large', keyId: 'k1' })).toBe(0)
      expect(await open.cache.purge({ model: 'large', keyId: 'k2' })).toBe(1)
      expect(await open.cache.purge({ labels: { feature: 'chat' } })).toBe(1)
      expect(await open.cache.find(['b'], STORED_MS)).toBeUndefined()
      expect(await open.cache.find(['canonical c'], STORED_MS)).toBeUndefined()
      expect(await open.cache.find(['a'], STORED_MS)).toBeDefined()
      expect(await open.cache.purge({ scope: 'team:support' })).toBe(1)
      expect(await open.cache.size()).toEqual({ entries: 0, bytes: 0 })
    })

    test('one that is dropped is gone', async () => {
      await using open = await kind.open()
      open.cache.keep(cachedAnswer('a'))
      await open.cache.size()
      open.cache.drop('a')
      await open.cache.size()
      expect(await open.cache.find(['canonical a'], STORED_MS)).toBeUndefined()
    })
  })

  if (kind.comparesVectors) {
    describe(`${kind.name}: answers to like questions`, () => {
      const likeness = (context: string, ...vector: number[]) => ({ context, vector: Float32Array.from(vector) })

      test('the most alike of the same context, at or above the threshold', async () => {
        await using open = await kind.open()
        open.cache.keep(cachedAnswer('near', { likeness: likeness('c', 0.8, 0.6) }))
        open.cache.keep(cachedAnswer('nearer', { likeness: likeness('c', 1, 0) }))
        open.cache.keep(cachedAnswer('elsewhere', { likeness: likeness('d', 1, 0) }))
        await open.cache.size()
        const found = await open.cache.findSimilar(likeness('c', 1, 0), 0.7, STORED_MS)
        expect([found?.answer.id, found?.similarity]).toEqual(['nearer', 1])
        expect(await open.cache.findSimilar(likeness('c', 0, 1), 0.7, STORED_MS)).toBeUndefined()
        expect(await open.cache.findSimilar(likeness('e', 1, 0), 0.1, STORED_MS)).toBeUndefined()
      })

      test('the next best where the best is over, and none of another length', async () => {
        await using open = await kind.open()
        open.cache.keep(cachedAnswer('over', { likeness: likeness('c', 1, 0), expiresAtMs: STORED_MS + 10 }))
        open.cache.keep(cachedAnswer('valid', { likeness: likeness('c', 0.8, 0.6) }))
        open.cache.keep(cachedAnswer('longer', { likeness: likeness('c', 1, 0, 0) }))
        await open.cache.size()
        expect((await open.cache.findSimilar(likeness('c', 1, 0), 0.7, STORED_MS + 10))?.answer.id).toBe('valid')
      })
    })
  }
}
