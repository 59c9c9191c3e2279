import type { JsonObject } from '../../../core/json.ts'
import type { CacheMark, Content, ThinkingContent, ToolResultContent } from '../../neutral/content.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { NeutralMessage, NeutralRequest } from '../../neutral/request.ts'
import type { Target } from '../../types.ts'
import { inputOf } from '../tool-input.ts'
import { cachesPrompts } from './family.ts'
import { isOwn } from './seal.ts'
import { MediaWriter } from './write-media.ts'

const JSON_ONLY = 'Answer with one JSON object and nothing else.'

/** What the writers of messages share. */
interface Writing {
  readonly target: Target
  readonly losses: Losses
  readonly media: MediaWriter
}

/** The leading instructions. */
export function writeSystem({ messages, output }: NeutralRequest, target: Target, losses: Losses): readonly JsonObject[] {
  const writing = { target, losses, media: new MediaWriter(losses) }
  const blocks = leading(messages).flatMap(({ content }) => content.flatMap((piece) => writeInstruction(piece, writing)))
  if (output?.type !== 'json') return blocks
  losses.emulate('response_format', 'this wire has no plain JSON mode; the model is told to')
  return [...blocks, { text: JSON_ONLY }]
}

/** The messages after the leading instructions: user and assistant in turn, as this wire demands. */
export function writeMessages(messages: readonly NeutralMessage[], target: Target, losses: Losses): readonly JsonObject[] {
  const writing = { target, losses, media: new MediaWriter(losses) }
  const written: { readonly role: 'user' | 'assistant'; readonly content: JsonObject[] }[] = []
  for (const { role, content } of messages.slice(leading(messages).length)) {
    if (role === 'system' || role === 'developer')
      losses.approximate('messages.role', 'instructions in the middle are put in as words of the user')
    const blocks = content.flatMap((piece) => writeBlock(piece, writing))
    const given = role === 'assistant' ? 'assistant' : 'user'
    const last = written.at(-1)
    if (blocks.length === 0) continue
    if (last?.role === given) last.content.push(...blocks)
    else written.push({ role: given, content: blocks })
  }
  for (const { content } of written) {
    if (!content.some((block) => 'document' in block) || content.some((block) => 'text' in block)) continue
    losses.emulate('document', 'this wire wants words beside a document')
    content.push({ text: 'See the document.' })
  }
  return written
}

function leading(messages: readonly NeutralMessage[]): readonly NeutralMessage[] {
  const end = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer')
  return end === -1 ? messages : messages.slice(0, end)
}

function writeInstruction(piece: Content, writing: Writing): readonly JsonObject[] {
  if (piece.type === 'text') return writeBlock(piece, writing)
  writing.losses.drop('system', 'instructions are text in this wire')
  return []
}

function writeBlock(piece: Content, writing: Writing): readonly JsonObject[] {
  const block = writeOne(piece, writing)
  if (block === undefined) return []
  return 'cache' in piece && piece.cache !== undefined ? [block, ...writeCachePoint(piece.cache, writing)] : [block]
}

/** A mark as it stands among blocks and tools. */
export function cachePoint({ ttl }: CacheMark): JsonObject {
  return { cachePoint: { type: 'default', ...(ttl === '1h' ? { ttl } : {}) } }
}

function writeCachePoint(cache: CacheMark, { target, losses }: Writing): readonly JsonObject[] {
  if (cachesPrompts(target)) return [cachePoint(cache)]
  losses.drop('cache_control', 'this model does not cache prompts by marks')
  return []
}

function writeOne(piece: Content, writing: Writing): JsonObject | undefined {
  switch (piece.type) {
    case 'text':
    case 'refusal':
      // A block of white space alone is refused.
      return piece.text.trim() === '' ? undefined : { text: piece.text }
    case 'image':
    case 'document':
    case 'audio':
      return writing.media.write(piece)
    case 'tool-call':
      return { toolUse: { toolUseId: toolId(piece.id), name: piece.name, input: inputOf(piece.arguments, writing.losses) } }
    case 'tool-result':
      return writeResult(piece, writing)
    case 'thinking':
      return writeReasoning(piece, writing)
    default:
      return piece satisfies never
  }
}

function writeReasoning(thinking: ThinkingContent, { target, losses }: Writing): JsonObject | undefined {
  const { text, seal, isHidden } = thinking
  if (!isOwn(thinking, target) || seal === undefined) {
    losses.drop('thinking', 'what a model of another wire thought, and its signature, mean nothing to this one')
    return undefined
  }
  if (isHidden) return { reasoningContent: { redactedContent: seal.value } }
  return { reasoningContent: { reasoningText: { text, signature: seal.value === '' ? undefined : seal.value } } }
}

function writeResult({ callId, content, isError }: ToolResultContent, writing: Writing): JsonObject {
  const blocks = content.flatMap((piece) => {
    const block = piece.type === 'text' ? (piece.text === '' ? undefined : { text: piece.text }) : writing.media.write(piece)
    return block === undefined ? [] : [block]
  })
  return { toolResult: { toolUseId: toolId(callId), content: blocks, status: isError ? 'error' : undefined } }
}

/** Ids of this wire have 64 letters, digits, `_` and `-` at the most. */
function toolId(id: string): string {
  return id.replace(/[^\w-]/g, '_').slice(0, 64)
}
