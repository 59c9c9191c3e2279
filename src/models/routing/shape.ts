import { hash } from 'node:crypto'
import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { RequestNeeds } from '../../core/route-explanation.ts'
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
 * Costs fifty times as much as parsing a long body, so it is asked for only where a route needs more than `readNeeds`.
 */
export function readShape(body: JsonObject): RequestShape {
  const content = { isCode: false, isHard: false }
  const needs = needsOf(body, (text) => {
    const beginning = text.length > LOOK_CHARACTERS ? text.slice(0, LOOK_CHARACTERS) : text
    content.isCode ||= CODE.test(beginning)
    content.isHard ||= HARD.test(beginning)
  })
  const { inputTokens, maxOutputTokens = 0 } = needs
  return {
    ...needs,
    kinds: kindsOf(needs, content.isCode),
    isHard: content.isHard || inputTokens >= HARD_TOKENS || maxOutputTokens >= HARD_OUTPUT_TOKENS,
    user: userOf(body),
    cacheKey: typeof body.prompt_cache_key === 'string' && body.prompt_cache_key !== '' ? body.prompt_cache_key : undefined,
    opening: openingOf(body, messagesOf(body)),
  }
}

/** Reads what rules a model out, on any wire: its texts are counted and not looked through. Pure, and never fails. */
export function readNeeds(body: JsonObject): RequestNeeds {
  return needsOf(body, () => {})
}

function needsOf(body: JsonObject, onText: (text: string) => void): RequestNeeds {
  const seen: Seen = { bytes: 0, hasImages: false, hasAudio: false, onText }
  for (const key of [...SYSTEM, ...MESSAGES]) look(body[key], seen, 0)
  const tools = Array.isArray(body.tools) ? body.tools : Array.isArray(body.functions) ? body.functions : []
  if (tools.length > 0) seen.bytes += JSON.stringify(tools).length
  const generation = objectAt(body, 'generationConfig') ?? {}
  const maxOutputTokens =
    OUTPUT.map((key) => body[key]).find(isCount) ?? (isCount(generation.maxOutputTokens) ? generation.maxOutputTokens : undefined)
  return {
    inputTokens: Math.ceil(seen.bytes / BYTES_PER_TOKEN),
    leastInputTokens: Math.floor(seen.bytes / MOST_BYTES_PER_TOKEN),
    maxOutputTokens,
    hasTools: tools.length > 0,
    hasImages: seen.hasImages,
    hasAudio: seen.hasAudio,
    wantsSchema: wantsSchema(body, generation),
    wantsReasoning: wantsReasoning(body, generation),
    hasPrefill: hasPrefill(messagesOf(body)),
  }
}

function messagesOf(body: JsonObject): Json | undefined {
  return MESSAGES.map((key) => body[key]).find((value) => Array.isArray(value))
}

/** What a walk over the texts gathers. */
interface Seen {
  bytes: number
  hasImages: boolean
  hasAudio: boolean
  readonly onText: (text: string) => void
}

const DEEPEST = 12

function look(value: Json | undefined, seen: Seen, depth: number): void {
  if (typeof value === 'string') {
    seen.bytes += value.length
    seen.onText(value)
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

function kindsOf({ hasTools, hasImages, wantsSchema: isSchema, inputTokens }: RequestNeeds, isCode: boolean): readonly TaskKind[] {
  const kinds: TaskKind[] = []
  if (isCode) kinds.push('code')
  if (hasTools) kinds.push('tools')
  if (isSchema) kinds.push('schema')
  if (hasImages) kinds.push('images')
  if (inputTokens >= LONG_TOKENS) kinds.push('long')
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
