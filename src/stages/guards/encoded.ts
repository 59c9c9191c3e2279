import { fold } from './fold.ts'
import type { Finding, SpanDetector } from './types.ts'

/** Which tokens are read as base64. */
interface EncodedOptions {
  /** Characters; shorter ones are left alone. */
  readonly fewest: number
  /** Characters; of a longer one only so many are read, and no more of a stream is held back. */
  readonly most: number
}

const LETTER = /[A-Za-z0-9+/_=-]/
/** What no sentence has. */
const UNPRINTABLE = /[^\P{Cc}\n\r\t]|\ufffd/u

/** What a text in base64 (or base64url) stands for; undefined where that is no text. */
export function decodedText(token: string): string | undefined {
  const text = Buffer.from(token, 'base64').toString('utf8')
  return UNPRINTABLE.test(text) ? undefined : text
}

/** Finds in base64 what a detector finds in plain text: a token whose meaning has a finding is one, of the same kind. */
export function encodedDetector(plain: SpanDetector, { fewest, most }: EncodedOptions): SpanDetector {
  const tokens = new RegExp(`(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{${fewest},${most}}={0,2}`, 'g')
  const reach = most + 4
  const kindIn = (token: string): string | undefined => {
    const text = decodedText(token)
    return text === undefined ? undefined : plain.find(fold(text).text, 0)[0]?.kind
  }
  return {
    type: 'spans',
    reads: 'written',
    lookBehind: 2,
    reach,
    find: (text, from) => {
      const found: Finding[] = []
      tokens.lastIndex = from
      for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
        const kind = kindIn(match[0])
        if (kind !== undefined) found.push({ from: match.index, to: match.index + match[0].length, kind })
      }
      return found
    },
    holdFrom: (text, from) => {
      const lowest = Math.max(from, text.length - reach)
      let at = text.length
      while (at > lowest && LETTER.test(text.charAt(at - 1))) at--
      return text.length - at >= reach ? text.length : at
    },
  }
}
