import { isObject, type JsonObject } from '../../../core/json.ts'
import type { AudioContent, Content, DocumentContent, ImageContent, ThinkingContent, ToolResultContent } from '../../neutral/content.ts'
import { dropDetail } from '../../neutral/detail.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { NeutralMessage } from '../../neutral/request.ts'
import type { Target } from '../../types.ts'
import { isOnNext, NO_SIGNATURE, writeSignature } from './signature.ts'
import { hasLevels } from './write-thinking.ts'

/** The leading instructions. Those of two roles are one here. */
export function writeInstruction(messages: readonly NeutralMessage[], losses: Losses): { readonly systemInstruction?: JsonObject } {
  const parts = leading(messages).flatMap(({ content }) => content.flatMap((piece) => writeText(piece, losses)))
  return parts.length === 0 ? {} : { systemInstruction: { parts } }
}

/** The messages after the leading instructions, one content for each run of a role. */
export function writeContents(messages: readonly NeutralMessage[], target: Target, losses: Losses): readonly JsonObject[] {
  const contents: { readonly role: 'user' | 'model'; readonly parts: JsonObject[] }[] = []
  for (const { role, content } of messages.slice(leading(messages).length)) {
    if (role === 'system' || role === 'developer')
      losses.approximate('messages.role', 'instructions in the middle are put in as words of the user')
    const written = role === 'assistant' ? writeAnswer(content, target, losses) : content.flatMap((piece) => writePart(piece, losses))
    const given = role === 'assistant' ? 'model' : 'user'
    const last = contents.at(-1)
    if (written.length === 0) continue
    if (last?.role === given) last.parts.push(...written)
    else contents.push({ role: given, parts: [...written] })
  }
  return contents
}

function leading(messages: readonly NeutralMessage[]): readonly NeutralMessage[] {
  const end = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer')
  return end === -1 ? messages : messages.slice(0, end)
}

/** A signature goes on the part that it stood on: the thought, or what follows it. */
function writeAnswer(content: readonly Content[], target: Target, losses: Losses): readonly JsonObject[] {
  const parts: JsonObject[] = []
  let signature: string | undefined
  let hasCall = false
  for (const piece of content) {
    if (piece.type === 'thinking') {
      if (signature !== undefined) parts.push({ text: '', thoughtSignature: signature })
      signature = undefined
      if (piece.seal?.wire !== 'gemini') {
        // Thoughts without a seal were never bound to what follows: nothing is lost but words that no provider wants back.
        losses.drop('thinking', 'what a model of another wire thought, and its signature, mean nothing to this one')
      } else if (isOnNext(piece.seal)) {
        if (piece.text !== '') parts.push({ text: piece.text, thought: true })
        signature = writeSignature(piece.seal)
      } else parts.push(writeThought(piece))
      continue
    }
    const [first, ...more] = writePart(piece, losses)
    if (first === undefined) continue
    if (piece.type === 'tool-call' && !hasCall && signature === undefined && hasLevels(target)) signature = NO_SIGNATURE
    hasCall ||= piece.type === 'tool-call'
    parts.push(signature === undefined ? first : { ...first, thoughtSignature: signature }, ...more)
    signature = undefined
  }
  return signature === undefined ? parts : [...parts, { text: '', thoughtSignature: signature }]
}

function writeThought({ text, seal }: ThinkingContent): JsonObject {
  return { text, thought: true, thoughtSignature: seal === undefined ? undefined : writeSignature(seal) }
}

function writeText(piece: Content, losses: Losses): readonly JsonObject[] {
  if (piece.type === 'text') return writePart(piece, losses)
  losses.drop('system', 'instructions are text in this wire')
  return []
}

function writePart(piece: Content, losses: Losses): readonly JsonObject[] {
  if ('cache' in piece && piece.cache !== undefined) losses.drop('cache_control', 'models of this wire cache prompts by themselves')
  switch (piece.type) {
    case 'text':
    case 'refusal':
      return [{ text: piece.text }]
    case 'image':
      dropDetail(piece, losses)
      return [writeMedia(piece, losses)]
    case 'audio':
      return [writeMedia(piece, losses)]
    case 'document':
      return [writeDocument(piece, losses)]
    case 'tool-call':
      return [{ functionCall: { id: piece.id, name: piece.name, args: writeArguments(piece.arguments, losses) } }]
    case 'tool-result':
      return [writeResult(piece, losses)]
    case 'thinking':
      return []
    default:
      return piece satisfies never
  }
}

function writeArguments(text: string, losses: Losses): JsonObject {
  const args = text.trim() === '' ? {} : parseObject(text)
  if (args !== undefined) return args
  losses.approximate('tool_call.arguments', 'they are no JSON object, which this wire wants; they are given as text')
  return { arguments: text }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function writeResult({ callId, name, content, isError, cache }: ToolResultContent, losses: Losses): JsonObject {
  if (cache !== undefined) losses.drop('cache_control', 'models of this wire cache prompts by themselves')
  const text = content.flatMap((piece) => (piece.type === 'text' ? [piece.text] : [])).join('\n')
  const media = content.flatMap((piece) => (piece.type === 'text' ? [] : writePart(piece, losses)))
  return {
    functionResponse: {
      id: callId,
      name,
      response: writeResponse(text, isError === true),
      parts: media.length === 0 ? undefined : media,
    },
  }
}

/** What a tool answered: a JSON object as it is, anything else under the key that this wire has for it. */
function writeResponse(text: string, isError: boolean): JsonObject {
  if (isError) return { error: text }
  const value = text.startsWith('{') ? parseObject(text) : undefined
  const isPlain = value !== undefined && !('output' in value) && !('error' in value) && JSON.stringify(value) === text
  return isPlain ? value : { output: text }
}

function writeMedia({ type, source }: ImageContent | AudioContent, losses: Losses): JsonObject {
  if (source.type === 'base64') return { inlineData: { mimeType: source.mediaType, data: source.data } }
  return { fileData: { fileUri: source.url, mimeType: source.mediaType ?? guessType(source.url, type, losses) } }
}

function writeDocument({ source, name }: DocumentContent, losses: Losses): JsonObject {
  switch (source.type) {
    case 'text':
      losses.approximate('document', 'this wire has no documents of text; it is put in as text')
      return { text: name === undefined ? source.text : `${name}\n\n${source.text}` }
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data } }
    default:
      return { fileData: { fileUri: source.url, mimeType: source.mediaType ?? guessType(source.url, 'document', losses) } }
  }
}

const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  pdf: 'application/pdf',
  txt: 'text/plain',
}

/** This wire wants to be told the media type of what stands elsewhere. */
function guessType(url: string, kind: 'image' | 'audio' | 'document', losses: Losses): string {
  const [, ending = ''] = /\.(\w+)(?:[?#]|$)/.exec(url) ?? []
  const known = TYPES[ending.toLowerCase()]
  if (known !== undefined) return known
  losses.approximate(kind, 'this wire wants the media type of an address, which was guessed')
  return kind === 'image' ? 'image/jpeg' : kind === 'audio' ? 'audio/mpeg' : 'application/pdf'
}
