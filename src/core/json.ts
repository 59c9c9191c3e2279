/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** An object of JSON. */
export type JsonObject = { readonly [key: string]: Json | undefined }

/** Whether a value is an object (and no array). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects of a list; none where it is no list. */
export function objectsIn(value: Json | undefined): readonly JsonObject[] {
  const list: readonly Json[] = Array.isArray(value) ? value : []
  return list.filter(isObject)
}

/** What a text says; undefined where it is no JSON: who reads it finds nothing of what it looks for, and says so. */
export function parseJson(text: string): Json | undefined {
  try {
    // What JSON.parse gives is JSON.
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** Where the value of a top-level key stands in the text: from its first character to just after its last. */
export interface KeySpan {
  readonly from: number
  readonly to: number
}

/** What a scan of an object's top level found. */
export type TopLevel =
  | {
      readonly type: 'object'
      /** Position just after the opening brace, where a key can be inserted. */
      readonly inside: number
      readonly isEmpty: boolean
      readonly keys: ReadonlyMap<string, KeySpan>
      /** Keys among those asked for that stand more than once. */
      readonly duplicates: readonly string[]
    }
  | { readonly type: 'not-an-object' }
  | { readonly type: 'too-deep' }
  | { readonly type: 'too-many' }

/**
 * The most members of objects and lists that a text may have, at all depths together. `JSON.parse` takes a quarter of a second for as many,
 * in which nothing else runs; for what fits into 32 MB it takes six seconds (decisions/0033-members-of-a-body.md).
 */
export const MOST_PIECES = 250_000

const QUOTE = 34
const BACKSLASH = 92
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const COLON = 58
const COMMA = 44

/**
 * Finds the wanted top-level keys of a JSON object without parsing it. It trusts the text to be JSON where `JSON.parse` will confirm it:
 * run it first (it bounds the depth and the number of pieces, which protects the parser), then parse.
 * @param maxDepth nesting past which the answer is `too-deep`
 * @param maxPieces members and lists past which it is `too-many`; left out for a text that was scanned before
 */
export function scanTopLevel(text: string, wanted: ReadonlySet<string>, maxDepth: number, maxPieces = Number.POSITIVE_INFINITY): TopLevel {
  let at = skipSpace(text, 0)
  if (text.charCodeAt(at) !== OPEN_BRACE) return { type: excessOf(text, maxDepth, maxPieces) ?? 'not-an-object' }
  const inside = at + 1
  const keys = new Map<string, KeySpan>()
  const duplicates: string[] = []
  const found: Found = { keys, duplicates, wanted }
  let depth = 0
  let pieces = 0
  let key: string | undefined
  let valueFrom = 0
  let isEmpty = true
  for (; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === QUOTE) {
      const end = stringEnd(text, at)
      if (depth === 1 && key === undefined) {
        key = decodeKey(text.slice(at, end + 1))
        valueFrom = 0
        isEmpty = false
      }
      at = end
    } else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      if (++depth > maxDepth) return { type: 'too-deep' }
      if (++pieces > maxPieces) return { type: 'too-many' }
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) {
      if (--depth === 0) {
        noteKey(text, found, key, valueFrom, at)
        break
      }
    } else if (character === COLON) {
      if (++pieces > maxPieces) return { type: 'too-many' }
      if (depth === 1 && valueFrom === 0) valueFrom = at + 1
    } else if (depth === 1 && character === COMMA) {
      noteKey(text, found, key, valueFrom, at)
      key = undefined
    }
  }
  return { type: 'object', inside, isEmpty, keys, duplicates }
}

interface Found {
  readonly keys: Map<string, KeySpan>
  readonly duplicates: string[]
  readonly wanted: ReadonlySet<string>
}

function noteKey(text: string, found: Found, key: string | undefined, valueFrom: number, end: number): void {
  if (key === undefined || !found.wanted.has(key)) return
  if (found.keys.has(key) && !found.duplicates.includes(key)) found.duplicates.push(key)
  let to = end
  while (to > valueFrom && isSpace(text.charCodeAt(to - 1))) to--
  found.keys.set(key, { from: skipSpace(text, valueFrom), to })
}

/** Index of the quote that ends the string which begins at `start`, or the text's end where none does. */
function stringEnd(text: string, start: number): number {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end === -1) return text.length
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
}

/** A key as JSON.parse would read it: `"\u006dodel"` is `model`. */
function decodeKey(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    // A string literal parses to a string; what does not parse is no key, and JSON.parse of the whole will say so.
    return JSON.parse(quoted) as string
  } catch {
    return quoted
  }
}

/** What is too much in a text that is no object. */
function excessOf(text: string, maxDepth: number, maxPieces: number): 'too-deep' | 'too-many' | undefined {
  let depth = 0
  let pieces = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === QUOTE) at = stringEnd(text, at)
    else if (character === COLON) pieces++
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      pieces++
      if (++depth > maxDepth) return 'too-deep'
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) depth--
    if (pieces > maxPieces) return 'too-many'
  }
  return undefined
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

function isSpace(character: number): boolean {
  return character === 32 || character === 10 || character === 13 || character === 9
}

/** Replaces spans of a text. Spans must not overlap; they may come in any order. */
export function spliceText(text: string, edits: readonly { readonly from: number; readonly to: number; readonly with: string }[]): string {
  let result = ''
  let at = 0
  for (const edit of [...edits].sort((left, right) => left.from - right.from)) {
    result += text.slice(at, edit.from) + edit.with
    at = edit.to
  }
  return result + text.slice(at)
}
