import type { JsonObject } from '../../../core/json.ts'
import type {
  AudioContent,
  Content,
  DocumentContent,
  ImageContent,
  TextContent,
  ThinkingContent,
  ToolResultContent,
} from '../../neutral/content.ts'
import { cannotCarry, type Losses } from '../../neutral/loss.ts'
import type { NeutralMessage } from '../../neutral/request.ts'
import { writeBreakpoint } from '../cache-marks.ts'
import { isOwn, isPart, writeDetail } from './thinking.ts'
import { writeCall } from './write-call.ts'

/** Writes messages; a tool result is a message of its own here. */
export function writeMessages(messages: readonly NeutralMessage[], losses: Losses): readonly JsonObject[] {
  return messages.flatMap((message) => (message.role === 'assistant' ? writeAnswer(message, losses) : writeOthers(message, losses)))
}

function writeOthers({ role, content }: NeutralMessage, losses: Losses): readonly JsonObject[] {
  const results = content.filter((piece) => piece.type === 'tool-result')
  const rest = content.filter((piece) => piece.type !== 'tool-result')
  // Pictures in results go into the message of the user that follows.
  const shown = results.flatMap((result) => result.content.filter((piece) => piece.type !== 'text'))
  const parts = [...shown, ...rest].flatMap((piece) => writePart(piece, losses))
  return [...results.map((result) => writeResult(result, losses)), ...(parts.length === 0 ? [] : [{ role, content: plainIfAlone(parts) }])]
}

function writeResult(result: ToolResultContent, losses: Losses): JsonObject {
  const texts = result.content.filter((piece) => piece.type === 'text')
  if (texts.length < result.content.length)
    losses.approximate('tool_result.content', 'results of tools are text in this wire; the rest follows in a message')
  if (result.isError) losses.approximate('tool_result.is_error', 'this wire has no mark for a failed tool; its text says so')
  if (result.cache !== undefined) dropCache(losses)
  const parts = texts.flatMap((piece) => writePart(piece, losses))
  const content = parts.length === 0 ? (result.content.length === 0 ? '' : 'See what follows.') : plainIfAlone(parts)
  const said = result.isError && typeof content === 'string' && !/^\s*error/i.test(content) ? `Error: ${content}` : content
  return { role: 'tool', tool_call_id: result.callId, content: said }
}

function writeAnswer({ content }: NeutralMessage, losses: Losses): readonly JsonObject[] {
  const texts = content.filter((piece) => piece.type === 'text')
  const refusals = content.filter((piece) => piece.type === 'refusal').map(({ text }) => text)
  const calls = content.filter((piece) => piece.type === 'tool-call')
  const thoughts = content.filter((piece) => piece.type === 'thinking')
  if (calls.some(({ cache }) => cache !== undefined)) dropCache(losses)
  if (thoughts.some((piece) => !isOwn(piece)))
    losses.drop('thinking', 'what a model of another wire thought, and its signature, mean nothing to this one')
  const own = thoughts.filter(isOwn)
  const parts = [...own.filter(isPart).map(writeThinkingPart), ...texts.flatMap((piece) => writePart(piece, losses))]
  const message: JsonObject = {
    role: 'assistant',
    content: parts.length === 0 ? null : plainIfAlone(parts),
    refusal: refusals.length === 0 ? undefined : refusals.join(''),
    ...writeThoughts(own.filter((piece) => !isPart(piece))),
    tool_calls: calls.length === 0 ? undefined : calls.map(writeCall),
  }
  const isEmpty = parts.length === 0 && calls.length === 0 && refusals.length === 0
  return isEmpty ? [] : [message]
}

/** As Mistral has it. */
function writeThinkingPart({ text }: ThinkingContent): JsonObject {
  return { type: 'thinking', thinking: [{ type: 'text', text }] }
}

/** Plain thinking goes back as it came; with seals, by its details. */
function writeThoughts(thoughts: readonly ThinkingContent[]): JsonObject {
  if (thoughts.length === 0) return {}
  const text = thoughts.map((piece) => piece.text).join('')
  if (thoughts.every(({ seal }) => seal?.value === '')) return { reasoning_content: text }
  return { reasoning_details: thoughts.map((piece, index) => ({ ...writeDetail(piece, index) })) }
}

type Media = TextContent | ImageContent | DocumentContent | AudioContent

function isMedia(piece: Content): piece is Media {
  return piece.type === 'text' || piece.type === 'image' || piece.type === 'document' || piece.type === 'audio'
}

function writePart(piece: Content, losses: Losses): readonly JsonObject[] {
  if (!isMedia(piece)) return []
  const mark = 'cache' in piece ? writeBreakpoint(piece.cache, losses) : {}
  switch (piece.type) {
    case 'text':
      return [{ type: 'text', text: piece.text, ...mark }]
    case 'image':
      checkImage(piece)
      return [{ type: 'image_url', image_url: { url: urlOf(piece.source), detail: piece.detail }, ...mark }]
    case 'audio':
      return writeAudio(piece)
    default:
      return writeDocument(piece, losses).map((part) => ({ ...part, ...mark }))
  }
}

/** What every server of this wire that sees takes. Source: https://platform.openai.com/docs/guides/images-vision (read 2026-11-21). */
const IMAGES = new Set(['image/png', 'image/jpeg', 'image/jpg', 'image/webp', 'image/gif'])

function checkImage({ source }: ImageContent): void {
  if (source.type === 'base64' && !IMAGES.has(source.mediaType))
    throw cannotCarry('image', `this wire does not take ${source.mediaType.slice(0, 100)}`)
}

function writeAudio({ source }: AudioContent): readonly JsonObject[] {
  if (source.type === 'base64') {
    return [
      {
        type: 'input_audio',
        input_audio: { data: source.data, format: source.mediaType.replace(/^audio\/(x-)?/, '').replace('mpeg', 'mp3') },
      },
    ]
  }
  throw cannotCarry('audio', 'this wire takes it in the request alone, not by an address')
}

function writeDocument({ source, name }: DocumentContent, losses: Losses): readonly JsonObject[] {
  switch (source.type) {
    case 'text':
      losses.approximate('document', 'this wire has no documents of text; it is put in as text')
      return [{ type: 'text', text: name === undefined ? source.text : `${name}\n\n${source.text}` }]
    case 'base64':
      return [{ type: 'file', file: { filename: name ?? 'document.pdf', file_data: urlOf(source) } }]
    default:
      throw cannotCarry('document', 'this wire takes it in the request alone, not by an address')
  }
}

function urlOf(source: ImageContent['source']): string {
  return source.type === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`
}

/** One text alone goes as a string: not every server of this wire reads lists. */
function plainIfAlone(parts: readonly JsonObject[]): JsonObject[string] {
  const [only] = parts
  return parts.length === 1 && only?.type === 'text' && only.prompt_cache_breakpoint === undefined ? only.text : parts
}

function dropCache(losses: Losses): void {
  losses.drop('cache_control', 'providers of this wire cache prompts by themselves')
}
