import { Redis } from 'ioredis'
import type { AnswerCache, CachedAnswer, CacheFilter, CacheSize, SimilarAnswer } from '../../core/answer-cache.ts'
import { GatewayError } from '../../core/errors.ts'
import type { World } from '../../core/world.ts'
import { decodeAnswer, encodeAnswer } from '../answer-codec.ts'
import { matchesFilter, sizeOf } from '../answer-filter.ts'

/** What the shared cache needs of its surroundings. */
export interface RedisCacheOptions {
  /** `redis://` or `rediss://`, with its credentials. */
  readonly url: string
  readonly world: World
  /** Told once when it cannot be reached, and once when it can again. */
  readonly report: (problem: GatewayError | undefined) => void
}

/** A call waits no longer for an answer that may not even be there. */
const PATIENCE_MS = 50
/** An operator waits longer. */
const OPERATOR_PATIENCE_MS = 10_000
/** Bytes of answers that wait to be written; beyond it they are dropped and counted. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024
const RETRY_MS = 2000
const SCAN_COUNT = 200
const ANSWER = 'signalbox:answer:'
const ALIAS = 'signalbox:answer-of:'

/**
 * Answers in a Redis or Valkey that all replicas share. It is bounded by the server's own `maxmemory` and by the answers' time to live.
 * While it is away, or slower than 50 ms, every question is a miss and no answer is kept: a call never fails for it.
 */
export class RedisAnswerCache implements AnswerCache {
  readonly #options: RedisCacheOptions
  readonly #redis: Redis
  #failures = 0
  #waitingBytes = 0
  #isAway = false

  constructor(options: RedisCacheOptions) {
    this.#options = options
    this.#redis = new Redis(options.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: RETRY_MS,
      retryStrategy: () => RETRY_MS,
    })
    this.#redis.on('error', (cause) => this.#say(cause))
    this.#redis.on('ready', () => this.#say(undefined))
    this.#redis.connect().catch((cause) => this.#say(cause))
  }

  get failures(): number {
    return this.#failures
  }

  async find(keys: readonly string[], nowMs: number): Promise<CachedAnswer | undefined> {
    if (keys.length === 0) return undefined
    const aliases = await this.#ask(() => this.#redis.mget(keys.map((key) => ALIAS + key)))
    const id = aliases?.find((alias) => alias !== null)
    if (id === undefined || id === null) return undefined
    const bytes = await this.#ask(() => this.#redis.getBuffer(ANSWER + id))
    if (bytes === undefined || bytes === null) return undefined
    const answer = decodeAnswer(bytes)
    if (answer === undefined || !answer.keys.some((key) => keys.includes(key))) {
      // Damaged, of another version, or put there by somebody else.
      this.#failures++
      this.drop(id)
      return undefined
    }
    return answer.expiresAtMs > nowMs ? answer : undefined
  }

  /** Redis alone compares no vectors: the configuration refuses `semantic` with this store. */
  findSimilar(): SimilarAnswer | undefined {
    return undefined
  }

  keep(answer: CachedAnswer): void {
    const bytes = sizeOf(answer)
    const ttlMs = answer.expiresAtMs - this.#options.world.now()
    if (ttlMs <= 0) return
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#failures++
      return
    }
    this.#waitingBytes += bytes
    const write = this.#redis.multi().set(ANSWER + answer.id, Buffer.from(encodeAnswer(answer)), 'PX', ttlMs)
    for (const key of answer.keys) write.set(ALIAS + key, answer.id, 'PX', ttlMs)
    write
      .exec()
      .catch(() => {
        this.#failures++
      })
      .finally(() => {
        this.#waitingBytes -= bytes
      })
  }

  drop(id: string): void {
    this.#redis.del(ANSWER + id).catch(() => {
      this.#failures++
    })
  }

  async purge(filter: CacheFilter): Promise<number> {
    let purged = 0
    for await (const { key, answer } of this.#answers()) {
      if (answer !== undefined && !matchesFilter(answer, filter)) continue
      purged += await this.#must(() => this.#redis.del(key, ...(answer?.keys.map((each) => ALIAS + each) ?? []))).then(() => 1)
    }
    return purged
  }

  async size(): Promise<CacheSize> {
    let entries = 0
    let bytes = 0
    for await (const { size } of this.#answers()) {
      entries++
      bytes += size
    }
    return { entries, bytes }
  }

  /** Lets go of the connection. What waits to be written is lost, which a cache may. */
  close(): void {
    this.#redis.disconnect()
  }

  async *#answers() {
    let cursor = '0'
    do {
      const [next, keys] = await this.#must(() => this.#redis.scan(cursor, 'MATCH', `${ANSWER}*`, 'COUNT', SCAN_COUNT))
      for (const key of keys) {
        const bytes = await this.#must(() => this.#redis.getBuffer(key))
        if (bytes !== null) yield { key, answer: decodeAnswer(bytes), size: bytes.length }
      }
      cursor = next
    } while (cursor !== '0')
  }

  /** Undefined where the server does not answer in time. */
  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> {
    if (this.#redis.status !== 'ready') return undefined
    try {
      return await this.#within(question(), PATIENCE_MS)
    } catch {
      this.#failures++
      return undefined
    }
  }

  async #must<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await this.#within(question(), OPERATOR_PATIENCE_MS)
    } catch (cause) {
      throw new GatewayError('store_unavailable', 'The Redis that holds the cache does not answer; some answers may still be in it.', {
        cause,
      })
    }
  }

  #within<Answer>(answer: Promise<Answer>, ms: number): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const cancel = this.#options.world.after(ms, () => reject(new RangeError(`no answer within ${ms} ms`)))
    answer.then(resolve, reject).finally(cancel)
    return promise
  }

  #say(cause: unknown): void {
    const isAway = cause !== undefined
    if (isAway === this.#isAway) return
    this.#isAway = isAway
    this.#options.report(
      isAway
        ? new GatewayError('store_unavailable', 'The Redis that holds the cache cannot be reached: nothing is cached until it can.', {
            cause,
          })
        : undefined,
    )
  }
}
