import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { type Content, isResultContent, type MediaSource, type TextContent } from '../../neutral/content.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { MessageList } from '../../neutral/messages.ts'
import { isBase64, optionalString, readList, readObject, readString, wrong } from '../../neutral/read.ts'
import { isHiddenBy } from '../../neutral/seal.ts'
import { isOnNext, NO_SIGNATURE, readSignature } from './signature.ts'
import { field, snakeCase } from './words.ts'

/** Where something stands, and where its losses go. */
export interface Place {
  readonly path: string
  readonly losses: Losses
}

/** The conversation so far, with the calls that no result has answered. Ids are optional in this wire; those that are missing are made up. */
export class Conversation {
  readonly messages: MessageList
  /** How often a call of an id is open: nothing keeps a caller from giving one twice. */
  readonly #open = new Map<string, number>()
  /** Ids of the calls of a name, in their order, up to `next` answered. */
  readonly #named = new Map<string, { readonly ids: string[]; next: number }>()
  #calls = 0

  constructor(messages: MessageList) {
    this.messages = messages
  }

  call(id: string | undefined, name: string): string {
    const given = id ?? `call_${this.#calls}`
    this.#calls++
    this.#open.set(given, (this.#open.get(given) ?? 0) + 1)
    const named = this.#named.get(name)
    if (named === undefined) this.#named.set(name, { ids: [given], next: 0 })
    else named.ids.push(given)
    return given
  }

  /** The id of the call that a result answers: by its id, else the first call of its name that is open. @throws invalid_request */
  answer(id: string | undefined, name: string, path: string): string {
    const found = id ?? this.#firstOpen(name)
    const times = found === undefined ? undefined : this.#open.get(found)
    if (found === undefined || times === undefined) {
      throw wrong(path, `answers "${(id ?? name).slice(0, 100)}", but no such call comes before it, or it has its answer`)
    }
    if (times === 1) this.#open.delete(found)
    else this.#open.set(found, times - 1)
    return found
  }

  #firstOpen(name: string): string | undefined {
    const named = this.#named.get(name)
    if (named === undefined) return undefined
    while (named.next < named.ids.length) {
      const id = named.ids[named.next++]
      if (id !== undefined && this.#open.has(id)) return id
    }
    return undefined
  }
}

/** Reads the parts of one content. @throws invalid_request */
export function readParts(value: Json | undefined, conversation: Conversation, place: Place): readonly Content[] {
  const content = readList(value, place.path).flatMap((item, index) => {
    const path = `${place.path}[${index}]`
    return readPart(readObject(item, path), conversation, { ...place, path })
  })
  return joinThoughts(content)
}

/** Where the nth call of a content stands. */
export function callPath(parts: Json | undefined, path: string, nth: number): string {
  const list: readonly Json[] = Array.isArray(parts) ? parts : []
  const indices = list.flatMap((part, index) => (isObject(part) && isObject(field(part, 'functionCall')) ? [index] : []))
  return `${path}[${indices[nth] ?? 0}].functionCall`
}

/** A thought that was streamed comes back in many parts, its signature in the last: it is one thought. */
function joinThoughts(content: readonly Content[]): readonly Content[] {
  const joined: Content[] = []
  for (const piece of content) {
    const last = joined.at(-1)
    const isOpen = last?.type === 'thinking' && last.seal === undefined
    if (!isOpen || piece.type !== 'thinking' || isOnNext(piece.seal)) joined.push(piece)
    else joined[joined.length - 1] = { ...last, text: last.text + piece.text, ...(piece.seal === undefined ? {} : { seal: piece.seal }) }
  }
  return joined
}

function readPart(part: JsonObject, conversation: Conversation, place: Place): readonly Content[] {
  const { path } = place
  for (const name of BESIDE) if (field(part, name) !== undefined) place.losses.drop(`${path}.${name}`, 'no other wire has this field')
  const given = optionalString(field(part, 'thoughtSignature'), `${path}.thoughtSignature`)
  const signature = given === NO_SIGNATURE ? undefined : given
  if (part.thought === true) return readThought(part, signature, place)
  const seal: readonly Content[] = signature === undefined ? [] : [{ type: 'thinking', text: '', seal: readSignature(signature, 'other') }]
  return [...seal, ...readSaid(part, conversation, place)]
}

function readThought(part: JsonObject, signature: string | undefined, { path }: Place): readonly Content[] {
  const text = optionalString(part.text, `${path}.text`) ?? ''
  if (signature === undefined) return text === '' ? [] : [{ type: 'thinking', text }]
  const seal = readSignature(signature, 'thought')
  return [{ type: 'thinking', text, ...(isHiddenBy(text, seal) ? { isHidden: true } : {}), seal }]
}

function readSaid(part: JsonObject, conversation: Conversation, place: Place): readonly Content[] {
  const { path, losses } = place
  if (part.text !== undefined) {
    const text = readString(part.text, `${path}.text`)
    return text === '' ? [] : [{ type: 'text', text }]
  }
  for (const [name, read] of Object.entries(READERS)) {
    const value = field(part, name)
    if (value === undefined) continue
    const key = part[name] === undefined ? snakeCase(name) : name
    return read(readObject(value, `${path}.${key}`), conversation, { losses, path: `${path}.${key}` })
  }
  const [unknown] = Object.keys(part).filter((key) => !KNOWN.has(key))
  if (unknown === undefined) return []
  if (!SERVER_SIDE.has(unknown)) throw wrong(path, `holds "${unknown.slice(0, 50)}", which is no part of this wire`)
  losses.drop(`${path}.${unknown}`, 'what a provider ran by itself is known to that provider only')
  return []
}

/** Fields that stand beside what a part is. */
const BESIDE = ['mediaResolution', 'videoMetadata'] as const
const KNOWN = new Set(['thought', 'thoughtSignature', ...BESIDE].flatMap((name) => [name, snakeCase(name)]))

/** Parts that only Google's own models write. */
const SERVER_SIDE = new Set([
  'executableCode',
  'executable_code',
  'codeExecutionResult',
  'code_execution_result',
  'toolCall',
  'tool_call',
  'toolResponse',
  'tool_response',
])

type ReadPart = (value: JsonObject, conversation: Conversation, place: Place) => readonly Content[]

const READERS: Readonly<Record<string, ReadPart>> = {
  inlineData: (value, _conversation, place) => readInline(value, place),
  fileData: (value, _conversation, place) => readFile(value, place),
  functionCall: (value, conversation, { path }) => {
    const name = readString(value.name, `${path}.name`)
    const args = value.args === undefined || value.args === null ? {} : readObject(value.args, `${path}.args`)
    return [
      { type: 'tool-call', id: conversation.call(optionalString(value.id, `${path}.id`), name), name, arguments: JSON.stringify(args) },
    ]
  },
  functionResponse: readResult,
}

function readResult(value: JsonObject, conversation: Conversation, { path, losses }: Place): readonly Content[] {
  const name = readString(value.name, `${path}.name`)
  const callId = conversation.answer(optionalString(value.id, `${path}.id`), name, path)
  const response = value.response === undefined || value.response === null ? {} : readObject(value.response, `${path}.response`)
  const isError = isFailure(response)
  const media = value.parts === undefined ? [] : readParts(value.parts, conversation, { path: `${path}.parts`, losses })
  return [
    {
      type: 'tool-result',
      callId,
      name,
      content: [...textOf(response), ...media.filter(isResultContent)],
      ...(isError ? { isError } : {}),
    },
  ]
}

/** `{error: …}` alone is a failure of the tool; `{output: …}` alone what it gave. Anything else is given as JSON. */
function textOf(response: JsonObject): readonly TextContent[] {
  const keys = Object.keys(response)
  if (keys.length === 0) return []
  const said = keys.length === 1 ? (response.output ?? response.error) : undefined
  if (said === undefined || said === null) return [{ type: 'text', text: JSON.stringify(response) }]
  const text = typeof said === 'string' ? said : JSON.stringify(said)
  return text === '' ? [] : [{ type: 'text', text }]
}

function isFailure(response: JsonObject): true | undefined {
  return Object.keys(response).length === 1 && response.error !== undefined && response.error !== null ? true : undefined
}

function readInline(value: JsonObject, { path, losses }: Place): readonly Content[] {
  const mediaType = readString(field(value, 'mimeType'), `${path}.mimeType`)
  const data = readString(value.data, `${path}.data`)
  if (!isBase64(data)) throw wrong(`${path}.data`, 'must be valid base64')
  return mediaContent({ type: 'base64', mediaType, data }, { path, losses, name: nameOf(value, path) })
}

/** Its videos are named without a type. Source: https://ai.google.dev/gemini-api/docs/video-understanding (read 2026-11-21). */
const VIDEO_SITE = /^https?:\/\/(?:www\.)?(?:youtube\.com|youtu\.be)\//i

function readFile(value: JsonObject, { path, losses }: Place): readonly Content[] {
  const url = readString(field(value, 'fileUri'), `${path}.fileUri`)
  const mediaType = optionalString(field(value, 'mimeType'), `${path}.mimeType`)
  if (!/^https?:\/\//i.test(url) || /^https:\/\/generativelanguage\.googleapis\.com\//i.test(url)) {
    losses.drop(path, 'a file that is kept at one provider is unknown to another')
    return []
  }
  if (VIDEO_SITE.test(url)) {
    losses.drop(path, 'no other wire takes videos')
    return []
  }
  return mediaContent({ type: 'url', url, ...(mediaType === undefined ? {} : { mediaType }) }, { path, losses, name: nameOf(value, path) })
}

function nameOf(value: JsonObject, path: string): string | undefined {
  return optionalString(field(value, 'displayName'), `${path}.displayName`)
}

function mediaContent(source: MediaSource, { path, losses, name }: Place & { readonly name: string | undefined }): readonly Content[] {
  const kind = source.mediaType?.split('/')[0]
  if (kind === 'image') return [{ type: 'image', source }]
  if (kind === 'audio') return [{ type: 'audio', source }]
  if (kind === 'video') {
    losses.drop(path, 'no other wire takes videos')
    return []
  }
  return [{ type: 'document', source, ...(name === undefined ? {} : { name }) }]
}

/** The text of a content that holds nothing else: an instruction. */
export function readInstruction(value: Json | undefined, { path, losses }: Place): readonly TextContent[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  const content = readObject(value, path)
  const parts: Json = isObject(content.parts) ? [content.parts] : readList(content.parts, `${path}.parts`)
  return parts.flatMap((item, index): readonly TextContent[] => {
    const part = readObject(item, `${path}.parts[${index}]`)
    if (part.text === undefined) {
      losses.drop(`${path}.parts[${index}]`, 'instructions are text in other wires')
      return []
    }
    const text = readString(part.text, `${path}.parts[${index}].text`)
    return text === '' ? [] : [{ type: 'text', text }]
  })
}
