import type { Json, JsonObject } from '../../../core/json.ts'
import type { Content, DocumentContent, ImageContent } from '../../neutral/content.ts'
import type { Losses } from '../../neutral/loss.ts'
import { isBase64, optionalString, readDataUrl, readObject, readString, wrong } from '../../neutral/read.ts'
import { readBreakpoint } from '../cache-marks.ts'

interface Place {
  readonly path: string
  readonly losses: Losses
}

/** Reads one part of a message, or of what a tool gave. @throws invalid_request */
export function readPart(part: JsonObject, { path, losses }: Place): readonly Content[] {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text': {
      const text = readString(part.text, `${path}.text`)
      return text === '' ? [] : [{ type: 'text', text, ...readBreakpoint(part) }]
    }
    case 'refusal':
      return [{ type: 'refusal', text: readString(part.refusal, `${path}.refusal`) }]
    case 'input_image':
      if (isKept(part)) return lose(path, losses)
      return [{ ...readImage(part, path), ...readBreakpoint(part) }]
    case 'input_file':
      if (isKept(part)) return lose(path, losses)
      return [{ ...readFile(part, path), ...readBreakpoint(part) }]
    case 'input_audio': {
      const audio = readObject(part.input_audio, `${path}.input_audio`)
      const data = readString(audio.data, `${path}.input_audio.data`)
      if (!isBase64(data)) throw wrong(`${path}.input_audio.data`, 'must be valid base64')
      const format = readString(audio.format, `${path}.input_audio.format`)
      return [{ type: 'audio', source: { type: 'base64', mediaType: `audio/${format === 'mp3' ? 'mpeg' : format}`, data } }]
    }
    default:
      throw wrong(`${path}.type`, 'must be input_text, input_image, input_file, input_audio, output_text or refusal')
  }
}

function isKept({ file_id: id }: JsonObject): boolean {
  return id !== undefined && id !== null
}

function lose(path: string, losses: Losses): readonly Content[] {
  losses.drop(path, 'a file that is kept at one provider is unknown to another')
  return []
}

function readImage(part: JsonObject, path: string): ImageContent {
  const url = readString(part.image_url, `${path}.image_url`)
  const { detail } = part
  const level: Pick<ImageContent, 'detail'> = detail === 'low' || detail === 'high' ? { detail } : {}
  if (!url.startsWith('data:')) {
    if (!/^https?:\/\//i.test(url)) throw wrong(`${path}.image_url`, 'must be an http(s) or a data URL')
    return { type: 'image', source: { type: 'url', url }, ...level }
  }
  return { type: 'image', source: { type: 'base64', ...readInline(url, `${path}.image_url`) }, ...level }
}

function readFile(part: JsonObject, path: string): DocumentContent {
  const named = optionalString(part.filename, `${path}.filename`)
  const name = named === undefined ? {} : { name: named }
  const url = optionalString(part.file_url, `${path}.file_url`)
  if (url !== undefined) return { type: 'document', source: { type: 'url', url }, ...name }
  return { type: 'document', source: { type: 'base64', ...readInline(part.file_data, `${path}.file_data`) }, ...name }
}

function readInline(value: Json | undefined, path: string): { readonly mediaType: string; readonly data: string } {
  const inline = readDataUrl(readString(value, path))
  if (inline === undefined || !isBase64(inline.data)) throw wrong(path, 'must be a data URL in valid base64')
  return inline
}
