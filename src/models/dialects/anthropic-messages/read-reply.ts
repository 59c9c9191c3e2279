import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Citation, Content } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralReply, StopReason } from '../../neutral/reply.ts'
import { unpackSeal, wholeSeal } from '../../neutral/seal.ts'
import { readUsage } from './usage.ts'

/** What a whole message says. The decoder has seen that it is one. */
export function readReply(value: JsonObject): NeutralReply {
  const losses = new Losses()
  const blocks: readonly Json[] = Array.isArray(value.content) ? value.content : []
  const content = blocks.filter(isObject).flatMap((block, index) => readBlock(block, { path: `content[${index}]`, losses }))
  const stop = readStop(value)
  const usage = readUsage(value.usage)
  return {
    ...readHead(value),
    candidates: [{ content, ...(stop === undefined ? {} : { stop }) }],
    ...(usage === undefined ? {} : { usage }),
    losses: losses.list,
  }
}

/** Id and model of a message. */
export function readHead({ id, model }: JsonObject): Pick<NeutralReply, 'id' | 'model'> {
  return { ...(typeof id === 'string' && id !== '' ? { id } : {}), ...(typeof model === 'string' && model !== '' ? { model } : {}) }
}

/** Why the model stopped; undefined where it did not say. */
export function readStop({ stop_reason: reason, stop_sequence: sequence }: JsonObject): StopReason | undefined {
  switch (reason) {
    case 'end_turn':
      return { type: 'stop' }
    case 'max_tokens':
      return { type: 'length' }
    case 'stop_sequence':
      return { type: 'stop-sequence', ...(typeof sequence === 'string' ? { sequence } : {}) }
    case 'tool_use':
      return { type: 'tool-calls' }
    case 'refusal':
      return { type: 'refusal' }
    case 'pause_turn':
      return { type: 'pause' }
    case 'model_context_window_exceeded':
      return { type: 'context-full' }
    default:
      return typeof reason === 'string' && reason !== '' ? { type: 'other', said: reason } : undefined
  }
}

/** Where a block stands, and where its losses go. */
interface Place {
  readonly path: string
  readonly losses: Losses
}

function readBlock(block: JsonObject, { path, losses }: Place): readonly Content[] {
  const textOf = (value: Json | undefined) => (typeof value === 'string' ? value : '')
  switch (block.type) {
    case 'text': {
      const citations = readCitations(block.citations)
      return block.text === '' ? [] : [{ type: 'text', text: textOf(block.text), ...(citations.length === 0 ? {} : { citations }) }]
    }
    case 'thinking': {
      const signature = textOf(block.signature)
      return [
        {
          type: 'thinking',
          text: textOf(block.thinking),
          ...(signature === '' ? {} : { seal: unpackSeal(signature, 'anthropic-messages') }),
        },
      ]
    }
    case 'redacted_thinking':
      return [{ type: 'thinking', text: '', isHidden: true, seal: wholeSeal(textOf(block.data)) }]
    case 'tool_use':
      return [
        {
          type: 'tool-call',
          id: textOf(block.id),
          name: textOf(block.name),
          arguments: block.input === undefined ? '' : JSON.stringify(block.input),
        },
      ]
    default:
      losses.drop(path, `only Anthropic answers with blocks of the type "${textOf(block.type).slice(0, 50)}"`)
      return []
  }
}

/** Citations of a text. */
function readCitations(value: Json | undefined): readonly Citation[] {
  const list: readonly Json[] = Array.isArray(value) ? value : []
  return list.filter(isObject).map(readCitation)
}

/** One citation: of a page of the web, or of a place in a document. */
export function readCitation(value: JsonObject): Citation {
  const title = value.title ?? value.document_title
  const url = value.url ?? (value.type === 'search_result_location' ? value.source : undefined)
  return {
    ...(typeof url === 'string' ? { url } : {}),
    ...(typeof title === 'string' ? { title } : {}),
    ...(typeof value.cited_text === 'string' ? { citedText: value.cited_text } : {}),
  }
}
