import { fold } from './fold.ts'
import type { Finding, SpanDetector } from './types.ts'

/** Which tokens are read as base64. */
interface EncodedOptions {
  /** Characters; shorter ones are left alone. */
  readonly fewest: number
  /** Characters; of a longer one only so many are read, and no more of a stream is held back. */
  readonly most: number
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** The 6 bits that a letter of base64 or base64url stands for, by its code; -1 for what is none. */
const BITS = makeBits(`${ALPHABET}+/`, `${ALPHABET}-_`)

function makeBits(...alphabets: readonly string[]): Int8Array {
  const bits = new Int8Array(128).fill(-1)
  for (const alphabet of alphabets) for (let at = 0; at < alphabet.length; at++) bits[alphabet.charCodeAt(at)] = at
  return bits
}

const PADDING = 61

/** What no sentence has. */
const UNPRINTABLE = /[^\P{Cc}\n\r\t]|\ufffd/u

/** What a text in base64 (or base64url) stands for; undefined where that is no text. */
export function decodedText(token: string): string | undefined {
  const text = Buffer.from(token, 'base64').toString('utf8')
  return UNPRINTABLE.test(text) ? undefined : text
}

/** Finds in base64 what a detector finds in plain text: a token whose meaning has a finding is one, of the same kind. */
export function encodedDetector(plain: SpanDetector, { fewest, most }: EncodedOptions): SpanDetector {
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
      for (let run = nextRun(text, from, fewest); run !== undefined; run = nextRun(text, run.to, fewest)) {
        if (!mayBeText(text, run.from)) continue
        const to = endOfToken(text, run, most)
        const kind = kindIn(text.slice(run.from, to))
        if (kind !== undefined) found.push({ from: run.from, to, kind })
      }
      return found
    },
    holdFrom: (text, from) => {
      const lowest = Math.max(from, text.length - reach)
      let at = text.length
      while (at > lowest && (isLetter(text, at - 1) || text.charCodeAt(at - 1) === PADDING)) at--
      return text.length - at >= reach ? text.length : at
    },
  }
}

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code < 128 && BITS[code] !== -1
}

interface Run {
  readonly from: number
  readonly to: number
}

/**
 * The next run of so many letters of base64 that begins at a place or behind it. In front of the last letter of such a run stand the others: of a plain text, one
 * character in so many is looked at, and the rest of its word.
 */
function nextRun(text: string, start: number, fewest: number): Run | undefined {
  let from = start
  if (from > 0 && isLetter(text, from - 1)) while (isLetter(text, from)) from++
  while (from + fewest <= text.length) {
    let at = from + fewest - 1
    while (at >= from && isLetter(text, at)) at--
    if (at < from) return { from, to: endOfRun(text, from + fewest) }
    from = at + 1
  }
  return undefined
}

function endOfRun(text: string, at: number): number {
  let end = at
  while (isLetter(text, end)) end++
  return end
}

/** Just after a token and what fills it up. */
function endOfToken(text: string, { from, to }: Run, most: number): number {
  if (to - from > most) return from + most
  let end = to
  while (end < to + 2 && text.charCodeAt(end) === PADDING) end++
  return end
}

/** How many bytes are looked at before all of a token is read. */
const FIRST_BYTES = 9
const SPACE = 0x20
const DELETE = 0x7f
const isWhite = (byte: number) => byte === 0x09 || byte === 0x0a || byte === 0x0d

/** Whether what a token stands for begins as a text: most names, paths and hashes, read as base64, do not. */
function mayBeText(text: string, from: number): boolean {
  for (let byte = 0; byte < FIRST_BYTES; byte++) {
    const at = from + Math.floor((byte * 4) / 3)
    const shift = 4 - 2 * (byte % 3)
    const bits = ((BITS[text.charCodeAt(at)] ?? 0) << 6) | (BITS[text.charCodeAt(at + 1)] ?? 0)
    const value = (bits >> shift) & 0xff
    if ((value < SPACE && !isWhite(value)) || value === DELETE) return false
    // The first byte of a character in UTF-8: neither a later one, nor one that stands nowhere.
    if (byte === 0 && value >= 0x80 && (value < 0xc2 || value > 0xf4)) return false
  }
  return true
}
