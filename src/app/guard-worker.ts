// A thread of its own: to search 100 kB takes milliseconds that the event loop owes to other calls.
import { detectorsOf } from '../stages/guards/compile.ts'
import { searchText } from '../stages/guards/search.ts'
import type { DetectorSource, Finding, SpanDetector } from '../stages/guards/types.ts'

declare const self: Worker

/** Texts to search, and the guards to search for. */
export interface SearchRequest {
  readonly id: number
  readonly sources: readonly DetectorSource[]
  readonly texts: readonly string[]
}

/** What was found: by text, guard and detector. */
export type SearchReply =
  | { readonly type: 'found'; readonly id: number; readonly found: readonly (readonly (readonly (readonly Finding[])[])[])[] }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }

const MAX_KEPT = 64
const kept = new Map<string, readonly SpanDetector[]>()

self.onmessage = ({ data }: MessageEvent<SearchRequest>) => self.postMessage(answer(data))

function answer({ id, sources, texts }: SearchRequest): SearchReply {
  try {
    const guards = sources.map(detectorsFor)
    return { type: 'found', id, found: texts.map((text) => guards.map((detectors) => searchText(text, detectors))) }
  } catch (thrown) {
    return { type: 'failed', id, reason: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

function detectorsFor(source: DetectorSource): readonly SpanDetector[] {
  const key = JSON.stringify(source)
  const before = kept.get(key)
  if (before !== undefined) return before
  const made = detectorsOf(source)
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(key, made)
  return made
}
