import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { realWorld } from '../../src/platform/world.ts'
import { decodeAnswer, encodeAnswer } from '../../src/storage/answer-codec.ts'
import { type CacheBounds, MemoryAnswerCache } from '../../src/storage/memory/answer-cache.ts'
import { RedisAnswerCache } from '../../src/storage/redis/answer-cache.ts'
import { SqliteAnswerCache } from '../../src/storage/sqlite/answer-cache.ts'
import { answerCacheContract, cachedAnswer, type OpenCache, STORED_MS } from './answer-cache.contract.ts'

const world = realWorld()
const ROOMY: CacheBounds = { maxEntries: 1000, maxBytes: 64_000_000 }
const REDIS_URL = process.env.SIGNALBOX_TEST_REDIS_URL

function memoryCache(bounds = ROOMY) {
  return new MemoryAnswerCache(() => bounds)
}

function diskCache(bounds = ROOMY, folder = mkdtempSync(join(tmpdir(), 'signalbox-cache-'))) {
  const path = join(folder, 'cache.db')
  const cache = new SqliteAnswerCache({ path, world, bounds: () => bounds })
  const close = async () => {
    cache.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { cache, path, folder, [Symbol.asyncDispose]: close }
}

answerCacheContract({
  name: 'memory',
  comparesVectors: true,
  open: async () => ({ cache: memoryCache(), [Symbol.asyncDispose]: async () => {} }),
})
answerCacheContract({ name: 'disk', comparesVectors: true, open: async () => diskCache() })
if (REDIS_URL !== undefined) answerCacheContract({ name: 'redis', comparesVectors: false, open: () => openRedis(REDIS_URL) })

async function openRedis(url: string): Promise<OpenCache> {
  const redis = new Redis(url)
  await redis.flushdb()
  const ready = Promise.withResolvers<void>()
  const cache = new RedisAnswerCache({ url, world, report: () => {} })
  // The first answer of the server says that its connection is there.
  const wait = async () => {
    while ((await cache.size().catch(() => undefined)) === undefined) await Bun.sleep(5)
    ready.resolve()
  }
  void wait()
  await ready.promise
  return {
    cache,
    [Symbol.asyncDispose]: async () => {
      cache.close()
      await redis.quit()
    },
  }
}

describe('bounds', () => {
  test('in memory the least used go first, by number and by bytes', async () => {
    const few = memoryCache({ maxEntries: 2, maxBytes: 1_000_000 })
    for (const id of ['a', 'b']) few.keep(cachedAnswer(id))
    few.find(['a'], STORED_MS)
    few.keep(cachedAnswer('c'))
    expect(['a', 'b', 'c'].map((id) => few.find([id], STORED_MS)?.id)).toEqual(['a', undefined, 'c'])
    const small = memoryCache({ maxEntries: 100, maxBytes: 10_000 })
    const large = (id: string) => cachedAnswer(id, { parts: [{ bytes: new Uint8Array(4000), afterMs: 0 }] })
    for (const id of ['a', 'b', 'c']) small.keep(large(id))
    expect((await small.size()).entries).toBe(1)
    small.keep(cachedAnswer('huge', { parts: [{ bytes: new Uint8Array(20_000), afterMs: 0 }] }))
    expect([small.find(['huge'], STORED_MS), small.find(['c'], STORED_MS)?.id]).toEqual([undefined, 'c'])
  })

  test('on disk too, and what is over goes at the next writing', async () => {
    await using open = diskCache({ maxEntries: 3, maxBytes: 1_000_000 })
    for (const id of ['a', 'b', 'c', 'd', 'e']) open.cache.keep(cachedAnswer(id))
    expect((await open.cache.size()).entries).toBe(3)
    await open.cache.purge({})
    open.cache.keep(cachedAnswer('over', { expiresAtMs: STORED_MS - 1 }))
    open.cache.keep(cachedAnswer('valid'))
    expect((await open.cache.size()).entries).toBe(1)
  })
})

describe('on disk', () => {
  test('answers outlive the process, in a file that only its owner may read', async () => {
    const first = diskCache()
    first.cache.keep(cachedAnswer('a'))
    first.cache.close()
    expect(statSync(first.path).mode & 0o777).toBe(0o600)
    await using second = diskCache(ROOMY, first.folder)
    expect(second.cache.find(['canonical a'], STORED_MS)).toEqual(cachedAnswer('a'))
  })

  test('a damaged file is begun anew', async () => {
    const first = diskCache()
    first.cache.keep(cachedAnswer('a'))
    first.cache.close()
    writeFileSync(first.path, 'no database at all'.repeat(1000))
    await using second = diskCache(ROOMY, first.folder)
    expect(second.cache.find(['a'], STORED_MS)).toBeUndefined()
    second.cache.keep(cachedAnswer('b'))
    expect((await second.cache.size()).entries).toBe(1)
  })

  test('a damaged answer is not given out, and is counted', async () => {
    const first = diskCache()
    first.cache.keep(cachedAnswer('a'))
    first.cache.close()
    const bytes = readFileSync(first.path)
    const at = bytes.indexOf('data: a')
    bytes[at] = 0x44
    writeFileSync(first.path, bytes)
    await using second = diskCache(ROOMY, first.folder)
    expect(second.cache.find(['a'], STORED_MS)).toBeUndefined()
    expect(second.cache.failures).toBe(1)
  })
})

describe('the form on disk', () => {
  test('holds all that was put in', () => {
    const answer = cachedAnswer('a', { likeness: { context: 'c', vector: Float32Array.from([0.25, -0.5, 1]) } })
    expect(decodeAnswer(encodeAnswer(answer))).toEqual(answer)
  })

  test('cut short, changed anywhere, or of another version it is nothing', () => {
    const bytes = encodeAnswer(cachedAnswer('a'))
    for (let length = 0; length < bytes.length; length++) expect(decodeAnswer(bytes.subarray(0, length))).toBeUndefined()
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(decodeAnswer(changed)).toBeUndefined()
    }
  })
})

test('a Redis that is not there makes every question a miss, and says so once', async () => {
  const problems: string[] = []
  const cache = new RedisAnswerCache({ url: 'redis://127.0.0.1:1', world, report: (problem) => problems.push(problem?.code ?? 'there') })
  cache.keep(cachedAnswer('a'))
  expect(await cache.find(['a'], STORED_MS)).toBeUndefined()
  expect(await cache.purge({}).catch((error) => error.code)).toBe('store_unavailable')
  for (let turn = 0; turn < 2000 && problems.length === 0; turn++) await Bun.sleep(5)
  cache.close()
  expect(problems).toEqual(['store_unavailable'])
})
