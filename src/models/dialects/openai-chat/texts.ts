import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Phase } from '../../../stages/guards/types.ts'
import type { WireText, WireTexts } from '../wire-texts.ts'
import { isDescription, isStructural } from '../wire-texts.ts'

/** Where Perplexity tells beside the choices what it has found, with every frame. */
const BESIDE = ['citations', 'search_results', 'related_questions'] as const

/** Where requests and replies of this wire have their texts. */
export const openaiChatTexts: WireTexts = {
  phaseOf: (path, root) => {
    if (path[0] === 'messages') return messagePhase(path, root)
    if (path[0] === 'tools' || path[0] === 'functions') return toolPhase(path)
    if (path[0] === 'response_format') return isDescription(path) ? 'input' : undefined
    return path[0] === 'tool_choice' || isStructural(path) ? undefined : 'input'
  },
  isOwnKey: ({ 0: top, length }) => top === 'metadata' && length > 1,
  textsOf: (value) => (Array.isArray(value.choices) ? value.choices.flatMap(choiceTexts) : []),
  answersIn: (value) => [
    ...(Array.isArray(value.choices) ? value.choices : []).flatMap((_choice, at) => [
      ['choices', at, 'message'],
      ['choices', at, 'delta'],
    ]),
    ...BESIDE.map((field) => [field]),
  ],
  endsOf: (value) => {
    if (!Array.isArray(value.choices)) return []
    return value.choices.flatMap((choice: Json, index) =>
      isObject(choice) && typeof choice.finish_reason === 'string' ? [laneOf(choice, index)] : [],
    )
  },
  // The chances of tokens spell out the text that was taken away.
  tidy: (value) => {
    if (!Array.isArray(value.choices)) return value
    return {
      ...value,
      choices: value.choices.map((choice: Json) => (isObject(choice) && 'logprobs' in choice ? { ...choice, logprobs: null } : choice)),
    }
  },
  // Clients join the names of a tool's pieces: a piece that is said again has none.
  continuation: (value, path) => {
    const [, choiceIndex, , field, callIndex] = path
    const choice: Json | undefined = Array.isArray(value.choices) ? value.choices[Number(choiceIndex)] : undefined
    // What stood beside the text was told with it.
    const head = { ...value, usage: undefined, ...Object.fromEntries(BESIDE.map((told) => [told, undefined])) }
    if (!isObject(choice) || !isObject(choice.delta)) return head
    const delta = pieceOf(choice.delta, String(field), Number(callIndex))
    const { index } = choice
    return { ...head, choices: [{ index: index ?? Number(choiceIndex), delta, finish_reason: null }] }
  },
}

const CALL_IDS: ReadonlySet<string | number | undefined> = new Set(['id', 'type', 'tool_call_id', 'role'])

function messagePhase(path: readonly (string | number)[], root: JsonObject): Phase | undefined {
  const field = path[2]
  const last = path.at(-1)
  if (field === 'tool_calls' || field === 'function_call') {
    if (last === 'arguments' || last === 'input') return 'toolArguments'
    return last === 'name' ? 'toolNames' : CALL_IDS.has(last) ? undefined : 'toolArguments'
  }
  if (CALL_IDS.has(field) || isStructural(path)) return undefined
  const message: Json | undefined = Array.isArray(root.messages) ? root.messages[Number(path[1])] : undefined
  const role = isObject(message) ? message.role : undefined
  if (role !== 'tool' && role !== 'function') return 'input'
  return field === 'name' ? undefined : 'toolResults'
}

/** Names of tools that are offered, and what is said of them; not what their schemas are made of. */
function toolPhase(path: readonly (string | number)[]): Phase | undefined {
  const last = path.at(-1)
  if (last === 'name' && path.length <= 4) return 'toolNames'
  return last === 'description' ? 'input' : undefined
}

const SPOKEN = ['content', 'refusal', 'reasoning_content', 'reasoning'] as const

function choiceTexts(choice: Json, position: number): readonly WireText[] {
  if (!isObject(choice)) return []
  const [said, isDelta] = isObject(choice.delta) ? [choice.delta, true] : [choice.message, false]
  if (!isObject(said)) return []
  const base = ['choices', position, isDelta ? 'delta' : 'message'] as const
  const lane = laneOf(choice, position)
  const texts: WireText[] = []
  for (const field of SPOKEN) {
    const text = said[field]
    const thinking = field.startsWith('reasoning') ? { isThinking: true } : {}
    if (typeof text === 'string')
      texts.push({ path: [...base, field], text, phase: 'output', ...thinking, ...laneIn(isDelta, `${lane}/${field}`) })
  }
  texts.push(...spokenTexts(said, base, (kind) => laneIn(isDelta, `${lane}/${kind}`)))
  if (Array.isArray(said.content))
    texts.push(...partTexts(said.content, [...base, 'content'], (kind) => laneIn(isDelta, `${lane}/${kind}`)))
  for (const [index, call] of (Array.isArray(said.tool_calls) ? said.tool_calls : []).entries()) {
    if (!isObject(call)) continue
    const inLane = laneIn(isDelta, `${lane}/call/${String(call.index ?? index)}`)
    texts.push(...callTexts(call.function, [...base, 'tool_calls', index, 'function'], inLane))
    texts.push(...customTexts(call.custom, [...base, 'tool_calls', index, 'custom'], inLane))
  }
  return [...texts, ...callTexts(said.function_call, [...base, 'function_call'], laneIn(isDelta, `${lane}/function_call`))]
}

/** What is said in sound, written down; and thinking as OpenRouter tells it besides `reasoning`. */
function spokenTexts(
  { audio, reasoning, reasoning_details: details }: JsonObject,
  base: WireText['path'],
  lane: (kind: string) => { readonly lane?: string },
): readonly WireText[] {
  const again = typeof reasoning === 'string' ? { isRepeat: true } : {}
  const transcript = isObject(audio) ? audio.transcript : undefined
  const thought = (Array.isArray(details) ? details : []).flatMap((detail: Json, at): readonly WireText[] => {
    if (!isObject(detail)) return []
    const field = typeof detail.summary === 'string' ? 'summary' : 'text'
    const text = detail[field]
    const path = [...base, 'reasoning_details', at, field]
    return typeof text === 'string'
      ? [{ path, text, phase: 'output', isAside: true, ...again, ...lane(`details/${String(detail.index ?? at)}/${field}`) }]
      : []
  })
  if (typeof transcript !== 'string') return thought
  return [...thought, { path: [...base, 'audio', 'transcript'], text: transcript, phase: 'output', ...lane('transcript') }]
}

/** Texts of a content that is a list: parts of text, and of thinking, which is a list of parts again. */
function partTexts(
  parts: readonly Json[],
  base: WireText['path'],
  lane: (kind: string) => { readonly lane?: string },
): readonly WireText[] {
  return parts.flatMap((part: Json, index): readonly WireText[] => {
    if (!isObject(part)) return []
    const own: readonly WireText[] =
      typeof part.text === 'string' ? [{ path: [...base, index, 'text'], text: part.text, phase: 'output', ...lane('content') }] : []
    if (!Array.isArray(part.thinking)) return own
    const thoughts = partTexts(part.thinking, [...base, index, 'thinking'], () => lane('thinking'))
    return [...own, ...thoughts.map((text) => ({ ...text, isThinking: true }))]
  })
}

function callTexts(called: Json | undefined, path: WireText['path'], lane: { readonly lane?: string }): readonly WireText[] {
  if (!isObject(called)) return []
  const { name, arguments: text } = called
  return [
    ...(typeof name === 'string' && name !== '' ? [{ path: [...path, 'name'], text: name, phase: 'toolNames' as const }] : []),
    ...(typeof text === 'string' ? [{ path: [...path, 'arguments'], text, phase: 'toolArguments' as const, isJson: true, ...lane }] : []),
  ]
}

/** Of a custom tool: its input is free text. */
function customTexts(called: Json | undefined, path: WireText['path'], lane: { readonly lane?: string }): readonly WireText[] {
  if (!isObject(called)) return []
  const { name, input } = called
  return [
    ...(typeof name === 'string' && name !== '' ? [{ path: [...path, 'name'], text: name, phase: 'toolNames' as const }] : []),
    ...(typeof input === 'string' ? [{ path: [...path, 'input'], text: input, phase: 'toolArguments' as const, ...lane }] : []),
  ]
}

function laneIn(isDelta: boolean, lane: string): { readonly lane?: string } {
  return isDelta ? { lane } : {}
}

function laneOf(choice: JsonObject, position: number): string {
  return String(choice.index ?? position)
}

/** Of a piece only what its text stands in: what is said again has no sound, no signature and none of the texts beside it. */
function pieceOf(delta: JsonObject, field: string, at: number): JsonObject {
  if (field === 'tool_calls') return { tool_calls: callPiece(delta.tool_calls, at) }
  if (field === 'audio') return { audio: { transcript: '' } }
  if (field === 'content' && Array.isArray(delta.content)) return { content: [contentPiece(delta.content[at])] }
  if (field !== 'reasoning_details') return { [field]: delta[field] ?? null }
  const detail: Json | undefined = Array.isArray(delta.reasoning_details) ? delta.reasoning_details[at] : undefined
  const { type, index, format, summary } = isObject(detail) ? detail : {}
  return { reasoning_details: [{ type, index: index ?? at, format, ...(typeof summary === 'string' ? { summary: '' } : { text: '' }) }] }
}

/** A part of a content that is a list: of text, or of thinking, which is a list again. */
function contentPiece(part: Json | undefined): Json {
  const piece = { type: 'text', text: '' }
  return isObject(part) && Array.isArray(part.thinking) ? { type: 'thinking', thinking: [piece] } : piece
}

function callPiece(calls: Json | undefined, position: number): Json {
  const call: Json | undefined = Array.isArray(calls) ? calls[position] : undefined
  if (!isObject(call)) return []
  if (isObject(call.custom)) return [{ index: call.index ?? position, custom: { input: call.custom.input ?? '' } }]
  const args = isObject(call.function) ? (call.function.arguments ?? '') : ''
  return [{ index: call.index ?? position, function: { arguments: args } }]
}
