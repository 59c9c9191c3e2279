import { findIn, ReadableText } from './find.ts'
import type { Finding, Guard, Judges, SpanDetector } from './types.ts'

/** Texts that are longer in all, in characters, are searched in a thread of their own. */
export const LONG_TEXT = 16 * 1024

/** Whether texts are so long that a search would hold up the calls of others. */
export function isLong(texts: readonly { readonly text: string }[]): boolean {
  let length = 0
  for (const { text } of texts) length += text.length
  return length > LONG_TEXT
}

/** Everything that detectors find in a text that is complete. */
export function searchText(text: string, detectors: readonly SpanDetector[]): readonly (readonly Finding[])[] {
  const readable = new ReadableText(text)
  return detectors.map((detector) => findIn(readable, detector, 0))
}

/**
 * The guards for each of some long texts, with detectors that know already what is found in it. Where there is no thread, or it fails, they are
 * the guards themselves: the work is then done here.
 */
export async function searchElsewhere(
  judges: Judges,
  guards: readonly Guard[],
  texts: readonly string[],
): Promise<readonly (readonly Guard[])[]> {
  if (judges.search === undefined || guards.every(({ spans }) => spans.length === 0)) return texts.map(() => guards)
  const found = await judges.search(guards, texts).catch(() => undefined)
  if (found === undefined) return texts.map(() => guards)
  return texts.map((_text, index) => guards.map((guard, at) => ({ ...guard, spans: (found[index]?.[at] ?? []).map(knowing) })))
}

/** A detector of one whole text in which it is known already what there is. */
export function knowing(findings: readonly Finding[]): SpanDetector {
  return { type: 'spans', reads: 'written', lookBehind: 0, reach: 0, find: () => findings, holdFrom: (text) => text.length }
}
