import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Content, Seal, TextContent, ThinkingContent } from '../../neutral/content.ts'
import { packSeal, unpackSeal } from '../../neutral/seal.ts'

/**
 * How this wire says what a model thought. The text stands in `reasoning_content` (some servers: `reasoning`). What must come back byte for byte
 * stands in `reasoning_details`, as OpenRouter has them: callers that give a message back as it was give them back too.
 * Source: https://openrouter.ai/docs/use-cases/reasoning-tokens (read 2026-11-21).
 */
const WIRE = 'openai-chat'

/** What a message says of thinking: what stands before its text, and what stands before each call. */
interface ReadThinking {
  readonly before: readonly Content[]
  readonly ofCall: (id: string, call: JsonObject) => readonly Content[]
}

const NONE = (): readonly Content[] => []
const NO_THINKING: ReadThinking = { before: [], ofCall: NONE }

/** Reads the thinking of an assistant's message. */
export function readThinking(message: JsonObject): ReadThinking {
  const details: readonly Json[] = Array.isArray(message.reasoning_details) ? message.reasoning_details : []
  if (details.length === 0) {
    const text = message.reasoning_content ?? message.reasoning
    return typeof text === 'string' && text !== '' ? { before: [{ type: 'thinking', text, seal: OWN_SEAL }], ofCall: NONE } : NO_THINKING
  }
  const read = withoutRepeats(details.filter(isObject)).map((detail) => ({ id: detail.id, content: readDetail(detail) }))
  const callIds = new Set(
    (Array.isArray(message.tool_calls) ? message.tool_calls : []).map((call: Json) => (isObject(call) ? call.id : undefined)),
  )
  const isOfCall = (id: Json | undefined) => typeof id === 'string' && callIds.has(id)
  return {
    before: read.filter(({ id }) => !isOfCall(id)).flatMap(({ content }) => content),
    ofCall: (id) => read.filter((detail) => detail.id === id).flatMap(({ content }) => content),
  }
}

/** Streams give the list of details again with each new one: a caller that puts lists together gives some back twice. */
function withoutRepeats(details: readonly JsonObject[]): readonly JsonObject[] {
  const seen = new Set<string>()
  return details.filter(({ index, signature, data }) => {
    const sealed = typeof signature === 'string' ? signature : data
    const mark = `${String(index)} ${String(sealed)}`
    if (typeof sealed !== 'string' || !seen.has(mark)) {
      seen.add(mark)
      return true
    }
    return false
  })
}

/**
 * Texts and thinking of a content that is a list of parts, in their order: Mistral's models that reason answer so, and want it back so.
 * Source: https://docs.mistral.ai/capabilities/reasoning (read 2026-11-21).
 */
export function readParts(parts: readonly Json[]): readonly (TextContent | ThinkingContent)[] {
  return parts.filter(isObject).flatMap((part): readonly (TextContent | ThinkingContent)[] => {
    if (part.type === 'thinking') {
      const text = textOf(part.thinking)
      return text === '' ? [] : [{ type: 'thinking', text, seal: PART_SEAL }]
    }
    return typeof part.text === 'string' && part.text !== '' ? [{ type: 'text', text: part.text }] : []
  })
}

function textOf(thinking: Json | undefined): string {
  if (typeof thinking === 'string') return thinking
  const parts: readonly Json[] = Array.isArray(thinking) ? thinking : []
  return parts.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

/** Whether thinking stood among the parts of a content. */
export function isPart(thinking: ThinkingContent): boolean {
  return thinking.seal?.wire === WIRE && thinking.seal.value === PART_SEAL.value
}

/** Whether the seal is no provider's own, but says only how the thinking was written. */
export function isPlain(seal: Seal | undefined): boolean {
  return seal?.wire === WIRE && (seal.value === OWN_SEAL.value || seal.value === PART_SEAL.value)
}

const PART_SEAL: Seal = { wire: WIRE, value: 'part' }

/** Thinking that a provider of this wire wrote plainly: it may be given back to one. */
export const OWN_SEAL: Seal = { wire: WIRE, value: '' }

function readDetail(detail: JsonObject): readonly ThinkingContent[] {
  const { text, summary, data, signature, index, ...rest } = detail
  const said = typeof text === 'string' ? text : typeof summary === 'string' ? summary : ''
  const sealed = typeof signature === 'string' ? signature : typeof data === 'string' ? data : undefined
  if (sealed === undefined) return said === '' ? [] : [{ type: 'thinking', text: said, seal: OWN_SEAL }]
  const seal = unpackSeal(sealed, WIRE)
  // A provider's own seal comes with words of its own (format, id), which it wants back too.
  const kept =
    seal.wire === WIRE
      ? { wire: seal.wire, value: JSON.stringify({ ...rest, ...(signature === undefined ? { data } : { signature }) }) }
      : seal
  return [{ type: 'thinking', text: said, ...(detail.type === 'reasoning.encrypted' ? { isHidden: true } : {}), seal: kept }]
}

/** The details of a piece of thinking. One on a call has the call's id. */
export function writeDetail(thinking: Pick<ThinkingContent, 'text' | 'seal' | 'isHidden'>, index: number, callId?: string): JsonObject {
  const { text, seal } = thinking
  const id = callId === undefined ? {} : { id: callId }
  if (seal === undefined || isPlain(seal)) return { type: 'reasoning.text', text, index, ...id }
  if (seal.wire === WIRE) return { ...parseOwn(seal.value), ...(text === '' ? {} : { text }), index }
  const packed = packSeal(seal, WIRE)
  if (thinking.isHidden) return { type: 'reasoning.encrypted', data: packed, format: seal.wire, index, ...id }
  return { type: 'reasoning.text', text, signature: packed, format: seal.wire, index, ...id }
}

/** A message without what a model of another wire thought: such thinking has a seal of that wire among its details. */
export function withoutForeignThinking(message: Json): Json {
  if (!isObject(message) || !Array.isArray(message.reasoning_details)) return message
  const { reasoning_details: details, reasoning_content: _text, reasoning: _other, ...rest } = message
  const own = details.filter((detail: Json) => !isForeign(detail))
  if (own.length === details.length) return message
  return own.length === 0 ? rest : { ...rest, reasoning_details: own }
}

function isForeign(detail: Json): boolean {
  if (!isObject(detail)) return false
  const sealed = detail.signature ?? detail.data
  return typeof sealed === 'string' && unpackSeal(sealed, WIRE).wire !== WIRE
}

/** Whether thinking may be given to a provider of this wire: it is one's own. */
export function isOwn(thinking: ThinkingContent): boolean {
  return thinking.seal?.wire === WIRE
}

function parseOwn(value: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(value)
    return isObject(parsed) ? parsed : {}
  } catch {
    // A caller changed what it was given. The provider will say what it thinks of that.
    return { type: 'reasoning.encrypted', data: value }
  }
}
