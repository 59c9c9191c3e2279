import type { PromptIdentity } from '../../../core/call.ts'
import { isObject, type JsonObject, spliceText, type TopLevel } from '../../../core/json.ts'
import type { DecodeBounds, ModelRequest, RequestEdits, Target } from '../../types.ts'
import { decodeBody, identifyPrompt, parseAgain, readKeys, readModel, readStreamFlag, spanOf } from '../decode-body.ts'
import { readBounds } from './bounds.ts'
import { readRequest } from './read-request.ts'
import { withoutForeignThinking } from './thinking.ts'

const READ_KEYS = readKeys([
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

/** Reads a chat completions request. Source: https://platform.openai.com/docs/api-reference/chat/create (read 2026-11-21). */
export function decodeRequest(body: Uint8Array, bounds: DecodeBounds): ModelRequest {
  const { text, value, top } = decodeBody(body, bounds, READ_KEYS)
  const model = readModel(value)
  const isStream = readStreamFlag(value)
  const includesUsage = isObject(value.stream_options) && value.stream_options.include_usage === true
  return {
    wire: 'openai-chat',
    operation: 'generate',
    model,
    isStream,
    wantsUsage: includesUsage,
    prompt: readPrompt(value.messages),
    text,
    edits: findEdits(top, value, isStream && !includesUsage),
    bounds: readBounds(value),
    neutral: () => readRequest(parseAgain(text)),
  }
}

/**
 * The caller's own text, with the provider's id of the model and, where needed, the wish for usage spliced in. A request that gives back what
 * a model of another wire thought is written anew without that: providers of this wire refuse fields that they do not know.
 */
export function encodeRequest(request: ModelRequest, target: Target): string {
  if (request.text.includes('"sb:')) return withoutForeign(request, target)
  const { model, askForUsage } = request.edits
  const isSameName = request.model === target.id || model === undefined
  if (isSameName && askForUsage === undefined) return request.text
  const rename = isSameName ? [] : [{ ...model, with: JSON.stringify(target.id) }]
  return spliceText(request.text, askForUsage === undefined ? rename : [...rename, askForUsage])
}

function withoutForeign({ text, isStream, operation }: ModelRequest, target: Target): string {
  const value = parseAgain(text)
  const messages = Array.isArray(value.messages) ? value.messages.map(withoutForeignThinking) : value.messages
  const options = isObject(value.stream_options) ? value.stream_options : {}
  const asks = isStream && operation === 'generate' ? { stream_options: { ...options, include_usage: true } } : {}
  return JSON.stringify({ ...value, model: target.id, messages, ...asks })
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

/** Hash of the leading system and developer messages: the prompt that the application wrote, whoever the user is. */
function readPrompt(messages: unknown): PromptIdentity {
  let prompt = ''
  for (const message of Array.isArray(messages) ? messages : []) {
    if (!isObject(message) || (message.role !== 'system' && message.role !== 'developer')) break
    prompt += typeof message.content === 'string' ? message.content : JSON.stringify(message.content ?? '')
  }
  return identifyPrompt(prompt)
}
