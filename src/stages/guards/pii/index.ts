import { encodedDetector } from '../encoded.ts'
import type { SpanDetector } from '../types.ts'
import { holdPiiFrom, PII_LOOK_BEHIND, PII_REACH, type PiiKind, scanPii } from './scan.ts'

export { PII_KINDS, type PiiKind } from './scan.ts'

/** What is sure enough to be looked for in base64: numbers of other kinds stand in the marks by which services name a page of results, which nobody must change. */
const ENCODED_KINDS: readonly PiiKind[] = ['email', 'card', 'iban']
/** Characters: of the shortest addresses, and of what is held back of a stream. */
const ENCODED = { fewest: 16, most: 4096 }

/** What belongs to a person, as it is written, and in base64. */
export function piiDetectors(kinds: readonly PiiKind[]): readonly SpanDetector[] {
  const sure = ENCODED_KINDS.filter((kind) => kinds.includes(kind))
  return [piiDetector(kinds), ...(sure.length === 0 ? [] : [encodedDetector(piiDetector(sure), ENCODED)])]
}

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
