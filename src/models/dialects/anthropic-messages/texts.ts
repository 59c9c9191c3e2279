import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Phase } from '../../../stages/guards/types.ts'
import { isStructural, type JsonPath, type WireText, type WireTexts } from '../wire-texts.ts'

const IDS: ReadonlySet<string | number | undefined> = new Set(['id', 'tool_use_id', 'stop_reason'])

/** Where requests and replies of this wire have their texts. */
export const anthropicMessagesTexts: WireTexts = {
  phaseOf: (path, root) => {
    if (path[0] === 'messages') return messagePhase(path, root)
    if (path[0] === 'tools') return toolPhase(path)
    return path[0] === 'tool_choice' || path[0] === 'output_config' || path[0] === 'output_format' || isStructural(path)
      ? undefined
      : 'input'
  },
  textsOf: (value) => (Array.isArray(value.content) ? value.content.flatMap(wholeTexts) : frameTexts(value)),
  endsOf: (value) => (value.type === 'content_block_stop' ? [String(value.index ?? 0)] : []),
  tidy: (value) => value,
  continuation: (value, path) => {
    // What is held back of a block that was begun with a text is said by a delta.
    const isStart = path[0] === 'content_block'
    if (!isStart) return value
    const field = path[1] === 'thinking' ? 'thinking' : 'text'
    return { type: 'content_block_delta', index: value.index, delta: { type: `${field}_delta`, [field]: '' } }
  },
}

function messagePhase(path: JsonPath, root: JsonObject): Phase | undefined {
  const last = path.at(-1)
  if (IDS.has(last) || isStructural(path)) return undefined
  const block = blockAt(path, root)
  switch (block?.type) {
    case 'tool_use':
      return path.length === 5 && last === 'name' ? 'toolNames' : 'toolArguments'
    case 'tool_result':
      return 'toolResults'
    default:
      return 'input'
  }
}

function blockAt(path: JsonPath, root: JsonObject): JsonObject | undefined {
  const message: Json | undefined = Array.isArray(root.messages) ? root.messages[Number(path[1])] : undefined
  const content = isObject(message) ? message.content : undefined
  const block: Json | undefined = Array.isArray(content) ? content[Number(path[3])] : undefined
  return isObject(block) ? block : undefined
}

/** Names of tools that are offered, and what is said of them; not what their schemas are made of. */
function toolPhase(path: JsonPath): Phase | undefined {
  const last = path.at(-1)
  if (last === 'name' && path.length === 3) return 'toolNames'
  return last === 'description' ? 'input' : undefined
}

function wholeTexts(block: Json, index: number): readonly WireText[] {
  if (!isObject(block)) return []
  const path = ['content', index] as const
  switch (block.type) {
    case 'text':
    case 'thinking': {
      const text = block[block.type]
      return typeof text === 'string' ? [{ path: [...path, block.type], text, phase: 'output' }] : []
    }
    case 'tool_use':
      return [...nameText(block, path), ...stringsIn(block.input, [...path, 'input'])]
    default:
      return []
  }
}

/** The texts in the arguments of a call, which are an object here. */
function stringsIn(value: Json | undefined, path: JsonPath): readonly WireText[] {
  if (typeof value === 'string') return [{ path, text: value, phase: 'toolArguments' }]
  if (Array.isArray(value)) return value.flatMap((item: Json, index) => stringsIn(item, [...path, index]))
  return isObject(value) ? Object.entries(value).flatMap(([key, item]) => stringsIn(item, [...path, key])) : []
}

function nameText(block: JsonObject, path: JsonPath): readonly WireText[] {
  return typeof block.name === 'string' && block.name !== '' ? [{ path: [...path, 'name'], text: block.name, phase: 'toolNames' }] : []
}

function frameTexts(value: JsonObject): readonly WireText[] {
  const index = String(value.index ?? 0)
  if (value.type === 'content_block_start' && isObject(value.content_block)) {
    const { content_block: block } = value
    if (block.type === 'tool_use') return nameText(block, ['content_block'])
    const field = block.type === 'text' || block.type === 'thinking' ? block.type : undefined
    const text = field === undefined ? undefined : block[field]
    if (field === undefined || typeof text !== 'string' || text === '') return []
    return [{ path: ['content_block', field], text, phase: 'output', lane: `${index}/${field}` }]
  }
  if (value.type !== 'content_block_delta' || !isObject(value.delta)) return []
  const { delta } = value
  if (typeof delta.partial_json === 'string') {
    return [{ path: ['delta', 'partial_json'], text: delta.partial_json, phase: 'toolArguments', isJson: true, lane: `${index}/input` }]
  }
  const field = typeof delta.text === 'string' ? 'text' : typeof delta.thinking === 'string' ? 'thinking' : undefined
  const text = field === undefined ? undefined : delta[field]
  if (field === undefined || typeof text !== 'string') return []
  return [{ path: ['delta', field], text, phase: 'output', lane: `${index}/${field}` }]
}
