import type { PromptIdentity } from '../../../core/call.ts'
import { isObject, type Json, type JsonObject, spliceText } from '../../../core/json.ts'
import type { DecodeBounds, ModelRequest, RequestAddress, Target } from '../../types.ts'
import { decodeBody, identifyPrompt, parseAgain, readKeys, readModel, readStreamFlag, spanOf } from '../decode-body.ts'
import { readBounds } from './bounds.ts'
import { readRequest } from './read-request.ts'

const READ_KEYS = readKeys(['model', 'stream', 'messages', 'system', 'max_tokens', 'tools', 'tool_choice', 'thinking'])
/** Headers of the wire that say something to the provider. */
const FORWARDED = ['anthropic-version', 'anthropic-beta'] as const

/** Reads a messages request. */
export function decodeRequest(body: Uint8Array, bounds: DecodeBounds, address: RequestAddress): ModelRequest {
  const { text, value, top } = decodeBody(body, bounds, READ_KEYS)
  return {
    wire: 'anthropic-messages',
    operation: 'generate',
    model: readModel(value),
    isStream: readStreamFlag(value),
    // Every stream of this wire carries its usage.
    wantsUsage: true,
    prompt: readPrompt(value.system),
    text,
    edits: { model: spanOf(top.keys, 'model') },
    headers: forwardedHeaders(address.headers),
    bounds: readBounds(value),
    neutral: () => readRequest(parseAgain(text), { isCount: false }),
  }
}

/**
 * The caller's own text with the provider's id of the model. Where the model stands in the path alone, as clouds have it, the body is written
 * anew; so is one that gives back the thinking of a model of another wire, which this provider would refuse as forged.
 */
export function encodeRequest(request: ModelRequest, target: Target): string {
  const { traits } = target
  const hasForeignSeals = request.text.includes('"sb:')
  if (traits?.hasModelInPath || traits?.bodyFields !== undefined || hasForeignSeals) return rewrite(request, target)
  const { model } = request.edits
  if (request.model === target.id || model === undefined) return request.text
  return spliceText(request.text, [{ ...model, with: JSON.stringify(target.id) }])
}

function rewrite({ text, headers }: ModelRequest, { id, traits }: Target): string {
  const { model, stream, messages, ...rest } = parseAgain(text)
  const betas = headers?.['anthropic-beta']
  const isElsewhere = traits?.hasModelInPath === true
  return JSON.stringify({
    ...traits?.bodyFields,
    // A cloud has no headers of this wire: what they say stands in the body.
    ...(isElsewhere && betas !== undefined ? { anthropic_beta: betas.split(',').map((beta) => beta.trim()) } : {}),
    ...(isElsewhere ? {} : { model: id }),
    ...(isElsewhere && !traits?.saysStream ? {} : { stream }),
    messages: withoutForeignThinking(messages),
    ...rest,
  })
}

function withoutForeignThinking(messages: Json | undefined): Json | undefined {
  if (!Array.isArray(messages)) return messages
  return messages.map((message: Json) => {
    if (!isObject(message) || !Array.isArray(message.content)) return message
    return { ...message, content: message.content.filter((block: Json) => !isForeign(block)) }
  })
}

function isForeign(block: Json): boolean {
  if (!isObject(block)) return false
  const sealed = block.type === 'thinking' ? block.signature : block.type === 'redacted_thinking' ? block.data : undefined
  return typeof sealed === 'string' && sealed.startsWith('sb:')
}

function forwardedHeaders(headers: Headers): Record<string, string> {
  const forwarded: Record<string, string> = {}
  for (const name of FORWARDED) {
    const value = headers.get(name)
    if (value !== null && value !== '') forwarded[name] = value
  }
  return forwarded
}

/** Hash of the system prompt. */
function readPrompt(system: JsonObject[string]): PromptIdentity {
  if (system === undefined || system === null) return identifyPrompt('')
  return identifyPrompt(typeof system === 'string' ? system : JSON.stringify(system))
}
