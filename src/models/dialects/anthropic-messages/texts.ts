import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Phase } from '../../../stages/guards/types.ts'
import { isDescription, isStructural, type JsonPath, stringsIn, valueAt, type WireText, type WireTexts } from '../wire-texts.ts'

/**
 * Where requests and replies of this wire have their texts. Thinking is left as it is: it is signed, and the provider refuses it back with another
 * letter in it. Source: https://docs.anthropic.com/en/api/messages (read 2026-11-21).
 */
export const anthropicMessagesTexts: WireTexts = {
  phaseOf: (path, root) => {
    if (path[0] === 'messages') return path[2] === 'content' ? blockPhase(path, root) : undefined
    if (path[0] === 'tools') return toolPhase(path)
    if (path[0] === 'output_config' || path[0] === 'output_format') return isDescription(path) ? 'input' : undefined
    if (path[0] === 'tool_choice' || path[0] === 'mcp_servers' || path[0] === 'stop_sequences') return undefined
    return isStructural(path) ? undefined : 'input'
  },
  isOwnKey: (path) => path[0] === 'messages' && path[4] === 'input' && path.length > 5,
  textsOf: (value) => {
    if (value.type === 'content_block_start') return blockTexts(value.content_block, ['content_block'], laneOf(value))
    if (value.type === 'content_block_delta') return deltaTexts(value)
    return Array.isArray(value.content)
      ? value.content.flatMap((block: Json, index) => blockTexts(block, ['content', index], undefined))
      : []
  },
  answersIn: () => [['content'], ['content_block'], ['delta']],
  endsOf: (value) => (value.type === 'content_block_stop' ? [laneOf(value)] : []),
  tidy: (value) => value,
  continuation: (value) =>
    value.type === 'content_block_start'
      ? { type: 'content_block_delta', index: value.index, delta: { type: 'text_delta', text: '' } }
      : value,
}

function blockPhase(path: JsonPath, root: JsonObject): Phase | undefined {
  const message: Json | undefined = Array.isArray(root.messages) ? root.messages[Number(path[1])] : undefined
  const content = isObject(message) ? message.content : undefined
  const block: Json | undefined = Array.isArray(content) ? content[Number(path[3])] : undefined
  if (!isObject(block)) return 'input'
  const type = typeof block.type === 'string' ? block.type : ''
  if (type.endsWith('thinking')) return undefined
  if (type.endsWith('tool_use')) return path[4] === 'input' ? 'toolArguments' : path[4] === 'name' ? 'toolNames' : undefined
  if (path[4] === 'tool_use_id' || (isStructural(path) && !isPlainDocument(path, root))) return undefined
  return type.endsWith('tool_result') ? 'toolResults' : 'input'
}

/** A document may be text as it is, where another has base64. */
function isPlainDocument(path: JsonPath, root: JsonObject): boolean {
  if (path.at(-1) !== 'data') return false
  const source = valueAt(root, path.slice(0, -1))
  return isObject(source) && source.type === 'text'
}

/** Names of tools that are offered, and what is said of them; not what their schemas are made of. */
function toolPhase(path: JsonPath): Phase | undefined {
  const last = path.at(-1)
  if (last === 'name' && path.length === 3) return 'toolNames'
  return last === 'description' ? 'input' : undefined
}

function blockTexts(block: Json | undefined, path: JsonPath, lane: string | undefined): readonly WireText[] {
  if (!isObject(block)) return []
  if (block.type === 'text' && typeof block.text === 'string') {
    return [{ path: [...path, 'text'], text: block.text, phase: 'output', ...(lane === undefined ? {} : { lane }) }]
  }
  if (typeof block.type !== 'string' || !block.type.endsWith('tool_use')) return []
  const name: readonly WireText[] =
    typeof block.name === 'string' ? [{ path: [...path, 'name'], text: block.name, phase: 'toolNames' }] : []
  return [...name, ...stringsIn(block.input, [...path, 'input'], 'toolArguments')]
}

function deltaTexts(value: JsonObject): readonly WireText[] {
  const { delta } = value
  if (!isObject(delta)) return []
  const lane = laneOf(value)
  if (delta.type === 'text_delta' && typeof delta.text === 'string')
    return [{ path: ['delta', 'text'], text: delta.text, phase: 'output', lane }]
  if (delta.type !== 'input_json_delta' || typeof delta.partial_json !== 'string') return []
  return [{ path: ['delta', 'partial_json'], text: delta.partial_json, phase: 'toolArguments', isJson: true, lane }]
}

function laneOf({ index }: JsonObject): string {
  return String(index ?? 0)
}
