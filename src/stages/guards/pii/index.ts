import type { SpanDetector } from '../types.ts'
import { holdPiiFrom, PII_LOOK_BEHIND, PII_REACH, type PiiKind, scanPii } from './scan.ts'

export { PII_KINDS, type PiiKind } from './scan.ts'

/** Finds what belongs to a person. */
export function piiDetector(kinds: readonly PiiKind[]): SpanDetector {
  const wanted = new Set(kinds)
  return {
    type: 'spans',
    reads: 'folded',
    lookBehind: PII_LOOK_BEHIND,
    reach: PII_REACH,
    find: (text, from) => scanPii(text, from, wanted),
    holdFrom: holdPiiFrom,
  }
}
