import { GatewayError } from '../../../core/errors.ts'
import { isObject, type Json, type JsonObject, objectsIn, spliceText } from '../../../core/json.ts'
import type { DecodeBounds, ModelRequest, RequestAddress, Target } from '../../types.ts'
import { decodeBody, identifyPrompt, parseAgain, readKeys } from '../decode-body.ts'
import { readBounds } from './bounds.ts'
import { readRequest } from './read-request.ts'
import { readSignature } from './signature.ts'
import { field, snakeCase } from './words.ts'

const READ_KEYS = readKeys(
  ['model', 'contents', 'systemInstruction', 'generationConfig', 'tools', 'toolConfig', 'safetySettings'].flatMap((name) => [
    name,
    snakeCase(name),
  ]),
)

/** Reads a `generateContent` request. Source: https://ai.google.dev/api/generate-content (read 2026-11-21). */
export function decodeRequest(body: Uint8Array, bounds: DecodeBounds, address: RequestAddress): ModelRequest {
  const { text, value, top } = decodeBody(body, bounds, READ_KEYS)
  refuseBoth(value)
  const model = top.keys.get('model')
  return {
    wire: 'gemini',
    operation: 'generate',
    model: modelOf(address),
    isStream: address.isStream ?? false,
    // This wire tells the usage in each chunk, asked or not.
    wantsUsage: true,
    prompt: identifyPrompt(instructionText(field(value, 'systemInstruction'))),
    text,
    edits: model === undefined ? {} : { model },
    bounds: readBounds(value),
    neutral: () => readRequest(parseAgain(text)),
  }
}

/** The caller's own text, without the seals of other wires. Where it names the model, which stands in the path, it names the provider's. */
export function encodeRequest(request: ModelRequest, target: Target): string {
  const { model } = request.edits
  if (FOREIGN.test(request.text)) return withoutForeign(request.text, target)
  return model === undefined ? request.text : spliceText(request.text, [{ ...model, with: JSON.stringify(`models/${target.id}`) }])
}

/** A signature that a provider of another wire gave, in an earlier turn: one of this wire would refuse it. */
const FOREIGN = /"thought_?[sS]ignature"\s*:\s*"c2I6/

function withoutForeign(text: string, target: Target): string {
  const value = parseAgain(text)
  const contents: readonly Json[] = Array.isArray(value.contents) ? value.contents : []
  const cleaned = contents.map((content) => {
    if (!isObject(content) || !Array.isArray(content.parts)) return content
    return { ...content, parts: content.parts.filter((part: Json) => !(isObject(part) && isForeign(field(part, 'thoughtSignature')))) }
  })
  return JSON.stringify({ ...value, ...(value.model === undefined ? {} : { model: `models/${target.id}` }), contents: cleaned })
}

function isForeign(signature: Json | undefined): boolean {
  return typeof signature === 'string' && readSignature(signature, 'thought').wire !== 'gemini'
}

/** Whether a streaming caller wants frames of SSE, and not one JSON array that grows. */
export function wantsSse(url: string): boolean {
  const query = url.indexOf('?')
  return query !== -1 && new URLSearchParams(url.slice(query + 1)).get('alt') === 'sse'
}

/** The model of a path, without the `models/` that some clients put in front twice. @throws internal where the path has none */
export function modelOf({ model }: RequestAddress): string {
  if (model === undefined) throw new GatewayError('internal', 'A path of this wire came without its model.')
  return model.replace(/^models\//, '')
}

/** Which of the two is read differs from server to server. */
function refuseBoth(value: JsonObject): void {
  for (const key of Object.keys(value)) {
    const snake = snakeCase(key)
    if (snake === key || value[snake] === undefined) continue
    throw new GatewayError('duplicate_key', `The body has "${key}" and "${snake}", which are the same field.`, { param: key })
  }
}

function instructionText(value: Json | undefined): string {
  if (typeof value === 'string') return value
  if (!isObject(value)) return ''
  const parts = isObject(value.parts) ? [value.parts] : objectsIn(value.parts)
  return parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('')
}
