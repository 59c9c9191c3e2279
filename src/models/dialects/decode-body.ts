import { hash } from 'node:crypto'
import type { PromptIdentity } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, type KeySpan, MOST_PIECES, scanTopLevel, type TopLevel } from '../../core/json.ts'
import type { DecodeBounds } from '../types.ts'

/** The top-level keys that the gateway reads of a wire. One of these that stands twice is refused: parsers differ in which one they take. */
export interface ReadKeys {
  readonly keys: ReadonlySet<string>
  readonly longest: number
}

/** A set of keys that are read. */
export function readKeys(keys: readonly string[]): ReadKeys {
  return { keys: new Set(keys), longest: Math.max(...keys.map(({ length }) => length)) }
}

/** A body that is a JSON object: its text, its value, and where the keys stand. */
export interface DecodedBody {
  readonly text: string
  readonly value: JsonObject
  readonly top: TopLevel & { readonly type: 'object' }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads a body of any wire.
 * @throws invalid_json, duplicate_key, invalid_request
 */
export function decodeBody(body: Uint8Array, bounds: DecodeBounds, read: ReadKeys): DecodedBody {
  const text = decodeText(body)
  const top = scanTopLevel(text, read.keys, bounds.maxDepth, MOST_PIECES)
  if (top.type === 'too-deep') throw new GatewayError('invalid_json', `The body is nested deeper than ${bounds.maxDepth} levels.`)
  if (top.type === 'too-many') throw new GatewayError('invalid_json', `The body has more than ${MOST_PIECES} members and lists.`)
  const value = parse(text)
  if (top.type === 'not-an-object' || !isObject(value)) throw new GatewayError('invalid_request', 'The body must be a JSON object.')
  const [twice] = top.duplicates
  if (twice !== undefined)
    throw new GatewayError('duplicate_key', `The key "${twice}" stands more than once in the body.`, { param: twice })
  refuseLookalikes(value, read)
  return { text, value, top }
}

/** The text of a body that was decoded before, as a value again. */
export function parseAgain(text: string): JsonObject {
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) throw new GatewayError('internal', 'A body that was an object is none any more.')
  return value
}

/**
 * The model that a request names, and the only one: what the provider may fall back to would be neither permitted nor priced by its name.
 * Sources: https://openrouter.ai/docs/guides/routing, for both fields (read 2026-11-21).
 * @throws invalid_request
 */
export function readModel(value: JsonObject): string {
  const { model, models, fallbacks } = value
  if (models !== undefined || fallbacks !== undefined) refuseOthers({ models, fallbacks })
  if (typeof model !== 'string' || model === '') {
    throw new GatewayError('invalid_request', 'The field "model" must be a non-empty string.', { param: 'model' })
  }
  return model
}

function refuseOthers(lists: JsonObject): void {
  for (const [field, list] of Object.entries(lists)) {
    if (list === undefined || list === null || (Array.isArray(list) && list.length === 0)) continue
    throw new GatewayError(
      'invalid_request',
      `The field "${field}" has the provider choose another model, which this key might not be allowed to use, and at a price that is not known. Leave it out: a route in the gateway's configuration falls back from one model to the next.`,
      { param: field },
    )
  }
}

/** @throws invalid_request */
export function readStreamFlag(value: JsonObject): boolean {
  const { stream } = value
  if (stream === undefined || stream === null || stream === false) return false
  if (stream === true) return true
  throw new GatewayError('invalid_request', 'The field "stream" must be true or false.', { param: 'stream' })
}

/** Where the value of a key stands that is there. */
export function spanOf(keys: ReadonlyMap<string, KeySpan>, key: string): KeySpan {
  const span = keys.get(key)
  if (span === undefined) throw new GatewayError('invalid_json', `The key "${key}" could not be found in the body's text.`)
  return span
}

function decodeText(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch (cause) {
    const what = isPacked(body) ? 'The body is compressed; send it as it is, without Content-Encoding.' : 'The body is not valid UTF-8.'
    throw new GatewayError('invalid_json', what, { cause })
  }
}

/** Whether it begins as gzip or Zstandard does: neither is valid UTF-8. */
function isPacked([first, second]: Uint8Array): boolean {
  return (first === 0x1f && second === 0x8b) || (first === 0x28 && second === 0xb5)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^JSON Parse error: /, '') : 'unreadable'
    throw new GatewayError(
      'invalid_json',
      text.trim() === '' ? 'The body is empty; a JSON object is expected.' : `The body is not valid JSON: ${reason.slice(0, 200)}`,
      { cause },
    )
  }
}

/** Some providers' parsers (Go's) ignore the case of keys, and read ſ as s: `Model` behind a checked `model` would win there. */
function refuseLookalikes(value: JsonObject, read: ReadKeys): void {
  for (const key in value) {
    if (read.keys.has(key) || key.length > read.longest || HARMLESS.test(key)) continue
    const folded = key.toUpperCase().toLowerCase()
    if (read.keys.has(folded))
      throw new GatewayError('duplicate_key', `Some providers read the key "${key}" as "${folded}"; write it so, or leave it out.`, {
        param: key,
      })
  }
}

/** A key of lower-case letters stands for itself alone. */
const HARMLESS = /^[a-z_0-9]*$/

const NO_PROMPT: PromptIdentity = {}
/** Applications have few prompts and send them often. Long ones are hashed each time, so that what is kept stays small. */
const KNOWN_PROMPTS = 256
const LONGEST_KNOWN_PROMPT = 16_384
const known = new Map<string, PromptIdentity>()

/** Names a prompt, the text that the application wrote, by its hash. A cache of a pure function: what it holds changes no answer. */
export function identifyPrompt(prompt: string): PromptIdentity {
  if (prompt === '') return NO_PROMPT
  const before = known.get(prompt)
  if (before !== undefined) return before
  const identity = { hash: `sha256:${hash('sha256', prompt, 'hex').slice(0, 32)}` }
  if (prompt.length > LONGEST_KNOWN_PROMPT) return identity
  if (known.size >= KNOWN_PROMPTS) known.clear()
  known.set(prompt, identity)
  return identity
}
