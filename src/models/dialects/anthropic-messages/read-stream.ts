import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamReader } from '../../dialect.ts'
import type { StreamEvent } from '../../neutral/reply.ts'
import { unpackSeal, wholeSeal } from '../../neutral/seal.ts'
import { readFrameData } from '../provider-reply.ts'
import { readCitation, readHead, readStop } from './read-reply.ts'
import { readUsage } from './usage.ts'

const WIRE = 'anthropic-messages'

/** What is open under an index. */
interface OpenBlock {
  readonly type: 'text' | 'thinking' | 'tool' | 'other'
  signature: string
}

/** Reads the events of one stream. */
export function readStream(): StreamReader {
  const blocks = new Map<number, OpenBlock>()
  let usage: JsonObject = {}
  let isFinished = false
  return {
    read: (frame) => {
      const value = readFrameData(decodeSseFrame(frame).data)
      switch (value?.type) {
        case 'message_start': {
          const message = isObject(value.message) ? value.message : {}
          if (isObject(message.usage)) usage = message.usage
          const stop = readStop(message)
          const finish: readonly StreamEvent[] = stop === undefined || isFinished ? [] : [{ type: 'finish', candidate: 0, stop }]
          isFinished ||= stop !== undefined
          return [{ type: 'start', ...readHead(message) }, ...readBegun(message.content, blocks), ...finish]
        }
        case 'content_block_start':
          return startBlock(value, blocks)
        case 'content_block_delta':
          return readDelta(value, blocks)
        case 'content_block_stop':
          return stopBlock(value, blocks)
        case 'message_delta': {
          const events: StreamEvent[] = []
          const stop = isObject(value.delta) ? readStop(value.delta) : undefined
          // A provider that says it twice has said it once.
          if (stop !== undefined && !isFinished) events.push({ type: 'finish', candidate: 0, stop })
          isFinished ||= stop !== undefined
          usage = { ...usage, ...withoutNulls(value.usage) }
          const read = readUsage(usage)
          if (read !== undefined) events.push({ type: 'usage', usage: read })
          return events
        }
        default:
          return []
      }
    },
  }
}

function withoutNulls(value: Json | undefined): JsonObject {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null)) : {}
}

function indexOf(value: JsonObject): number {
  return typeof value.index === 'number' ? value.index : 0
}

/** Content that the message has from its beginning: that of an answer which goes on where a tool of the provider's own asked for a caller's. */
function readBegun(content: Json | undefined, blocks: Map<number, OpenBlock>): readonly StreamEvent[] {
  const list: readonly Json[] = Array.isArray(content) ? content : []
  return list.flatMap((block, index) => [...startBlock({ index, content_block: block }, blocks), ...stopBlock({ index }, blocks)])
}

function startBlock(value: JsonObject, blocks: Map<number, OpenBlock>): readonly StreamEvent[] {
  const block = isObject(value.content_block) ? value.content_block : {}
  const index = indexOf(value)
  const open = (type: OpenBlock['type']) =>
    blocks.set(index, { type, signature: typeof block.signature === 'string' ? block.signature : '' })
  switch (block.type) {
    case 'text':
      open('text')
      return typeof block.text === 'string' && block.text !== '' ? [{ type: 'text', candidate: 0, text: block.text }] : []
    case 'thinking':
      open('thinking')
      return typeof block.thinking === 'string' && block.thinking !== '' ? [{ type: 'thinking', candidate: 0, text: block.thinking }] : []
    case 'redacted_thinking':
      open('other')
      return [{ type: 'seal', candidate: 0, seal: wholeSeal(String(block.data ?? '')), isHidden: true }]
    case 'tool_use': {
      open('tool')
      const input = isObject(block.input) && Object.keys(block.input).length > 0 ? JSON.stringify(block.input) : ''
      const call: StreamEvent = {
        type: 'tool-call',
        candidate: 0,
        index,
        id: String(block.id ?? `call_${index}`),
        name: String(block.name ?? ''),
      }
      return input === '' ? [call] : [call, { type: 'arguments', candidate: 0, index, text: input }]
    }
    default: {
      open('other')
      const reason = `only Anthropic answers with blocks of the type "${String(block.type).slice(0, 50)}"`
      return [{ type: 'loss', loss: { path: `content[${index}]`, action: 'dropped', reason } }]
    }
  }
}

function readDelta(value: JsonObject, blocks: Map<number, OpenBlock>): readonly StreamEvent[] {
  const delta = isObject(value.delta) ? value.delta : {}
  const index = indexOf(value)
  const block = blocks.get(index)
  switch (delta.type) {
    case 'text_delta':
      return typeof delta.text === 'string' && delta.text !== '' ? [{ type: 'text', candidate: 0, text: delta.text }] : []
    case 'thinking_delta':
      return typeof delta.thinking === 'string' && delta.thinking !== '' ? [{ type: 'thinking', candidate: 0, text: delta.thinking }] : []
    case 'signature_delta':
      if (block !== undefined && typeof delta.signature === 'string') block.signature += delta.signature
      return []
    case 'input_json_delta':
      // A tool that the provider runs itself streams its input too.
      if (block?.type !== 'tool' || typeof delta.partial_json !== 'string' || delta.partial_json === '') return []
      return [{ type: 'arguments', candidate: 0, index, text: delta.partial_json }]
    case 'citations_delta':
      return isObject(delta.citation) ? [{ type: 'citation', candidate: 0, citation: readCitation(delta.citation) }] : []
    default:
      return []
  }
}

function stopBlock(value: JsonObject, blocks: Map<number, OpenBlock>): readonly StreamEvent[] {
  const index = indexOf(value)
  const block = blocks.get(index)
  blocks.delete(index)
  if (block?.type === 'thinking' && block.signature !== '') return [{ type: 'seal', candidate: 0, seal: unpackSeal(block.signature, WIRE) }]
  return block?.type === 'text' || block?.type === 'thinking' ? [{ type: 'break', candidate: 0 }] : []
}
