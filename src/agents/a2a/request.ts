import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, type KeySpan, MOST_PIECES, scanTopLevel } from '../../core/json.ts'
import { findLookalike, foldCase, type ReadKeys, readKeys } from '../../core/read-keys.ts'
import type { AgentRequest, Heard } from '../types.ts'
import { findMethod, type Method, pushNotSupported } from './methods.ts'

/** What the gateway reads, level by level. A key of these that stands twice is refused: parsers differ in which one they take. */
const ENVELOPE_KEYS = readKeys(['jsonrpc', 'id', 'method', 'params'], fold)
const PARAM_KEYS = readKeys(['id', 'message', 'contextId', 'configuration'], fold)
const MESSAGE_KEYS = readKeys(['taskId', 'contextId', 'referenceTaskIds'], fold)
const CONFIGURATION_KEYS = readKeys(['taskPushNotificationConfig', 'pushNotificationConfig'], fold)
const MAX_ID_CHARACTERS = 512
const NO_IDS: readonly string[] = []

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads the envelope of a JSON-RPC request of A2A 1.0.
 * @throws invalid_json, invalid_request, duplicate_key, method_not_found, push_not_supported, operation_not_supported
 */
export function decodeRequest(body: Uint8Array, bounds: { readonly maxDepth: number }, heard: Heard): AgentRequest {
  const text = decodeText(body)
  const top = scanTopLevel(text, ENVELOPE_KEYS.names, bounds.maxDepth, MOST_PIECES)
  if (top.type === 'too-deep') throw new GatewayError('invalid_json', `The body is nested deeper than ${bounds.maxDepth} levels.`)
  if (top.type === 'too-many') throw new GatewayError('invalid_json', `The body has more than ${MOST_PIECES} members and lists.`)
  const value = parse(text)
  if (Array.isArray(value)) throw new GatewayError('invalid_request', 'A2A has no batches: send one request a time.')
  if (top.type === 'not-an-object' || !isObject(value)) {
    throw new GatewayError('invalid_request', 'The body must be a JSON-RPC 2.0 request: a JSON object.')
  }
  refuseTwice(top.duplicates, value, ENVELOPE_KEYS)
  const idText = readId(value, text, top.keys.get('id'))
  // An error that follows is answered under it.
  heard.idText = idText
  if (value.jsonrpc !== '2.0') throw new GatewayError('invalid_request', 'The request must say "jsonrpc": "2.0".')
  if (typeof value.method !== 'string' || value.method === '') throw new GatewayError('invalid_request', 'The request has no "method".')
  const method = findMethod(value.method)
  const { params } = value
  if (!isObject(params)) throw new GatewayError('invalid_request', `The "params" of ${method.name} must be an object.`, { param: 'params' })
  const span = top.keys.get('params')
  return { method, text, idText, ...readParams(method, params, textOf(text, span)) }
}

/** What the params say of tasks. */
interface NamedTasks {
  readonly taskId?: string | undefined
  readonly contextId?: string | undefined
  readonly referencedTaskIds: readonly string[]
}

function readParams(method: Method, params: JsonObject, text: string): NamedTasks {
  const keys = refuseTwiceIn(text, params, PARAM_KEYS)
  switch (method.names) {
    case 'id': {
      const taskId = readText(params, 'id', 'params.id')
      if (taskId === undefined) throw new GatewayError('invalid_request', `${method.name} needs the id of a task.`, { param: 'params.id' })
      return { taskId, referencedTaskIds: NO_IDS }
    }
    case 'none':
      return { contextId: readText(params, 'contextId', 'params.contextId'), referencedTaskIds: NO_IDS }
    case 'message': {
      const { message, configuration } = params
      if (!isObject(message)) throw new GatewayError('invalid_request', `${method.name} needs a message.`, { param: 'params.message' })
      if (isObject(configuration)) refusePush(configuration, textOf(text, keys.get('configuration')))
      return readMessage(message, textOf(text, keys.get('message')))
    }
    default:
      return method.names satisfies never
  }
}

function readMessage(message: JsonObject, text: string): NamedTasks {
  refuseTwiceIn(text, message, MESSAGE_KEYS)
  return {
    taskId: readText(message, 'taskId', 'params.message.taskId'),
    contextId: readText(message, 'contextId', 'params.message.contextId'),
    referencedTaskIds: readReferences(message.referenceTaskIds),
  }
}

function refusePush(configuration: JsonObject, text: string): void {
  refuseTwiceIn(text, configuration, CONFIGURATION_KEYS)
  // The second is its name in A2A 0.3, which agents that speak both may read.
  const { taskPushNotificationConfig: push, pushNotificationConfig: oldPush } = configuration
  if ((push ?? oldPush ?? null) !== null) throw pushNotSupported()
}

function readReferences(value: unknown): readonly string[] {
  if (value === undefined || value === null) return NO_IDS
  const param = 'params.message.referenceTaskIds'
  if (!Array.isArray(value) || value.length > 100)
    throw new GatewayError('invalid_request', `"${param}" must be a list of 100 ids at most.`, { param })
  return value.map((id: unknown) => {
    if (typeof id === 'string') return id
    throw new GatewayError('invalid_request', `"${param}" must hold texts only.`, { param })
  })
}

/** A text, or undefined where there is none. An empty one is none, as in every ProtoJSON. */
function readText(object: JsonObject, key: string, param: string): string | undefined {
  const value = object[key]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw new GatewayError('invalid_request', `"${param}" must be a text.`, { param })
  if (value.length > MAX_ID_CHARACTERS)
    throw new GatewayError('invalid_request', `"${param}" is longer than ${MAX_ID_CHARACTERS} characters.`, { param })
  return value
}

function readId({ id }: JsonObject, text: string, span: KeySpan | undefined): string {
  const isId = typeof id === 'string' || (typeof id === 'number' && Number.isInteger(id))
  const idText = textOf(text, span)
  if (isId && idText.length <= MAX_ID_CHARACTERS) return idText
  throw new GatewayError('invalid_request', 'The request needs an "id": a text or a whole number. A2A has no notifications.')
}

/** Scans an object in the middle of a text that was found to be JSON and not too deep. */
function refuseTwiceIn(text: string, value: JsonObject, wanted: ReadKeys): ReadonlyMap<string, KeySpan> {
  const top = scanTopLevel(text, wanted.names, Number.POSITIVE_INFINITY)
  if (top.type !== 'object') return NO_KEYS
  refuseTwice(top.duplicates, value, wanted)
  return top.keys
}

const NO_KEYS: ReadonlyMap<string, KeySpan> = new Map()

/** Agents also read `task_id` for `taskId` (ProtoJSON), and some ignore case: such a key beside the checked one would win there. */
function refuseTwice(duplicates: readonly string[], value: JsonObject, wanted: ReadKeys): void {
  const [twice] = duplicates
  if (twice !== undefined) throw new GatewayError('duplicate_key', `The key "${twice}" stands more than once.`, { param: twice })
  const alike = findLookalike(value, wanted)
  if (alike === undefined) return
  const { key, name } = alike
  throw new GatewayError('duplicate_key', `Some agents read the key "${key}" as "${name}"; write it so, or leave it out.`, { param: key })
}

function fold(key: string): string {
  return foldCase(key.replaceAll('_', ''))
}

function textOf(text: string, span: KeySpan | undefined): string {
  return span === undefined ? '' : text.slice(span.from, span.to)
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
    const isEmpty = text.trim() === ''
    throw new GatewayError('invalid_json', isEmpty ? 'The body is empty; a JSON-RPC request is expected.' : 'The body is not valid JSON.', {
      cause,
    })
  }
}
