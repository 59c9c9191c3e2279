import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { type Content, type ImageContent, isResultContent, type ToolCallContent } from '../../neutral/content.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { MessageList } from '../../neutral/messages.ts'
import { defined, isBase64, optionalString, readDataUrl, readList, readObject, readString, wrong } from '../../neutral/read.ts'
import { readBreakpoint } from '../cache-marks.ts'
import { readParts, readThinking } from './thinking.ts'

/** Where a message stands, and where its losses go. */
interface Place {
  readonly path: string
  readonly losses: Losses
}

/** Reads one message into the list. */
export function readMessage(messages: MessageList, value: Json, place: Place): void {
  const { path } = place
  const message = readObject(value, path)
  if (typeof message.name === 'string' && message.role !== 'tool' && message.role !== 'function')
    place.losses.drop(`${path}.name`, 'no other wire names who speaks')
  switch (message.role) {
    case 'system':
    case 'developer':
    case 'user':
      messages.add(message.role, readContent(message.content, { ...place, path: `${path}.content` }))
      return
    case 'assistant':
      messages.add('assistant', readAnswer(message, place), (nth) => `${path}.tool_calls[${nth}]`)
      return
    case 'tool':
      messages.add('user', [readToolResult(messages, message, place)])
      return
    case 'function':
      place.losses.drop(path, 'results of the older function_call cannot be carried; use tools')
      return
    default:
      throw wrong(`${path}.role`, 'must be system, developer, user, assistant or tool')
  }
}

function readAnswer(message: JsonObject, place: Place): readonly Content[] {
  const { path, losses } = place
  if (isObject(message.function_call)) losses.drop(`${path}.function_call`, 'the older function_call cannot be carried; use tools')
  if (isObject(message.audio)) losses.drop(`${path}.audio`, 'audio of an earlier answer is kept by its provider alone')
  const calls = message.tool_calls === undefined || message.tool_calls === null ? [] : readList(message.tool_calls, `${path}.tool_calls`)
  const content =
    message.content === undefined || message.content === null ? [] : readContent(message.content, { ...place, path: `${path}.content` })
  const refusal = optionalString(message.refusal, `${path}.refusal`)
  const { before, ofCall } = readThinking(message)
  return [
    ...before,
    ...content,
    ...(refusal === undefined ? [] : [{ type: 'refusal' as const, text: refusal }]),
    ...calls.flatMap((item, index): readonly Content[] => {
      const callPath = `${path}.tool_calls[${index}]`
      const call = readObject(item, callPath)
      const id = readString(call.id, `${callPath}.id`)
      return [...ofCall(id, call), { type: 'tool-call', id, ...readCalled(call, callPath) }]
    }),
  ]
}

/** A function with its arguments, or a custom tool with its free text. */
function readCalled(call: JsonObject, path: string): Pick<ToolCallContent, 'name' | 'arguments' | 'isFree'> {
  if (call.type === 'custom') {
    const called = readObject(call.custom, `${path}.custom`)
    const name = readString(called.name, `${path}.custom.name`)
    return { name, arguments: readString(called.input ?? '', `${path}.custom.input`), isFree: true }
  }
  const called = readObject(call.function, `${path}.function`)
  return {
    name: readString(called.name, `${path}.function.name`),
    arguments: readString(called.arguments ?? '', `${path}.function.arguments`),
  }
}

function readToolResult(messages: MessageList, message: JsonObject, place: Place): Content {
  const { path } = place
  const callId = readString(message.tool_call_id, `${path}.tool_call_id`)
  const content = readContent(message.content ?? '', { ...place, path: `${path}.content` }).filter(isResultContent)
  return { type: 'tool-result', ...messages.answered(callId, `${path}.tool_call_id`), content }
}

function readContent(value: Json | undefined, place: Place): readonly Content[] {
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  return readList(value, place.path).flatMap((item, index) => {
    const path = `${place.path}[${index}]`
    return readPart(readObject(item, path), { ...place, path })
  })
}

function readPart(part: JsonObject, { path, losses }: Place): readonly Content[] {
  const cache = isObject(part.cache_control)
    ? { cache: defined<{ ttl?: '5m' | '1h' }>({ ttl: part.cache_control.ttl === '1h' ? '1h' : undefined }) }
    : readBreakpoint(part)
  switch (part.type) {
    case 'text': {
      const text = readString(part.text, `${path}.text`)
      return text === '' ? [] : [{ type: 'text', text, ...cache }]
    }
    case 'thinking':
      return readParts([part])
    case 'refusal':
      return [{ type: 'refusal', text: readString(part.refusal, `${path}.refusal`) }]
    case 'image_url':
      return [{ ...readImage(part.image_url, `${path}.image_url`), ...cache }]
    case 'input_audio': {
      const audio = readObject(part.input_audio, `${path}.input_audio`)
      const data = readBase64(audio.data, `${path}.input_audio.data`)
      const format = readString(audio.format, `${path}.input_audio.format`)
      return [{ type: 'audio', source: { type: 'base64', mediaType: `audio/${format === 'mp3' ? 'mpeg' : format}`, data } }]
    }
    case 'file': {
      const file = readObject(part.file, `${path}.file`)
      if (typeof file.file_id === 'string') {
        losses.drop(path, 'a file that is kept at one provider is unknown to another')
        return []
      }
      const url = readDataUrl(readString(file.file_data, `${path}.file.file_data`))
      if (url === undefined) throw wrong(`${path}.file.file_data`, 'must be a data URL in base64')
      const name = optionalString(file.filename, `${path}.file.filename`)
      return [{ type: 'document', source: { type: 'base64', ...url }, ...(name === undefined ? {} : { name }), ...cache }]
    }
    default:
      throw wrong(`${path}.type`, 'must be text, image_url, input_audio, file or refusal')
  }
}

function readImage(value: Json | undefined, path: string): ImageContent {
  const image = readObject(value, path)
  const url = readString(image.url, `${path}.url`)
  const { detail } = image
  const level: Pick<ImageContent, 'detail'> = detail === 'low' || detail === 'high' || detail === 'auto' ? { detail } : {}
  if (!url.startsWith('data:')) {
    if (!/^https?:\/\//i.test(url)) throw wrong(`${path}.url`, 'must be an http(s) or a data URL')
    return { type: 'image', source: { type: 'url', url }, ...level }
  }
  const inline = readDataUrl(url)
  if (inline === undefined || !isBase64(inline.data)) throw wrong(`${path}.url`, 'must be a data URL in valid base64')
  return { type: 'image', source: { type: 'base64', ...inline }, ...level }
}

function readBase64(value: Json | undefined, path: string): string {
  const data = readString(value, path)
  if (!isBase64(data)) throw wrong(path, 'must be valid base64')
  return data
}
