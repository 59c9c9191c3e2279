import { hash } from 'node:crypto'
import type { Json } from '../../core/json.ts'

/** A value as JSON with the keys of each object in order: two texts that mean the same become one. Undefined where it is nested too deep. */
export function canonicalJson(value: Json | undefined, depth = 0): string {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deep to be compared')
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`
  if (value === null || value === undefined || typeof value !== 'object') return JSON.stringify(value ?? null)
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field, depth + 1)}`)
  return `{${fields.join(',')}}`
}

const MAX_DEPTH = 1000

const QUOTE = 34
const BACKSLASH = 92
const COLON = 58
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** Decimal digits that every double tells apart. */
const SAFE_DIGITS = 15
const SAFE_EXPONENT = 300

/**
 * Whether parsing a JSON text loses nothing that another reader may see: a key that stands twice, whose first value some read and some its last; or a
 * number of which only the first digits are kept. Two such texts can look equal here and mean two things to a provider.
 */
export function isUnambiguous(text: string, value: unknown): boolean {
  let members = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = stringEnd(text, at)
    else if (code === COLON) members++
    else if (code === 45 || (code >= 48 && code <= 57)) {
      NUMBER.lastIndex = at
      const number = NUMBER.exec(text)?.[0] ?? ''
      if (!isSafe(number)) return false
      at += number.length - 1
    }
  }
  return members === countMembers(value)
}

/** Where the quote stands that ends a string. */
function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return text.length
}

function isSafe(number: string): boolean {
  const [digits = '', exponent = '0'] = number.toLowerCase().split('e')
  const telling = digits.replaceAll(/[-.]/g, '').replace(/^0+/, '')
  return telling.length <= SAFE_DIGITS && Math.abs(Number(exponent)) <= SAFE_EXPONENT
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let members = Array.isArray(value) ? 0 : Object.keys(value).length
  for (const each of Object.values(value)) members += countMembers(each)
  return members
}

/** Pieces as one text: each stands behind its length, so that no piece can pass for a part of another. */
export function joined(pieces: readonly string[]): string {
  let text = ''
  for (const piece of pieces) text += `${piece.length}:${piece}`
  return text
}

/** A key of the cache: a hash over pieces that were joined. */
export function keyOf(kind: string, text: string): string {
  return `${kind}:${hash('sha256', text, 'base64url')}`
}
