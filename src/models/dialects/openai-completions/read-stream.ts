import { isObject, type JsonObject } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamReader } from '../../dialect.ts'
import type { StreamEvent } from '../../neutral/reply.ts'

/** Reads the chunks of one stream as a caller gets them: the text, and that it has ended. No provider is read in this wire. */
export function readStream(): StreamReader {
  return {
    read: (frame) => {
      const { data } = decodeSseFrame(frame)
      const chunk: unknown = data === undefined || data === '[DONE]' ? undefined : JSON.parse(data)
      const choices = isObject(chunk) && Array.isArray(chunk.choices) ? chunk.choices : []
      return choices.filter(isObject).flatMap(eventsOf)
    },
  }
}

function eventsOf({ index, text, finish_reason: said }: JsonObject): readonly StreamEvent[] {
  const candidate = typeof index === 'number' ? index : 0
  const told: readonly StreamEvent[] = typeof text === 'string' && text !== '' ? [{ type: 'text', candidate, text }] : []
  return typeof said === 'string' ? [...told, { type: 'finish', candidate, stop: { type: 'other', said } }] : told
}
