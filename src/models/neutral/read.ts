import { GatewayError } from '../../core/errors.ts'
import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { Losses } from './loss.ts'

/** Reads of a caller's fields, each naming the field at fault as the caller wrote it. A field that is null is absent. */

/** @throws invalid_request */
export function wrong(path: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `The field "${path}" ${what}.`, { param: path })
}

/** @throws invalid_request */
export function readString(value: Json | undefined, path: string): string {
  if (typeof value === 'string') return value
  throw wrong(path, 'must be a string')
}

/** @throws invalid_request */
export function readObject(value: Json | undefined, path: string): JsonObject {
  if (isObject(value)) return value
  throw wrong(path, 'must be an object')
}

/** @throws invalid_request */
export function readList(value: Json | undefined, path: string): readonly Json[] {
  if (Array.isArray(value)) return value
  throw wrong(path, 'must be a list')
}

/** @throws invalid_request */
export function optionalNumber(value: Json | undefined, path: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number') return value
  throw wrong(path, 'must be a number')
}

/** A number within bounds. @throws invalid_request */
export function optionalWithin(value: Json | undefined, path: string, [least, most]: readonly [number, number]): number | undefined {
  const number = optionalNumber(value, path)
  if (number === undefined || (number >= least && number <= most)) return number
  throw wrong(path, `must be a number from ${least} to ${most}`)
}

/** A whole number from 1. @throws invalid_request */
export function optionalCount(value: Json | undefined, path: string): number | undefined {
  const number = optionalNumber(value, path)
  if (number === undefined || (Number.isSafeInteger(number) && number >= 1)) return number
  throw wrong(path, 'must be a whole number from 1')
}

/**
 * The caller's bound on the output, of all fields that say one: the largest, for which of them holds differs from provider to provider.
 * Below 0 it is none: so servers on one's own machine are told that there is no bound. What is no whole number is refused: a provider may
 * read "9000" as 9,000, and what is held for the call would be for another.
 * @throws invalid_request
 */
export function readOutputBound(fields: readonly (readonly [path: string, value: Json | undefined])[]): {
  readonly maxOutputTokens?: number
} {
  let largest: number | undefined
  for (const [path, value] of fields) {
    const number = optionalNumber(value, path)
    if (number === undefined) continue
    if (number < 0) return {}
    if (!Number.isSafeInteger(number)) throw wrong(path, 'must be a whole number')
    largest = Math.max(largest ?? 0, number)
  }
  return largest === undefined ? {} : { maxOutputTokens: largest }
}

/** How many answers are asked for, at least one: 0 is how protocol buffers write that nothing was said. @throws invalid_request */
export function answersWanted(value: Json | undefined, path: string): number {
  const number = optionalNumber(value, path)
  if (number === undefined || number === 0) return 1
  if (Number.isSafeInteger(number) && number > 0) return number
  throw wrong(path, 'must be a whole number from 1')
}

/** @throws invalid_request */
export function optionalBoolean(value: Json | undefined, path: string): boolean | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'boolean') return value
  throw wrong(path, 'must be true or false')
}

/** @throws invalid_request */
export function optionalString(value: Json | undefined, path: string): string | undefined {
  return value === undefined || value === null ? undefined : readString(value, path)
}

/** @throws invalid_request */
export function optionalStrings(value: Json | undefined, path: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  return readList(value, path).map((item, index) => readString(item, `${path}[${index}]`))
}

/** An object without the fields that are undefined. */
export function defined<Shape extends object>(shape: { [Key in keyof Shape]: Shape[Key] | undefined }): Shape {
  const kept: Record<string, unknown> = {}
  // In place of entries: a pair for each field of each request was a fifth of what reading one costs.
  for (const key in shape) if (shape[key] !== undefined) kept[key] = shape[key]
  // What was left out are the fields that are undefined.
  return kept as Shape
}

/** Reports each field that nobody read: nothing is dropped in silence. Fields that say what would be so anyway are no loss. */
export function reportUnread(
  value: JsonObject,
  read: ReadonlySet<string>,
  place: { readonly path: string; readonly losses: Losses },
): void {
  for (const key in value) {
    if (read.has(key) || !Object.hasOwn(value, key) || isNothing(value[key])) continue
    place.losses.drop(place.path === '' ? key : `${place.path}.${key}`, 'no other wire has this field')
  }
}

function isNothing(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false) return true
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

/** Whether a text is base64. Linear, and done once a text: what is not would be refused by the provider in its own words. */
export function isBase64(text: string): boolean {
  return text.length > 0 && BASE64.test(text)
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w-]+=[^;,]*)*;base64,/

/** The parts of a `data:` URL in base64, or undefined. */
export function readDataUrl(url: string): { readonly mediaType: string; readonly data: string } | undefined {
  // The head alone is matched: what follows may be megabytes.
  const head = DATA_URL.exec(url.slice(0, 300))
  return head === null ? undefined : { mediaType: head[1] ?? 'text/plain', data: url.slice(head[0].length) }
}
