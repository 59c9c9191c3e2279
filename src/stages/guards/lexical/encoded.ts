import { fold } from '../fold.ts'
import type { Finding, SpanDetector } from '../types.ts'

const FEWEST = 24
const MOST = 400
const REACH = MOST + 4
const TOKEN = new RegExp(`(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{${FEWEST},${MOST}}={0,2}`, 'g')
const LETTER = /[A-Za-z0-9+/_=-]/
/** What no sentence has. */
const UNPRINTABLE = /[^\P{Cc}\n\r\t]|\ufffd/u

/** Finds in base64 what a detector finds in plain text: a token whose meaning is a finding is one. */
export function encodedDetector(plain: SpanDetector): SpanDetector {
  const hasFinding = (token: string): boolean => {
    const text = Buffer.from(token, 'base64').toString('utf8')
    return !UNPRINTABLE.test(text) && plain.find(fold(text).text, 0).length > 0
  }
  return {
    type: 'spans',
    reads: 'written',
    lookBehind: 2,
    reach: REACH,
    find: (text, from) => {
      const found: Finding[] = []
      TOKEN.lastIndex = from
      for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
        const [token] = match
        if (hasFinding(token)) found.push({ from: match.index, to: match.index + token.length, kind: 'INJECTION' })
      }
      return found
    },
    holdFrom: (text, from) => {
      const lowest = Math.max(from, text.length - REACH)
      let at = text.length
      while (at > lowest && LETTER.test(text.charAt(at - 1))) at--
      return text.length - at >= REACH ? text.length : at
    },
  }
}
