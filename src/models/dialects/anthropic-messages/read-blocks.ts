import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { CacheMark, Content, DocumentContent, ImageContent, MediaSource, TextContent } from '../../neutral/content.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { MessageList } from '../../neutral/messages.ts'
import { isBase64, optionalString, readList, readObject, readString, wrong } from '../../neutral/read.ts'
import { unpackSeal, wholeSeal } from '../../neutral/seal.ts'

/** Where blocks stand, and where their losses go. */
interface Place {
  readonly path: string
  readonly losses: Losses
}

const WIRE = 'anthropic-messages'

/** Reads the content of a message: a text, or blocks. */
export function readBlocks(messages: MessageList, value: Json | undefined, place: Place): readonly Content[] {
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  return readList(value, place.path).flatMap((item, index) => {
    const path = `${place.path}[${index}]`
    return readBlock(messages, readObject(item, path), { ...place, path })
  })
}

/** Where the nth call of a content stands. */
export function callPath(content: Json | undefined, path: string, nth: number): string {
  const blocks: readonly Json[] = Array.isArray(content) ? content : []
  const indices = blocks.flatMap((block, index) => (isObject(block) && block.type === 'tool_use' ? [index] : []))
  return `${path}[${indices[nth] ?? 0}]`
}

/** The mark behind which the provider may cache. */
export function readCache(block: JsonObject): { readonly cache?: CacheMark } {
  const { cache_control: mark } = block
  if (!isObject(mark)) return {}
  return { cache: mark.ttl === '1h' || mark.ttl === '5m' ? { ttl: mark.ttl } : {} }
}

function readBlock(messages: MessageList, block: JsonObject, place: Place): readonly Content[] {
  const { path, losses } = place
  switch (block.type) {
    case 'text':
    case 'image':
    case 'document':
    case 'search_result':
      return readShown(block, place)
    case 'thinking': {
      const text = readString(block.thinking, `${path}.thinking`)
      const signature = optionalString(block.signature, `${path}.signature`)
      return [{ type: 'thinking', text, ...(signature === undefined ? {} : { seal: unpackSeal(signature, WIRE) }) }]
    }
    case 'redacted_thinking':
      return [{ type: 'thinking', text: '', isHidden: true, seal: wholeSeal(readString(block.data, `${path}.data`)) }]
    case 'tool_use': {
      const input = block.input === undefined || block.input === null ? {} : block.input
      const id = readString(block.id, `${path}.id`)
      return [
        { type: 'tool-call', id, name: readString(block.name, `${path}.name`), arguments: JSON.stringify(input), ...readCache(block) },
      ]
    }
    case 'tool_result':
      return [readResult(messages, block, place)]
    default:
      losses.drop(path, `only Anthropic has blocks of the type "${String(block.type).slice(0, 50)}"`)
      return []
  }
}

type Shown = TextContent | ImageContent | DocumentContent

function readResult(messages: MessageList, block: JsonObject, place: Place): Content {
  const { path } = place
  const callId = readString(block.tool_use_id, `${path}.tool_use_id`)
  const { content } = block
  const shown: readonly Shown[] =
    content === undefined || content === null
      ? []
      : typeof content === 'string'
        ? content === ''
          ? []
          : [{ type: 'text', text: content }]
        : readList(content, `${path}.content`).flatMap((item, index) => {
            const inner = `${path}.content[${index}]`
            return readShown(readObject(item, inner), { ...place, path: inner })
          })
  return {
    type: 'tool-result',
    callId,
    name: messages.toolName(callId, `${path}.tool_use_id`),
    content: shown,
    ...(block.is_error === true ? { isError: true } : {}),
    ...readCache(block),
  }
}

function readShown(block: JsonObject, { path, losses }: Place): readonly Shown[] {
  const cache = readCache(block)
  switch (block.type) {
    case 'text': {
      const text = readString(block.text, `${path}.text`)
      return text === '' ? [] : [{ type: 'text', text, ...cache }]
    }
    case 'image': {
      const source = readSource(block.source, `${path}.source`, losses)
      return source === undefined ? [] : [{ type: 'image', source, ...cache }]
    }
    case 'document':
      return readDocument(block, { path, losses })
    case 'search_result': {
      losses.approximate(path, 'only Anthropic has search results; carried as text')
      const texts = readList(block.content, `${path}.content`)
        .filter(isObject)
        .map(({ text }) => (typeof text === 'string' ? text : ''))
      return [
        {
          type: 'document',
          source: { type: 'text', text: texts.join('\n') },
          name: String(block.title ?? block.source ?? 'search result'),
          ...cache,
        },
      ]
    }
    default:
      losses.drop(path, `only Anthropic has blocks of the type "${String(block.type).slice(0, 50)}" here`)
      return []
  }
}

function readDocument(block: JsonObject, { path, losses }: Place): readonly Shown[] {
  const cache = readCache(block)
  if (isObject(block.citations) && block.citations.enabled === true)
    losses.drop(`${path}.citations`, 'other wires cannot be asked to cite a document')
  if (typeof block.context === 'string' && block.context !== '')
    losses.drop(`${path}.context`, 'other wires have no words beside a document')
  const title = optionalString(block.title, `${path}.title`)
  const name = title === undefined ? {} : { name: title }
  const source = readObject(block.source, `${path}.source`)
  if (source.type === 'text')
    return [{ type: 'document', source: { type: 'text', text: readString(source.data, `${path}.source.data`) }, ...name, ...cache }]
  if (source.type === 'content') {
    if (typeof source.content === 'string') return [{ type: 'document', source: { type: 'text', text: source.content }, ...name, ...cache }]
    return readList(source.content, `${path}.source.content`).flatMap((item, index) => {
      const inner = `${path}.source.content[${index}]`
      return readShown(readObject(item, inner), { path: inner, losses })
    })
  }
  const read = readSource(source, `${path}.source`, losses)
  return read === undefined ? [] : [{ type: 'document', source: read, ...name, ...cache }]
}

/** Where the bytes are; undefined where they are at Anthropic alone, which is a loss. */
function readSource(value: Json | undefined, path: string, losses: Losses): MediaSource | undefined {
  const source = readObject(value, path)
  switch (source.type) {
    case 'base64': {
      const data = readString(source.data, `${path}.data`)
      if (!isBase64(data)) throw wrong(`${path}.data`, 'must be valid base64')
      return { type: 'base64', mediaType: readString(source.media_type, `${path}.media_type`), data }
    }
    case 'url': {
      const url = readString(source.url, `${path}.url`)
      if (!/^https?:\/\//i.test(url)) throw wrong(`${path}.url`, 'must be an http(s) URL')
      return { type: 'url', url }
    }
    case 'file':
      losses.drop(path, 'a file that is kept at one provider is unknown to another')
      return undefined
    default:
      throw wrong(`${path}.type`, 'must be base64, url or file')
  }
}
