import { GatewayError } from '../core/errors.ts'
import { isObject, type JsonObject, MOST_PIECES, scanTopLevel, spliceText, type TopLevel } from '../core/json.ts'
import { findLookalike, type ReadKeys, readKeys } from '../core/read-keys.ts'
import type { DecodedFrame, Frame, MetaSpans, ParamSpans, RequestFrame, Span } from './types.ts'

const FRAME_KEYS = readKeys(['jsonrpc', 'id', 'method', 'params', 'result', 'error'])
const PARAM_KEYS = readKeys(['name', 'arguments', '_meta', 'progressToken', 'requestId'])
const META_KEYS: ReadonlySet<string> = new Set(['traceparent', 'progressToken'])
/** By a token that was not made anew, a server would tell of its progress to another caller's call. A trace is anybody's to name. */
const MADE_ANEW = readKeys(['progressToken'])
const METHOD = /^[\w$./-]{1,128}$/
const MAX_ID_CHARACTERS = 512

const decoder = new TextDecoder('utf-8', { fatal: true })

type ScannedObject = Extract<TopLevel, { readonly type: 'object' }>

/** Reads one message of JSON-RPC 2.0 as MCP uses it: no batches, ids that are texts or whole numbers, params that are an object. */
export function decodeFrame(bytes: Uint8Array | string, maxDepth: number): DecodedFrame {
  let text: string
  try {
    text = typeof bytes === 'string' ? bytes : decoder.decode(bytes)
  } catch {
    return invalid('invalid_json', 'The message is not UTF-8.')
  }
  const top = scanTopLevel(text, FRAME_KEYS.names, maxDepth, MOST_PIECES)
  if (top.type === 'too-deep') return invalid('invalid_json', `The message is nested deeper than ${maxDepth} levels.`)
  if (top.type === 'too-many') return invalid('invalid_json', `The message has more than ${MOST_PIECES} members and lists.`)
  const parsed = parse(text)
  if (parsed === undefined) return invalid('invalid_json', 'The message is not valid JSON.')
  if (!isObject(parsed.value) || top.type !== 'object') {
    return invalid(
      'invalid_request',
      Array.isArray(parsed.value)
        ? 'Batches are not part of this revision of MCP: send one message a request.'
        : 'A message of JSON-RPC is an object.',
    )
  }
  return checkFrame(text, parsed.value, top)
}

/**
 * What is wrong with a caller's message whose keys a server may take for others than those that were looked at: servers in Go read `Name`
 * as `name`, and the last of them counts. Not asked of servers, whose messages nothing is decided by.
 */
export function lookalikeProblem(frame: Frame): GatewayError | undefined {
  const { body } = frame
  const params = isObject(body.params) ? body.params : NO_PARAMS
  const meta = isObject(params._meta) ? params._meta : NO_PARAMS
  return problemIn(body, FRAME_KEYS) ?? problemIn(params, PARAM_KEYS) ?? problemIn(meta, MADE_ANEW)
}

function problemIn(value: JsonObject, read: ReadKeys): GatewayError | undefined {
  const alike = findLookalike(value, read)
  if (alike === undefined) return undefined
  const { key, name } = alike
  return new GatewayError('duplicate_key', `Some servers read the key "${key}" as "${name}"; write it so, or leave it out.`)
}

function checkFrame(text: string, body: JsonObject, top: ScannedObject): DecodedFrame {
  const id = top.keys.get('id')
  const idText = id === undefined || !isId(body.id) ? 'null' : text.slice(id.from, id.to)
  const refuse = (message: string): DecodedFrame => invalid('invalid_request', message, idText)
  const [duplicate] = top.duplicates
  if (duplicate !== undefined) return invalid('duplicate_key', `The key "${duplicate}" stands twice in the message.`, 'null')
  if (body.jsonrpc !== '2.0') return refuse('The message must say "jsonrpc": "2.0".')
  if (id !== undefined && !(isId(body.id) && idText.length <= MAX_ID_CHARACTERS)) {
    // Some servers answer what they could not read under the id null.
    if (body.id !== null || body.method !== undefined) return refuse('The id of a message is a text or a whole number.')
  }
  if (body.method === undefined) {
    if (id === undefined || (body.result === undefined) === (body.error === undefined)) {
      return refuse('A message has a method, or an id and one of result and error.')
    }
    return { type: 'frame', frame: { type: 'response', text, body, inside: top.inside, id, idText } }
  }
  if (typeof body.method !== 'string' || !METHOD.test(body.method)) return refuse('The method is not the name of a method.')
  const { method } = body
  const span = top.keys.get('params')
  if (span !== undefined && !isObject(body.params)) return refuse('The params of a message are an object.')
  const params = span === undefined ? undefined : scanParams(text, span, body.params)
  if (typeof params === 'string') return invalid('duplicate_key', `The key "${params}" stands twice in the params.`, idText)
  const frame = { text, body, inside: top.inside, method, ...(params === undefined ? {} : { params }) }
  if (id === undefined) return { type: 'frame', frame: { type: 'notification', ...frame } }
  return { type: 'frame', frame: { type: 'request', ...frame, id, idText } }
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function isId(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))
}

/** @returns the key at fault where one stands twice */
function scanParams(text: string, span: Span, value: unknown): ParamSpans | string {
  const top = scanWithin(text, span, PARAM_KEYS.names)
  const [duplicate] = top.duplicates
  if (duplicate !== undefined) return duplicate
  const metaSpan = top.keys.get('_meta')
  const hasMeta = metaSpan !== undefined && isObject(value) && isObject(value._meta)
  const meta = hasMeta ? scanMeta(text, metaSpan) : undefined
  if (typeof meta === 'string') return meta
  const name = top.keys.get('name')
  const progressToken = top.keys.get('progressToken')
  const requestId = top.keys.get('requestId')
  return {
    inside: top.inside,
    isEmpty: top.isEmpty,
    ...(name === undefined ? {} : { name }),
    ...(meta === undefined ? {} : { meta }),
    ...(progressToken === undefined ? {} : { progressToken }),
    ...(requestId === undefined ? {} : { requestId }),
  }
}

function scanMeta(text: string, span: Span): MetaSpans | string {
  const { duplicates, inside, isEmpty, keys } = scanWithin(text, span, META_KEYS)
  const [duplicate] = duplicates
  if (duplicate !== undefined) return duplicate
  const traceparent = keys.get('traceparent')
  const progressToken = keys.get('progressToken')
  return {
    inside,
    isEmpty,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(progressToken === undefined ? {} : { progressToken }),
  }
}

/** Scans an object inside of a text that was found to be JSON and not too deep; positions are those of the whole text. */
function scanWithin(text: string, span: Span, wanted: ReadonlySet<string>): Omit<ScannedObject, 'type'> {
  const top = scanTopLevel(text.slice(span.from, span.to), wanted, Number.POSITIVE_INFINITY)
  if (top.type !== 'object') return { inside: span.from, isEmpty: true, keys: new Map(), duplicates: [] }
  const keys = new Map<string, Span>()
  for (const [key, { from, to }] of top.keys) keys.set(key, { from: from + span.from, to: to + span.from })
  return { inside: top.inside + span.from, isEmpty: top.isEmpty, keys, duplicates: top.duplicates }
}

function invalid(code: 'invalid_json' | 'invalid_request' | 'duplicate_key', message: string, idText = 'null'): DecodedFrame {
  return { type: 'invalid', error: new GatewayError(code, message), idText }
}

/** What changes in a request on its way to a server. All but the id are left as they are where they are not given. */
export interface RequestEdits {
  readonly idText: string
  readonly name?: string | undefined
  readonly traceparent?: string | undefined
  /** Put in place of the progress token; only where the caller sent one. */
  readonly progressTokenText?: string | undefined
}

/** The text of a request with these changes and no others. */
export function editRequest(frame: RequestFrame, edits: RequestEdits): string {
  const { text, id, params } = frame
  // Written out: a spread a change showed in the price of a call.
  const changes = [{ from: id.from, to: id.to, with: edits.idText }]
  const name = edits.name === undefined ? undefined : params?.name
  if (name !== undefined) changes.push({ from: name.from, to: name.to, with: JSON.stringify(edits.name) })
  if (edits.traceparent !== undefined) changes.push(insertTraceparent(frame, `"traceparent":"${edits.traceparent}"`))
  const token = params?.meta?.progressToken
  if (edits.progressTokenText !== undefined && token !== undefined)
    changes.push({ from: token.from, to: token.to, with: edits.progressTokenText })
  return spliceText(text, changes)
}

function insertTraceparent(frame: RequestFrame, member: string): Span & { readonly with: string } {
  const { params, inside } = frame
  if (params === undefined) return { from: inside, to: inside, with: `"params":{"_meta":{${member}}},` }
  const { meta } = params
  if (meta === undefined) return { from: params.inside, to: params.inside, with: `"_meta":{${member}}${params.isEmpty ? '' : ','}` }
  if (meta.traceparent !== undefined) return { ...meta.traceparent, with: member.slice('"traceparent":'.length) }
  return { from: meta.inside, to: meta.inside, with: `${member}${meta.isEmpty ? '' : ','}` }
}

/** The text of a request or a response under another id. */
export function withId(frame: Extract<Frame, { readonly id: Span }>, idText: string): string {
  return frame.text.slice(0, frame.id.from) + idText + frame.text.slice(frame.id.to)
}

/** The text of a frame with another value in one place. */
export function withValue(frame: Frame, at: Span, value: string): string {
  return frame.text.slice(0, at.from) + value + frame.text.slice(at.to)
}

/** `params` of a frame; empty where it has none. */
export function paramsOf(frame: Frame): JsonObject {
  return isObject(frame.body.params) ? frame.body.params : NO_PARAMS
}

const NO_PARAMS: JsonObject = {}

/** The progress token that a caller sent with a request, as JSON text. */
export function progressTokenOf(frame: RequestFrame): string | undefined {
  const span = frame.params?.meta?.progressToken
  return span === undefined ? undefined : frame.text.slice(span.from, span.to)
}

/** The text of a request of our own. */
export function encodeRequest(idText: string, method: string, params: JsonObject = NO_PARAMS): string {
  return `{"jsonrpc":"2.0","id":${idText},"method":${JSON.stringify(method)},"params":${JSON.stringify(params)}}`
}

/** The text of a notification of our own. */
export function encodeNotification(method: string, params?: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) })
}

/** The text of a good answer. @param result as JSON text */
export function encodeResult(idText: string, result: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"result":${result}}`
}
