import { hash } from 'node:crypto'
import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { RequestShape, TaskKind } from './types.ts'

/** Bytes of text a token, as most tokenizers have it for English; and what hardly any text exceeds. */
const BYTES_PER_TOKEN = 4
const MOST_BYTES_PER_TOKEN = 6
/** Where a request is called long, and where a chat is hard. */
const LONG_TOKENS = 30_000
const HARD_TOKENS = 8000
/** A caller that expects as much wants more than a remark. */
const HARD_OUTPUT_TOKENS = 4000
/** Values past this length are looked at for their beginning only. */
const LOOK_CHARACTERS = 20_000

const CODE =
  /```|\bfunction\b[^.]{0,40}\(|\bclass \w+|\bdef \w+\(|\bimport \w+|\bSELECT\b[\s\S]{1,200}\bFROM\b|=>|<\/\w+>|\bTraceback\b|\bstack ?trace\b/
const HARD = /\b(?:prove|step by step|architect|refactor|debug|root cause|trade-?offs?|derive|theorem|analy[sz]e)\b/i

/** Where the wires keep what a router wants to know. One list for all: no wire uses another's name for something else. */
const MESSAGES = ['messages', 'input', 'contents', 'prompt'] as const
const SYSTEM = ['system', 'instructions', 'systemInstruction', 'system_instruction'] as const
const OUTPUT = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'] as const
const IMAGE_TYPES: ReadonlySet<string> = new Set(['image_url', 'input_image', 'image'])
const AUDIO_TYPES: ReadonlySet<string> = new Set(['input_audio', 'audio'])

/**
 * Reads what a request asks of a model, on any wire. Pure. It estimates, and never fails: what it does not know it leaves out.
 * Costs about as much as parsing the body, so it is asked for only where a route needs it.
 */
export function readShape(body: JsonObject): RequestShape {
  const seen: Seen = { bytes: 0, hasImages: false, hasAudio: false, isCode: false, isHard: false }
  for (const key of [...SYSTEM, ...MESSAGES]) look(body[key], seen, 0)
  const tools = Array.isArray(body.tools) ? body.tools : Array.isArray(body.functions) ? body.functions : []
  if (tools.length > 0) seen.bytes += JSON.stringify(tools).length
  const messages = MESSAGES.map((key) => body[key]).find((value) => Array.isArray(value))
  const generation = objectAt(body, 'generationConfig') ?? {}
  const maxOutputTokens =
    OUTPUT.map((key) => body[key]).find(isCount) ?? (isCount(generation.maxOutputTokens) ? generation.maxOutputTokens : undefined)
  const inputTokens = Math.ceil(seen.bytes / BYTES_PER_TOKEN)
  const features = { hasTools: tools.length > 0, hasImages: seen.hasImages, wantsSchema: wantsSchema(body, generation) }
  const kinds = kindsOf({ ...features, isCode: seen.isCode, isLong: inputTokens >= LONG_TOKENS })
  return {
    inputTokens,
    leastInputTokens: Math.floor(seen.bytes / MOST_BYTES_PER_TOKEN),
    maxOutputTokens,
    ...features,
    hasAudio: seen.hasAudio,
    wantsReasoning: wantsReasoning(body, generation),
    hasPrefill: hasPrefill(messages),
    kinds,
    isHard: seen.isHard || inputTokens >= HARD_TOKENS || (maxOutputTokens ?? 0) >= HARD_OUTPUT_TOKENS,
    user: userOf(body),
    opening: openingOf(body, messages),
  }
}

/** What a walk over the texts gathers. */
interface Seen {
  bytes: number
  hasImages: boolean
  hasAudio: boolean
  isCode: boolean
  isHard: boolean
}

const DEEPEST = 12

function look(value: Json | undefined, seen: Seen, depth: number): void {
  if (typeof value === 'string') {
    lookAtText(value, seen)
    return
  }
  if (depth > DEEPEST || typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) look(item, seen, depth + 1)
    return
  }
  if (!isObject(value)) return
  if (lookAtMedia(value, seen)) return
  for (const key in value) if (key !== 'role' && key !== 'type') look(value[key], seen, depth + 1)
}

function lookAtText(text: string, seen: Seen): void {
  seen.bytes += text.length
  const beginning = text.length > LOOK_CHARACTERS ? text.slice(0, LOOK_CHARACTERS) : text
  seen.isCode ||= CODE.test(beginning)
  seen.isHard ||= HARD.test(beginning)
}

/** An image or a sound: its bytes are no text, and are not counted as such. */
function lookAtMedia(value: JsonObject, seen: Seen): boolean {
  const { type } = value
  const blob = objectAt(value, 'inlineData') ?? objectAt(value, 'inline_data') ?? objectAt(value, 'fileData')
  const mime = blob?.mimeType ?? blob?.mime_type
  const isImage = (typeof type === 'string' && IMAGE_TYPES.has(type)) || (typeof mime === 'string' && mime.startsWith('image/'))
  const isAudio = (typeof type === 'string' && AUDIO_TYPES.has(type)) || (typeof mime === 'string' && mime.startsWith('audio/'))
  seen.hasImages ||= isImage
  seen.hasAudio ||= isAudio
  return isImage || isAudio || blob !== undefined
}

function kindsOf(is: {
  hasTools: boolean
  hasImages: boolean
  wantsSchema: boolean
  isCode: boolean
  isLong: boolean
}): readonly TaskKind[] {
  const kinds: TaskKind[] = []
  if (is.isCode) kinds.push('code')
  if (is.hasTools) kinds.push('tools')
  if (is.wantsSchema) kinds.push('schema')
  if (is.hasImages) kinds.push('images')
  if (is.isLong) kinds.push('long')
  return kinds.length === 0 ? ['chat'] : kinds
}

function wantsSchema(body: JsonObject, generation: JsonObject): boolean {
  const formats = [objectAt(body, 'response_format'), objectAt(objectAt(body, 'text'), 'format'), objectAt(body, 'output_format')]
  return formats.some((format) => format?.type === 'json_schema') || 'responseSchema' in generation || 'responseJsonSchema' in generation
}

function wantsReasoning(body: JsonObject, generation: JsonObject): boolean {
  const effort = body.reasoning_effort ?? objectAt(body, 'reasoning')?.effort
  const thinking = objectAt(body, 'thinking')?.type
  return (
    (typeof effort === 'string' && effort !== 'none') ||
    (thinking !== undefined && thinking !== 'disabled') ||
    'thinkingConfig' in generation
  )
}

function hasPrefill(messages: Json | undefined): boolean {
  const last = Array.isArray(messages) ? messages.at(-1) : undefined
  return isObject(last) && (last.role === 'assistant' || last.role === 'model') && last.type !== 'function_call'
}

function userOf(body: JsonObject): string | undefined {
  const { user } = body
  if (typeof user === 'string' && user !== '') return user
  const id = objectAt(body, 'metadata')?.user_id ?? body.safety_identifier
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** The system prompt and the first message that is not of the system: later turns add to their end only. */
function openingOf(body: JsonObject, messages: Json | undefined): string | undefined {
  const system = SYSTEM.map((key) => body[key]).find((value) => value !== undefined)
  const list = Array.isArray(messages) ? messages : []
  const first = list.findIndex((message) => !isObject(message) || (message.role !== 'system' && message.role !== 'developer'))
  const opening = first === -1 ? list : list.slice(0, first + 1)
  if (system === undefined && opening.length === 0) return undefined
  return hash('sha256', JSON.stringify([system ?? null, opening]), 'hex').slice(0, 16)
}

function objectAt(value: JsonObject | undefined, key: string): JsonObject | undefined {
  const found = value?.[key]
  return isObject(found) ? found : undefined
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
