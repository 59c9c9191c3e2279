import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Phase } from '../../../stages/guards/types.ts'
import { isDescription, isStructural, type JsonPath, type WireText, type WireTexts } from '../wire-texts.ts'

/** Fields of a request that say how to answer, and nothing that is answered. */
const SETTINGS: ReadonlySet<string | number | undefined> = new Set([
  'tool_choice',
  'reasoning',
  'include',
  'previous_response_id',
  'conversation',
  'truncation',
])
const IDS: ReadonlySet<string | number | undefined> = new Set(['id', 'call_id', 'status'])
/** Fields in which events repeat a whole text. */
const WHOLES = ['text', 'refusal', 'arguments', 'input', 'code', 'transcript'] as const

/** Where requests and replies of this wire have their texts. In a stream each text comes in pieces, and then whole several times. */
export const openaiResponsesTexts: WireTexts = {
  phaseOf: (path, root) => {
    if (path[0] === 'input') return itemPhase(path, root)
    if (path[0] === 'tools') return toolPhase(path)
    if (path[0] === 'text') return isDescription(path) ? 'input' : undefined
    return SETTINGS.has(path[0]) || isStructural(path) ? undefined : 'input'
  },
  isOwnKey: ({ 0: top, length }) => top === 'metadata' && length > 1,
  textsOf: (value) => (typeof value.type === 'string' ? eventTexts(value, value.type) : outputTexts(value.output, ['output'])),
  // Beside what answers, a response repeats what it was asked.
  answersIn: ({ type }) => (typeof type === 'string' ? [['item'], ['part'], ['annotation'], ['response', 'output']] : [['output']]),
  // All that is said of an item has ended when one of its texts is repeated whole: the next begins after that.
  endsOf: ({ type, output_index: at }) => (typeof type === 'string' && type.endsWith('.done') ? [String(at ?? 0)] : []),
  tidy: withoutChances,
  continuation: withoutChances,
}

function itemPhase(path: JsonPath, root: JsonObject): Phase | undefined {
  const last = path.at(-1)
  if (path.length === 1) return 'input'
  if (isStructural(path) || IDS.has(last)) return undefined
  const item: Json | undefined = Array.isArray(root.input) ? root.input[Number(path[1])] : undefined
  switch (isObject(item) ? item.type : undefined) {
    case 'function_call':
    case 'custom_tool_call':
      return path[2] === 'name' ? 'toolNames' : 'toolArguments'
    case 'function_call_output':
    case 'custom_tool_call_output':
      return 'toolResults'
    default:
      return 'input'
  }
}

/** Names of tools that are offered, and what is said of them; not what their schemas are made of. */
function toolPhase(path: JsonPath): Phase | undefined {
  const last = path.at(-1)
  if (last === 'name' && path.length === 3) return 'toolNames'
  return last === 'description' ? 'input' : undefined
}

/** Pieces of texts are what is said; all else repeats it, but for the names of tools, which come with their items. */
function eventTexts(event: JsonObject, type: string): readonly WireText[] {
  if (type.endsWith('.delta')) return deltaTexts(event, type)
  if (type === 'response.output_item.added') return isObject(event.item) ? itemTexts(event.item, ['item']) : []
  return repeatedTexts(event, type).map((text) => ({ ...text, isRepeat: true }))
}

function repeatedTexts(event: JsonObject, type: string): readonly WireText[] {
  if (isObject(event.response)) return outputTexts(event.response.output, ['response', 'output'])
  if (isObject(event.part)) return partTexts(event.part, ['part'])
  if (isObject(event.item)) return itemTexts(event.item, ['item'])
  return WHOLES.flatMap((field): readonly WireText[] => {
    const text = event[field]
    return typeof text === 'string' ? [{ path: [field], text, ...kindOf(type) }] : []
  })
}

function deltaTexts(event: JsonObject, type: string): readonly WireText[] {
  // Sound is no text.
  if (typeof event.delta !== 'string' || type.endsWith('audio.delta')) return []
  const part = String(event.content_index ?? event.summary_index ?? 0)
  const lane = `${String(event.output_index ?? 0)}/${type}/${part}`
  return [{ path: ['delta'], text: event.delta, lane, isThinking: type.includes('reasoning'), ...kindOf(type) }]
}

function kindOf(type: string): { readonly phase: Phase; readonly isJson?: true } {
  if (type.includes('arguments')) return { phase: 'toolArguments', isJson: true }
  return { phase: type.includes('_call_') ? 'toolArguments' : 'output' }
}

function outputTexts(output: Json | undefined, path: JsonPath): readonly WireText[] {
  const items: readonly Json[] = Array.isArray(output) ? output : []
  return items.flatMap((item, index) => (isObject(item) ? itemTexts(item, [...path, index]) : []))
}

function itemTexts(item: JsonObject, path: JsonPath): readonly WireText[] {
  if (item.type === 'function_call' || item.type === 'custom_tool_call') return callTexts(item, path)
  const texts = ['content', 'summary'].flatMap((list) => {
    const parts: Json | undefined = item[list]
    return Array.isArray(parts) ? parts.flatMap((part: Json, index) => (isObject(part) ? partTexts(part, [...path, list, index]) : [])) : []
  })
  return item.type === 'reasoning' ? texts.map((text) => ({ ...text, isThinking: true })) : texts
}

function callTexts(item: JsonObject, path: JsonPath): readonly WireText[] {
  const field = item.type === 'function_call' ? 'arguments' : 'input'
  const text = item[field]
  return [
    ...(typeof item.name === 'string' && item.name !== ''
      ? [{ path: [...path, 'name'], text: item.name, phase: 'toolNames' as const }]
      : []),
    ...(typeof text === 'string' && text !== ''
      ? [{ path: [...path, field], text, phase: 'toolArguments' as const, ...(field === 'arguments' ? { isJson: true } : {}) }]
      : []),
  ]
}

function partTexts(part: JsonObject, path: JsonPath): readonly WireText[] {
  const field = part.type === 'refusal' ? 'refusal' : 'text'
  const text = part[field]
  return typeof text === 'string' && text !== '' ? [{ path: [...path, field], text, phase: 'output' }] : []
}

/** The chances of tokens spell out the text that was taken away. Only where texts stand: what the caller asked for is told back as it was. */
function withoutChances(value: JsonObject): JsonObject {
  const { response, item, part, output, content } = value
  return {
    ...value,
    ...('logprobs' in value ? { logprobs: [] } : {}),
    ...(isObject(response) ? { response: withoutChances(response) } : {}),
    ...(isObject(item) ? { item: withoutChances(item) } : {}),
    ...(isObject(part) ? { part: withoutChances(part) } : {}),
    ...(Array.isArray(output) ? { output: output.map(eachWithout) } : {}),
    ...(Array.isArray(content) ? { content: content.map(eachWithout) } : {}),
  }
}

function eachWithout(value: Json): Json {
  return isObject(value) ? withoutChances(value) : value
}
