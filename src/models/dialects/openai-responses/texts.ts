import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Phase } from '../../../stages/guards/types.ts'
import { isStructural, type JsonPath, type WireText, type WireTexts } from '../wire-texts.ts'

/**
 * Where requests and replies of this wire have their texts. A stream says each text in pieces, and then whole, up to four times: what is whole is
 * looked at again and counted once. Source: https://platform.openai.com/docs/api-reference/responses-streaming (read 2026-11-21).
 */
export const openaiResponsesTexts: WireTexts = {
  phaseOf: (path, root) => {
    if (path[0] === 'input') return itemPhase(path, root)
    if (path[0] === 'tools') return toolPhase(path)
    return NO_TEXT.has(String(path[0])) || isStructural(path) ? undefined : 'input'
  },
  textsOf: (value) => (typeof value.type === 'string' && isEvent(value) ? eventTexts(value, value.type) : responseTexts(value, [], {})),
  endsOf: (value) => (typeof value.type === 'string' && value.type.endsWith('.done') ? [laneOf(value, value.type)] : []),
  tidy: (value) => (Array.isArray(value.logprobs) ? { ...value, logprobs: [] } : value),
  continuation: (value) => value,
}

const NO_TEXT: ReadonlySet<string> = new Set([
  'tool_choice',
  'text',
  'include',
  'previous_response_id',
  'conversation',
  'truncation',
  'prompt_cache_key',
  'safety_identifier',
  'reasoning',
])
const IDS: ReadonlySet<string> = new Set(['call_id', 'id', 'status', 'item_id', 'server_label'])
const REPEATED = { isRepeat: true } as const

function itemPhase(path: JsonPath, root: JsonObject): Phase | undefined {
  const item: Json | undefined = Array.isArray(root.input) ? root.input[Number(path[1])] : undefined
  if (!isObject(item)) return 'input'
  const type = typeof item.type === 'string' ? item.type : 'message'
  const field = String(path[2])
  if (type === 'reasoning' || IDS.has(String(path.at(-1)))) return undefined
  if (type.endsWith('_output')) return field === 'output' && !isStructural(path) ? 'toolResults' : undefined
  if (type.endsWith('_call')) return field === 'name' ? 'toolNames' : isStructural(path) ? undefined : 'toolArguments'
  return isStructural(path) ? undefined : 'input'
}

function toolPhase(path: JsonPath): Phase | undefined {
  const last = path.at(-1)
  if (last === 'name' && path.length === 3) return 'toolNames'
  return last === 'description' ? 'input' : undefined
}

function isEvent(value: JsonObject): boolean {
  return value.object === undefined
}

function eventTexts(value: JsonObject, type: string): readonly WireText[] {
  const { delta, text, item, part, response } = value
  if (typeof delta === 'string') return [{ path: ['delta'], text: delta, ...kindOf(type), lane: laneOf(value, type) }]
  if (isObject(item)) return itemTexts(item, ['item'], type.endsWith('.done') ? REPEATED : {})
  if (isObject(part)) return partTexts(part, ['part'], REPEATED)
  if (isObject(response)) return responseTexts(response, ['response'], REPEATED)
  for (const field of ['text', 'refusal', 'arguments', 'input'] as const) {
    const said = value[field]
    if (typeof said === 'string' && type.endsWith('.done')) return [{ path: [field], text: said, ...kindOf(type), ...REPEATED }]
  }
  return typeof text === 'string' ? [{ path: ['text'], text, phase: 'output' }] : []
}

function kindOf(type: string): { readonly phase: Phase; readonly isJson?: true } {
  if (type.includes('arguments')) return { phase: 'toolArguments', isJson: true }
  return { phase: type.includes('tool_call_input') ? 'toolArguments' : 'output' }
}

/** `response.output_text.delta` and `response.output_text.done` of the same place are of one lane. */
function laneOf({ output_index, content_index, summary_index }: JsonObject, type: string): string {
  return `${output_index ?? 0}:${content_index ?? summary_index ?? 0}:${type.slice(0, type.lastIndexOf('.'))}`
}

function responseTexts(response: JsonObject, path: JsonPath, repeat: { readonly isRepeat?: true }): readonly WireText[] {
  if (!Array.isArray(response.output)) return []
  return response.output.flatMap((item: Json, index) => (isObject(item) ? itemTexts(item, [...path, 'output', index], repeat) : []))
}

function itemTexts(item: JsonObject, path: JsonPath, repeat: { readonly isRepeat?: true }): readonly WireText[] {
  const texts: WireText[] = []
  for (const field of ['content', 'summary'] as const) {
    const parts = item[field]
    if (Array.isArray(parts))
      for (const [index, part] of parts.entries()) if (isObject(part)) texts.push(...partTexts(part, [...path, field, index], repeat))
  }
  const type = typeof item.type === 'string' ? item.type : ''
  if (!type.endsWith('_call')) return texts
  if (typeof item.name === 'string') texts.push({ path: [...path, 'name'], text: item.name, phase: 'toolNames', ...repeat })
  for (const field of ['arguments', 'input'] as const) {
    const text = item[field]
    if (typeof text === 'string')
      texts.push({ path: [...path, field], text, phase: 'toolArguments', isJson: field === 'arguments', ...repeat })
  }
  return texts
}

function partTexts(part: JsonObject, path: JsonPath, repeat: { readonly isRepeat?: true }): readonly WireText[] {
  const field = typeof part.text === 'string' ? 'text' : 'refusal'
  const text = part[field]
  return typeof text === 'string' ? [{ path: [...path, field], text, phase: 'output', ...repeat }] : []
}
