import type { CachedAnswer, CacheFilter } from '../core/answer-cache.ts'

/** What an entry takes beside its parts: keys, names and bookkeeping, as measured on Bun and rounded up. */
const ENTRY_BYTES = 1024

/** Bytes that an answer takes in a cache, about. */
export function sizeOf(answer: CachedAnswer): number {
  const vector = answer.likeness === undefined ? 0 : answer.likeness.vector.byteLength
  return answer.parts.reduce((sum, { bytes }) => sum + bytes.length + 32, ENTRY_BYTES + vector)
}

const FIELDS = ['model', 'callId', 'team', 'user', 'keyId', 'scope'] as const

/** Whether an answer is among those that a filter names. */
export function matchesFilter(answer: CachedAnswer, filter: CacheFilter): boolean {
  const { beforeMs, labels } = filter
  if (FIELDS.some((field) => filter[field] !== undefined && answer[field] !== filter[field])) return false
  if (beforeMs !== undefined && answer.storedAtMs >= beforeMs) return false
  return Object.entries(labels ?? {}).every(([name, value]) => answer.labels[name] === value)
}
