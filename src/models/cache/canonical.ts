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
