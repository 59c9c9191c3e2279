import type { AnswerCache, CachedAnswer, CacheFilter, CacheSize, Likeness, SimilarAnswer } from '../../core/answer-cache.ts'
import { matchesFilter, sizeOf } from '../answer-filter.ts'

/** How much a cache may hold. */
export interface CacheBounds {
  readonly maxEntries: number
  readonly maxBytes: number
}

interface Entry {
  readonly answer: CachedAnswer
  readonly bytes: number
}

/** Answers in memory, the least used first to go. `bounds` is read anew each time, so that a reload counts. */
export class MemoryAnswerCache implements AnswerCache {
  readonly #bounds: () => CacheBounds
  /** By id, the least used first. */
  readonly #entries = new Map<string, Entry>()
  readonly #ids = new Map<string, string>()
  readonly #contexts = new Map<string, Set<string>>()
  #bytes = 0
  readonly failures = 0

  constructor(bounds: () => CacheBounds) {
    this.#bounds = bounds
  }

  find(keys: readonly string[], nowMs: number): CachedAnswer | undefined {
    for (const key of keys) {
      const id = this.#ids.get(key)
      const answer = id === undefined ? undefined : this.#use(id, nowMs)
      if (answer !== undefined) return answer
    }
    return undefined
  }

  findSimilar({ context, vector }: Likeness, threshold: number, nowMs: number): SimilarAnswer | undefined {
    let best: { readonly id: string; readonly similarity: number } | undefined
    for (const id of this.#contexts.get(context) ?? []) {
      const other = this.#entries.get(id)?.answer.likeness
      if (other === undefined || other.vector.length !== vector.length) continue
      const similarity = dot(vector, other.vector)
      if (similarity >= threshold && (best === undefined || similarity > best.similarity)) best = { id, similarity }
    }
    if (best === undefined) return undefined
    const answer = this.#use(best.id, nowMs)
    // The best one had expired, and is gone now: the next best may do.
    return answer === undefined ? this.findSimilar({ context, vector }, threshold, nowMs) : { answer, similarity: best.similarity }
  }

  keep(answer: CachedAnswer): void {
    this.drop(answer.id)
    const { maxBytes, maxEntries } = this.#bounds()
    const bytes = sizeOf(answer)
    if (bytes > maxBytes || maxEntries === 0) return
    this.#entries.set(answer.id, { answer, bytes })
    this.#bytes += bytes
    for (const key of answer.keys) this.#ids.set(key, answer.id)
    if (answer.likeness !== undefined) {
      const ids = this.#contexts.get(answer.likeness.context) ?? new Set()
      this.#contexts.set(answer.likeness.context, ids.add(answer.id))
    }
    for (const id of this.#entries.keys()) {
      if (this.#bytes <= maxBytes && this.#entries.size <= maxEntries) return
      this.drop(id)
    }
  }

  drop(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    this.#bytes -= entry.bytes
    // A key may have passed on to a later answer.
    for (const key of entry.answer.keys) if (this.#ids.get(key) === id) this.#ids.delete(key)
    const { likeness } = entry.answer
    if (likeness === undefined) return
    const ids = this.#contexts.get(likeness.context)
    ids?.delete(id)
    if (ids?.size === 0) this.#contexts.delete(likeness.context)
  }

  async purge(filter: CacheFilter): Promise<number> {
    const gone = [...this.#entries.values()].filter(({ answer }) => matchesFilter(answer, filter))
    for (const { answer } of gone) this.drop(answer.id)
    return gone.length
  }

  async size(): Promise<CacheSize> {
    return { entries: this.#entries.size, bytes: this.#bytes }
  }

  #use(id: string, nowMs: number): CachedAnswer | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    if (entry.answer.expiresAtMs <= nowMs) {
      this.drop(id)
      return undefined
    }
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    return entry.answer
  }
}

function dot(left: Float32Array, right: Float32Array): number {
  let sum = 0
  for (let index = 0; index < left.length; index++) sum += (left[index] ?? 0) * (right[index] ?? 0)
  return sum
}
