import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { type Content, isResultContent } from '../../neutral/content.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { MessageList } from '../../neutral/messages.ts'
import { optionalString, readList, readObject, readString, wrong } from '../../neutral/read.ts'
import { readPart } from './read-content.ts'
import { readReasoning } from './seal.ts'

/** Where something stands, and where its losses go. */
export interface Place {
  readonly path: string
  readonly losses: Losses
}

/** Reads the input: a text, or a list of items. @throws invalid_request */
export function readItems(input: Json | undefined, messages: MessageList, losses: Losses): void {
  if (typeof input === 'string') {
    messages.add('user', input === '' ? [] : [{ type: 'text', text: input }])
    return
  }
  const items = readList(input, 'input')
  if (items.length === 0) throw wrong('input', 'must hold at least one item')
  items.forEach((item, index) => {
    readItem(messages, readObject(item, `input[${index}]`), { path: `input[${index}]`, losses })
  })
}

function readItem(messages: MessageList, item: JsonObject, place: Place): void {
  const { path, losses } = place
  switch (item.type) {
    case undefined:
    case null:
    case 'message':
      readMessage(messages, item, place)
      return
    case 'function_call':
    case 'custom_tool_call':
      messages.add('assistant', [readCall(item, path)], () => path)
      return
    case 'function_call_output':
    case 'custom_tool_call_output':
      messages.add('user', [readResult(messages, item, place)])
      return
    case 'reasoning': {
      const thinking = readReasoning(item)
      if (thinking.text !== '' || thinking.seal !== undefined) messages.add('assistant', [thinking])
      return
    }
    case 'item_reference':
      throw wrong(path, 'refers to an item that is kept by one provider only; send the item itself')
    default:
      if (typeof item.type !== 'string') throw wrong(`${path}.type`, 'must be a string')
      losses.drop(path, `only a provider of this wire has items of the type "${item.type.slice(0, 50)}"`)
  }
}

/** A call of a function, or of a custom tool, whose input is free text. */
function readCall(item: JsonObject, path: string): Content {
  const call = { type: 'tool-call', id: readString(item.call_id, `${path}.call_id`), name: readString(item.name, `${path}.name`) } as const
  return item.type === 'custom_tool_call'
    ? { ...call, arguments: readString(item.input ?? '', `${path}.input`), isFree: true }
    : { ...call, arguments: readString(item.arguments ?? '', `${path}.arguments`) }
}

/** An answer is what is said at last anyway. */
const NO_PHASES = 'other wires tell no comments from answers'

function readMessage(messages: MessageList, item: JsonObject, place: Place): void {
  const { role } = item
  if (role !== 'user' && role !== 'assistant' && role !== 'system' && role !== 'developer') {
    throw wrong(`${place.path}.role`, 'must be user, assistant, system or developer')
  }
  if (item.phase === 'commentary') place.losses.drop(`${place.path}.phase`, NO_PHASES)
  messages.add(role, readContent(item.content, { ...place, path: `${place.path}.content` }))
}

function readContent(value: Json | undefined, place: Place): readonly Content[] {
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  return readList(value, place.path).flatMap((part, index) => {
    const path = `${place.path}[${index}]`
    return readPart(readObject(part, path), { ...place, path })
  })
}

function readResult(messages: MessageList, item: JsonObject, place: Place): Content {
  const { path } = place
  const callId = readString(item.call_id, `${path}.call_id`)
  const content = readContent(item.output, { ...place, path: `${path}.output` }).filter(isResultContent)
  return { type: 'tool-result', ...messages.answered(callId, `${path}.call_id`), content }
}

/** Citations of a text. */
export function readCitations(annotations: Json | undefined) {
  const list: readonly Json[] = Array.isArray(annotations) ? annotations : []
  return list.filter(isObject).flatMap((cited) => {
    const url = cited.type === 'url_citation' ? optionalString(cited.url, 'url') : undefined
    if (url === undefined) return []
    return [
      {
        url,
        ...(typeof cited.title === 'string' ? { title: cited.title } : {}),
        ...(typeof cited.start_index === 'number' ? { from: cited.start_index } : {}),
        ...(typeof cited.end_index === 'number' ? { to: cited.end_index } : {}),
      },
    ]
  })
}
