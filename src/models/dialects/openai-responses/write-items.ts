import type { JsonObject } from '../../../core/json.ts'
import type { AudioContent, Content, DocumentContent, ImageContent, ToolResultContent } from '../../neutral/content.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { NeutralMessage } from '../../neutral/request.ts'
import { writeBreakpoint } from '../cache-marks.ts'
import { returnReasoning } from './seal.ts'

interface ItemContext {
  /** The model tells comments from answers, and does worse where it is not told what was which. */
  readonly hasPhases: boolean
  readonly losses: Losses
}

/** Messages as items: calls, results and reasoning are items of their own here, in the order in which they were said. */
export function writeItems(messages: readonly NeutralMessage[], { hasPhases, losses }: ItemContext): readonly JsonObject[] {
  return messages.flatMap(({ role, content }) => {
    const items: JsonObject[] = []
    const lastCall = content.findLastIndex(({ type }) => type === 'tool-call')
    const phaseAt = (index: number) =>
      hasPhases && role === 'assistant' ? { phase: index < lastCall ? 'commentary' : 'final_answer' } : {}
    let open: JsonObject[] | undefined
    for (const [index, piece] of content.entries()) {
      const item = writeItem(piece, losses)
      if (item !== undefined) {
        open = undefined
        items.push(item)
        continue
      }
      const parts = writePart(piece, role === 'assistant', losses)
      if (parts.length === 0) continue
      if (open === undefined) {
        open = []
        items.push({ type: 'message', role, content: open, ...phaseAt(index) })
      }
      open.push(...parts)
    }
    return items
  })
}

/** What is an item of its own, or undefined. */
function writeItem(piece: Content, losses: Losses): JsonObject | undefined {
  // Parts of messages have marks, items have none.
  if ((piece.type === 'tool-call' || piece.type === 'tool-result') && piece.cache !== undefined)
    losses.drop('cache_control', 'providers of this wire cache prompts by themselves')
  switch (piece.type) {
    case 'tool-call':
      if (piece.isFree) return { type: 'custom_tool_call', call_id: piece.id, name: piece.name, input: piece.arguments }
      return { type: 'function_call', call_id: piece.id, name: piece.name, arguments: piece.arguments === '' ? '{}' : piece.arguments }
    case 'tool-result':
      return writeResult(piece, losses)
    case 'thinking': {
      const item = returnReasoning(piece)
      if (item === undefined) losses.drop('thinking', 'what a model of another wire thought, and its signature, mean nothing to this one')
      return item
    }
    default:
      return undefined
  }
}

function writeResult({ callId, content, isError, isFree }: ToolResultContent, losses: Losses): JsonObject {
  const type = isFree ? 'custom_tool_call_output' : 'function_call_output'
  if (isError) losses.approximate('tool_result.is_error', 'this wire has no mark for a failed tool; its text says so')
  const parts = content.flatMap((piece) => writePart(piece, false, losses))
  const [only] = parts
  const isText = parts.length === 0 || (parts.length === 1 && only?.type === 'input_text')
  const text = isText ? String(only?.text ?? '') : ''
  const said = isError && !/^\s*error/i.test(text) ? `Error: ${text}` : text
  if (isText) return { type, call_id: callId, output: said }
  return { type, call_id: callId, output: isError ? [{ type: 'input_text', text: 'Error:' }, ...parts] : parts }
}

function writePart(piece: Content, isAnswer: boolean, losses: Losses): readonly JsonObject[] {
  const mark = 'cache' in piece ? writeBreakpoint(piece.cache, losses) : {}
  switch (piece.type) {
    case 'text':
      return [{ type: isAnswer ? 'output_text' : 'input_text', text: piece.text, ...(isAnswer ? {} : mark) }]
    case 'refusal':
      return [{ type: 'refusal', refusal: piece.text }]
    case 'image':
      return [{ type: 'input_image', image_url: urlOf(piece.source), detail: piece.detail ?? 'auto', ...mark }]
    case 'document':
      return [{ ...writeDocument(piece, losses), ...mark }]
    case 'audio':
      return writeAudio(piece, losses)
    default:
      return []
  }
}

function writeAudio({ source }: AudioContent, losses: Losses): readonly JsonObject[] {
  if (source.type === 'base64') {
    const format = source.mediaType.replace(/^audio\/(x-)?/, '').replace('mpeg', 'mp3')
    return [{ type: 'input_audio', input_audio: { data: source.data, format } }]
  }
  losses.drop('audio', 'this wire takes audio in the request alone, not by an address')
  return []
}

function writeDocument({ source, name }: DocumentContent, losses: Losses): JsonObject {
  switch (source.type) {
    case 'text':
      losses.approximate('document', 'this wire has no documents of text; it is put in as text')
      return { type: 'input_text', text: name === undefined ? source.text : `${name}\n\n${source.text}` }
    case 'base64':
      return { type: 'input_file', filename: name ?? 'document.pdf', file_data: urlOf(source) }
    default:
      return { type: 'input_file', filename: name, file_url: source.url }
  }
}

function urlOf(source: ImageContent['source']): string {
  return source.type === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`
}
