import type { PromptIdentity } from '../../../core/call.ts'
import { isObject, type Json, type JsonObject, spliceText } from '../../../core/json.ts'
import type { DecodeBounds, ModelRequest, Target } from '../../types.ts'
import { decodeBody, identifyPrompt, parseAgain, readKeys, readModel, readStreamFlag, spanOf } from '../decode-body.ts'
import { readBounds } from './bounds.ts'
import { readRequest } from './read-request.ts'

const READ_KEYS = readKeys([
  'model',
  'stream',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'max_output_tokens',
  'previous_response_id',
  'store',
  'background',
])

/** Reads a request for a response. Source: https://platform.openai.com/docs/api-reference/responses/create (read 2026-11-21). */
export function decodeRequest(body: Uint8Array, bounds: DecodeBounds): ModelRequest {
  const { text, value, top } = decodeBody(body, bounds, READ_KEYS)
  return {
    wire: 'openai-responses',
    operation: 'generate',
    model: readModel(value),
    isStream: readStreamFlag(value),
    // This wire tells the usage in its last event, asked or not.
    wantsUsage: true,
    prompt: readPrompt(value),
    text,
    edits: { model: spanOf(top.keys, 'model') },
    bounds: readBounds(value),
    neutral: () => readRequest(parseAgain(text)),
  }
}

/** The caller's own text, with the provider's id of the model and without the seals of other wires. */
export function encodeRequest(request: ModelRequest, target: Target): string {
  const { model } = request.edits
  if (FOREIGN.test(request.text)) return withoutForeign(request.text, target)
  if (model === undefined || request.model === target.id) return request.text
  return spliceText(request.text, [{ ...model, with: JSON.stringify(target.id) }])
}

/** Encrypted reasoning that a provider of another wire gave, in an earlier turn: one of this wire would refuse it. */
const FOREIGN = /"encrypted_content"\s*:\s*"sb:/

function withoutForeign(text: string, target: Target): string {
  const value = parseAgain(text)
  const items: readonly Json[] = Array.isArray(value.input) ? value.input : []
  const input = items.filter(
    (item) => !(isObject(item) && typeof item.encrypted_content === 'string' && item.encrypted_content.startsWith('sb:')),
  )
  return JSON.stringify({ ...value, model: target.id, ...(Array.isArray(value.input) ? { input } : {}) })
}

/** Hash of the instructions and of the leading system and developer messages: the prompt that the application wrote, whoever the user is. */
function readPrompt({ instructions, input }: JsonObject): PromptIdentity {
  let prompt = typeof instructions === 'string' ? instructions : ''
  const items: readonly Json[] = Array.isArray(input) ? input : []
  for (const item of items) {
    if (!isObject(item) || (item.role !== 'system' && item.role !== 'developer')) break
    prompt += typeof item.content === 'string' ? item.content : JSON.stringify(item.content ?? '')
  }
  return identifyPrompt(prompt)
}
