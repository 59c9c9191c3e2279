import { isObject, type JsonObject } from '../../../core/json.ts'
import type {
  CacheMark,
  Content,
  DocumentContent,
  ImageContent,
  TextContent,
  ThinkingContent,
  ToolCallContent,
  ToolResultContent,
} from '../../neutral/content.ts'
import { dropDetail } from '../../neutral/detail.ts'
import { cannotCarry, type Losses } from '../../neutral/loss.ts'
import type { NeutralMessage } from '../../neutral/request.ts'
import { wholeOf } from '../../neutral/seal.ts'
import { inputOf } from '../tool-input.ts'

/** Messages in this wire: instructions apart, and the tools that the history names. */
interface WrittenMessages {
  readonly system: readonly JsonObject[]
  readonly messages: readonly JsonObject[]
  readonly usedTools: readonly string[]
}

const GO_ON = [{ type: 'text', text: 'Go on.' }]

interface WritingContext {
  /** The model takes instructions as turns between the others. */
  readonly hasSystemTurns: boolean
  readonly losses: Losses
}

interface Turn {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: JsonObject[]
}

const isInstruction = ({ role }: NeutralMessage) => role === 'system' || role === 'developer'

/** Writes messages. The wire wants the first from the user, turns by turns, and no empty one. */
export function writeMessages(messages: readonly NeutralMessage[], { hasSystemTurns, losses }: WritingContext): WrittenMessages {
  const head = messages.findIndex((message) => !isInstruction(message))
  const leading = head === -1 ? messages : messages.slice(0, head)
  const written: Turn[] = []
  for (const message of head === -1 ? [] : messages.slice(head)) {
    const content = ordered(message.content).flatMap((piece) => writePiece(piece, losses))
    add(written, roleOf(message), content)
  }
  const turns = placed(written, hasSystemTurns, losses)
  if (turns[0]?.role !== 'user') {
    losses.emulate('messages', 'this wire wants the first message from the user; one that says "Go on." stands before')
    turns.unshift({ role: 'user', content: [...GO_ON] })
  }
  trimLast(turns.at(-1))
  const system = leading.flatMap(({ content }) => content.flatMap((piece) => (piece.type === 'text' ? writeText(piece) : [])))
  return { system, messages: turns.map(({ role, content }) => ({ role, content })), usedTools: toolsIn(messages) }
}

function roleOf(message: NeutralMessage): Turn['role'] {
  if (isInstruction(message)) return 'system'
  return message.role === 'assistant' ? 'assistant' : 'user'
}

function add(turns: Turn[], role: Turn['role'], content: readonly JsonObject[]): void {
  const last = turns.at(-1)
  if (content.length === 0) return
  if (last?.role === role) last.content.push(...content)
  else turns.push({ role, content: [...content] })
}

/**
 * Instructions between the turns stay what they are where they may: of text, behind what the user said, and before an answer or nothing. Elsewhere the
 * user says them. Source: https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages (read 2026-11-21).
 */
function placed(written: readonly Turn[], hasSystemTurns: boolean, losses: Losses): Turn[] {
  const turns: Turn[] = []
  for (const [index, { role, content }] of written.entries()) {
    const next = written[index + 1]?.role ?? 'assistant'
    const mayStay = hasSystemTurns && turns.at(-1)?.role === 'user' && next === 'assistant' && content.every(({ type }) => type === 'text')
    if (role !== 'system' || mayStay) add(turns, role, content)
    else {
      losses.approximate('messages', 'instructions between the turns are carried as words of the user')
      add(turns, 'user', content)
    }
  }
  return turns
}

/** Results of tools come first in a turn: the wire wants them right behind their calls. */
function ordered(content: readonly Content[]): readonly Content[] {
  const results = content.filter(({ type }) => type === 'tool-result')
  return results.length === 0 ? content : [...results, ...content.filter(({ type }) => type !== 'tool-result')]
}

/** An answer that was begun may not end in white space. */
function trimLast(last: { readonly role: string; readonly content: JsonObject[] } | undefined): void {
  const block = last?.content.at(-1)
  if (last?.role === 'assistant' && isObject(block) && block.type === 'text' && typeof block.text === 'string') {
    last.content[last.content.length - 1] = { ...block, text: block.text.trimEnd() }
  }
}

function toolsIn(messages: readonly NeutralMessage[]): readonly string[] {
  const names = messages.flatMap(({ content }) => content.flatMap((piece) => (piece.type === 'tool-call' ? [piece.name] : [])))
  return [...new Set(names)]
}

function writePiece(piece: Content, losses: Losses): readonly JsonObject[] {
  switch (piece.type) {
    case 'text':
      return writeText(piece)
    case 'refusal':
      return piece.text.trim() === '' ? [] : [{ type: 'text', text: piece.text }]
    case 'image':
      dropDetail(piece, losses)
      return [writeMedia(piece)]
    case 'document':
      return [writeMedia(piece)]
    case 'audio':
      throw cannotCarry('audio', 'this wire takes none')
    case 'thinking':
      return writeThinking(piece, losses)
    case 'tool-call':
      return [writeCall(piece, losses)]
    case 'tool-result':
      return [writeResult(piece)]
    default:
      return piece satisfies never
  }
}

function writeText({ text, cache }: TextContent): readonly JsonObject[] {
  // The wire refuses blank texts.
  return text.trim() === '' ? [] : [{ type: 'text', text, ...writeCache(cache) }]
}

/** Source: https://platform.claude.com/docs/en/build-with-claude/vision and …/pdf-support (read 2026-11-21). */
const IMAGES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

function checkMedia({ type, source }: ImageContent | DocumentContent): void {
  if (source.type !== 'base64') return
  const { mediaType } = source
  const isTaken = type === 'image' ? IMAGES.has(mediaType) : mediaType === 'application/pdf' || mediaType.startsWith('text/')
  if (!isTaken) throw cannotCarry(type, `this wire does not take ${mediaType.slice(0, 100)}`)
}

function writeMedia(piece: ImageContent | DocumentContent): JsonObject {
  const { source, cache } = piece
  checkMedia(piece)
  const title = piece.type === 'document' && piece.name !== undefined ? { title: piece.name } : {}
  return { type: piece.type, source: writeSource(source), ...title, ...writeCache(cache) }
}

function writeSource(source: DocumentContent['source']): JsonObject {
  switch (source.type) {
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text }
    case 'url':
      return { type: 'url', url: source.url }
    case 'base64':
      if (!source.mediaType.startsWith('text/')) return { type: 'base64', media_type: source.mediaType, data: source.data }
      return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.data, 'base64').toString('utf8') }
    default:
      return source satisfies never
  }
}

function writeThinking({ text, seal }: ThinkingContent, losses: Losses): readonly JsonObject[] {
  if (seal?.wire !== 'anthropic-messages') {
    losses.drop('thinking', 'what a model of another wire thought, and its signature, mean nothing to this one')
    return []
  }
  const data = wholeOf(seal)
  return [data === undefined ? { type: 'thinking', thinking: text, signature: seal.value } : { type: 'redacted_thinking', data }]
}

function writeCall({ id, name, arguments: text, cache }: ToolCallContent, losses: Losses): JsonObject {
  return { type: 'tool_use', id: writeId(id), name, input: inputOf(text, losses), ...writeCache(cache) }
}

function writeResult({ callId, content, isError, cache }: ToolResultContent): JsonObject {
  const blocks = content.flatMap((piece) => (piece.type === 'text' ? writeText(piece) : [writeMedia(piece)]))
  return {
    type: 'tool_result',
    tool_use_id: writeId(callId),
    ...(blocks.length === 0 ? {} : { content: blocks }),
    ...(isError ? { is_error: true } : {}),
    ...writeCache(cache),
  }
}

/** Ids of calls are letters, digits, - and _ here; calls and results are changed alike. */
function writeId(id: string): string {
  return id.replaceAll(/[^\w-]/g, '_')
}

/** The mark behind which the provider may cache. */
export function writeCache(cache: CacheMark | undefined): JsonObject {
  return cache === undefined ? {} : { cache_control: { type: 'ephemeral', ttl: cache.ttl } }
}
