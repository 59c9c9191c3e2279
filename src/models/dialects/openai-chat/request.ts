import { hash } from 'node:crypto'
import type { PromptIdentity } from '../../../core/call.ts'
import { GatewayError } from '../../../core/errors.ts'
import { isObject, type JsonObject, type KeySpan, scanTopLevel, spliceText, type TopLevel } from '../../../core/json.ts'
import type { DecodeBounds, ModelRequest, RequestEdits, Target } from '../../types.ts'
import { readBounds } from './bounds.ts'

/** What the gateway reads. A key of these that stands twice is refused: parsers differ in which one they take. */
const READ_KEYS: ReadonlySet<string> = new Set([
  'model',
  'stream',
  'stream_options',
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'tools',
  'tool_choice',
  'n',
])

const LONGEST_READ_KEY = Math.max(...[...READ_KEYS].map(({ length }) => length))

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads a chat completions request. Source: https://platform.openai.com/docs/api-reference/chat/create (read 2026-11-21). */
export function decodeRequest(body: Uint8Array, bounds: DecodeBounds): ModelRequest {
  const text = decodeText(body)
  const top = scanTopLevel(text, READ_KEYS, bounds.maxDepth)
  if (top.type === 'too-deep') throw new GatewayError('invalid_json', `The body is nested deeper than ${bounds.maxDepth} levels.`)
  const value = parse(text)
  if (top.type === 'not-an-object' || !isObject(value)) throw new GatewayError('invalid_request', 'The body must be a JSON object.')
  const [twice] = top.duplicates
  if (twice !== undefined)
    throw new GatewayError('duplicate_key', `The key "${twice}" stands more than once in the body.`, { param: twice })
  refuseLookalikes(value)
  const model = readModel(value)
  const isStream = readStream(value)
  const includesUsage = isObject(value.stream_options) && value.stream_options.include_usage === true
  return {
    wire: 'openai-chat',
    model,
    isStream,
    wantsUsage: includesUsage,
    prompt: readPrompt(value.messages),
    text,
    edits: findEdits(top, value, isStream && !includesUsage),
    bounds: readBounds(value),
  }
}

/** The caller's own text, with the provider's id of the model and, where needed, the wish for usage spliced in. */
export function encodeRequest(request: ModelRequest, target: Target): string {
  const { model, askForUsage } = request.edits
  const isSameName = request.model === target.id
  if (isSameName && askForUsage === undefined) return request.text
  const rename = isSameName ? [] : [{ ...model, with: JSON.stringify(target.id) }]
  return spliceText(request.text, askForUsage === undefined ? rename : [...rename, askForUsage])
}

function decodeText(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch (cause) {
    throw new GatewayError('invalid_json', 'The body is not valid UTF-8.', { cause })
  }
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
function refuseLookalikes(value: JsonObject): void {
  for (const key of Object.keys(value)) {
    if (READ_KEYS.has(key) || key.length > LONGEST_READ_KEY) continue
    const folded = key.toUpperCase().toLowerCase()
    if (READ_KEYS.has(folded))
      throw new GatewayError('duplicate_key', `Some providers read the key "${key}" as "${folded}"; write it so, or leave it out.`, {
        param: key,
      })
  }
}

function readModel(value: JsonObject): string {
  const { model } = value
  if (typeof model !== 'string' || model === '') {
    throw new GatewayError('invalid_request', 'The field "model" must be a non-empty string.', { param: 'model' })
  }
  return model
}

function readStream(value: JsonObject): boolean {
  const { stream } = value
  if (stream === undefined || stream === null || stream === false) return false
  if (stream === true) return true
  throw new GatewayError('invalid_request', 'The field "stream" must be true or false.', { param: 'stream' })
}

function findEdits(top: TopLevel & { type: 'object' }, value: JsonObject, mustAskForUsage: boolean): RequestEdits {
  const model = spanOf(top.keys, 'model')
  if (!mustAskForUsage) return { model }
  const span = top.keys.get('stream_options')
  if (span === undefined) {
    // There is at least the key `model`, so a comma always follows.
    return { model, askForUsage: { from: top.inside, to: top.inside, with: '"stream_options":{"include_usage":true},' } }
  }
  const options = isObject(value.stream_options) ? value.stream_options : {}
  return { model, askForUsage: { ...span, with: JSON.stringify({ ...options, include_usage: true }) } }
}

function spanOf(keys: ReadonlyMap<string, KeySpan>, key: string): KeySpan {
  const span = keys.get(key)
  if (span === undefined) throw new GatewayError('invalid_json', `The key "${key}" could not be found in the body's text.`)
  return span
}

/** Hash of the leading system and developer messages: the prompt that the application wrote, whoever the user is. */
function readPrompt(messages: unknown): PromptIdentity {
  if (!Array.isArray(messages)) return NO_PROMPT
  let prompt = ''
  for (const message of messages) {
    if (!isObject(message) || (message.role !== 'system' && message.role !== 'developer')) break
    prompt += typeof message.content === 'string' ? message.content : JSON.stringify(message.content ?? '')
  }
  return prompt === '' ? NO_PROMPT : identify(prompt)
}

const NO_PROMPT: PromptIdentity = {}
/** Applications have few prompts and send them often. Long ones are hashed each time, so that what is kept stays small. */
const KNOWN_PROMPTS = 256
const LONGEST_KNOWN_PROMPT = 16_384
const known = new Map<string, PromptIdentity>()

/** A cache of a pure function: what it holds changes no answer. */
function identify(prompt: string): PromptIdentity {
  const before = known.get(prompt)
  if (before !== undefined) return before
  const identity = { hash: `sha256:${hash('sha256', prompt, 'hex').slice(0, 32)}` }
  if (prompt.length > LONGEST_KNOWN_PROMPT) return identity
  if (known.size >= KNOWN_PROMPTS) known.clear()
  known.set(prompt, identity)
  return identity
}
