import type { RE2JS } from 're2js'
import { linearPattern } from '../../policy/linear-pattern.ts'
import type { Finding, SpanDetector } from './types.ts'

/**
 * Finds what a pattern of the operator matches, in time that grows with the text (RE2, by re2js), in the text as written. At most `longest` characters of
 * a stream are waited for: a longer match may be found in part or not at all. `^` and `$` mean the ends of what is looked at.
 * @throws where the pattern is none
 */
export function patternDetector(pattern: string, kind: string, longest: number): SpanDetector {
  const compiled = linearPattern(pattern)
  const search: Search = { compiled, kind, longest }
  return {
    type: 'spans',
    reads: 'written',
    lookBehind: 1,
    reach: 2 * longest,
    find: (text, from) => walk(search, text, from, { isEnd: true }).found,
    // A window is looked at once, when it is complete: matching costs too much for every piece.
    holdFrom: (text, from) => (text.length - from < 2 * longest ? from : walk(search, text, from, { isEnd: false }).at),
  }
}

interface Search {
  readonly compiled: RE2JS
  readonly kind: string
  readonly longest: number
}

interface Walked {
  readonly found: readonly Finding[]
  readonly at: number
}

/**
 * Goes through the text in windows of twice the longest match, each of which begins where the last decision was made. What is found depends on
 * where windows begin, and that on what was found: never on how the text came.
 */
function walk({ compiled, kind, longest }: Search, text: string, from: number, { isEnd }: { readonly isEnd: boolean }): Walked {
  const found: Finding[] = []
  const matcher = compiled.matcher(text)
  let at = from
  while (at < text.length && (isEnd || at + 2 * longest <= text.length)) {
    if (!matcher.find(at)) return { found, at: isEnd ? text.length : wholeWindows(at, text.length, longest) }
    // Windows in which nothing begins are stepped over.
    const begin = at + Math.floor((matcher.start() - at) / longest) * longest
    if (!isEnd && begin + 2 * longest > text.length) return { found, at: wholeWindows(at, text.length, longest) }
    at = begin
    const window = compiled.matcher(text.slice(0, at + 2 * longest))
    const isFound = window.find(at) && window.start() < at + longest && window.end() > window.start()
    if (isFound) found.push({ from: window.start(), to: window.end(), kind })
    at = isFound ? window.end() : at + longest
  }
  return { found, at }
}

/** After the last window that is complete. */
function wholeWindows(at: number, length: number, longest: number): number {
  return at + Math.max(0, Math.floor((length - at - longest) / longest)) * longest
}
