import type { Labels } from './call.ts'
import type { NanoUsd } from './money.ts'

/** An answer as it is kept: the bytes of its parts, and what is needed to give it out again and to find it for a purge. */
export interface CachedAnswer {
  /** The first of the keys that it is found by. */
  readonly id: string
  /** Every key that it is found by. A key is a hash over the scope too: what is found under it belongs to who asks. */
  readonly keys: readonly string[]
  /** Whose it is, such as `team:support`. Checked again when it is found. */
  readonly scope: string
  /** The gateway's name of the model, as it was asked for. */
  readonly model: string
  readonly provider: string
  /** The provider's name of what answered. */
  readonly target: string
  readonly labels: Labels
  /** The call that it was made for, and whose that was. Absent in what an older gateway kept. */
  readonly callId?: string
  readonly team?: string
  readonly user?: string
  readonly keyId?: string
  /** The wire of the parts. */
  readonly wire: string
  readonly isStream: boolean
  /** Milliseconds since the epoch. */
  readonly storedAtMs: number
  readonly expiresAtMs: number
  /** What it cost when it was made; absent where that was not known. */
  readonly costNanoUsd?: NanoUsd
  readonly parts: readonly CachedPart[]
  /** Where it can be found by likeness. */
  readonly likeness?: Likeness
}

/** One part of an answer. */
export interface CachedPart {
  readonly bytes: Uint8Array
  /** Milliseconds after the first part. */
  readonly afterMs: number
}

/** What a question means, as numbers. */
export interface Likeness {
  /** A hash over all that must be equal: scope, model, tools, system prompt, form of the answer, embedder. */
  readonly context: string
  /** Of length one. */
  readonly vector: Float32Array
}

/** An answer to a question that is like the one that was asked. */
export interface SimilarAnswer {
  readonly answer: CachedAnswer
  /** Cosine, from -1 to 1. */
  readonly similarity: number
}

/** Which answers to remove: all fields given must match; none given means all. */
export interface CacheFilter {
  readonly model?: string
  /** Made for this call, or for whom. */
  readonly callId?: string
  readonly team?: string
  readonly user?: string
  readonly keyId?: string
  /** Stored before then, in milliseconds since the epoch. */
  readonly beforeMs?: number
  readonly scope?: string
  readonly labels?: Labels
}

/** What a cache holds. */
export interface CacheSize {
  readonly entries: number
  readonly bytes: number
}

/**
 * Keeps answers within its bounds; the least used go first. It never fails a call: what cannot be read is not there, and what cannot
 * be written is not kept; both are counted.
 */
export interface AnswerCache {
  /** The answer of the first key that has one that has not expired: at once where it is at hand, else as a promise that does not reject. */
  find(keys: readonly string[], nowMs: number): CachedAnswer | undefined | Promise<CachedAnswer | undefined>
  /** The most similar answer of a context, at or above the threshold. */
  findSimilar(likeness: Likeness, threshold: number, nowMs: number): SimilarAnswer | undefined | Promise<SimilarAnswer | undefined>
  keep(answer: CachedAnswer): void
  /** Removes one that turned out to be unusable. */
  drop(id: string): void
  /** @returns how many were removed. @throws store_unavailable (as a rejection): some may still be there */
  purge(filter: CacheFilter): Promise<number>
  size(): Promise<CacheSize>
  /** Reads and writes that failed, and entries that were not readable, since start. */
  readonly failures: number
}

/** What the cache had to do with a call. */
export interface CacheFact {
  /**
   * `hit`: the answer to an equal question. `similar`: the answer to one that is like it. `shared`: an equal call was under way, and its answer
   * went to both. `miss`: none was there. `refresh`: the caller wanted a new one.
   */
  readonly result: 'hit' | 'similar' | 'shared' | 'miss' | 'refresh'
  /** How old the answer was. */
  readonly ageMs?: number | undefined
  /** Cosine of the two questions, from -1 to 1. */
  readonly similarity?: number | undefined
  /** What the answer cost when it was made. */
  readonly savedNanoUsd?: NanoUsd | undefined
}
