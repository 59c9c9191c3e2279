import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { ResumedStream } from '../../dialect.ts'
import { encodeEvent } from './error.ts'

/**
 * Makes the events of a second stream those of the first one: its ids, its numbers, its item, and the whole text wherever an event tells all of it.
 * What the second one had before its text (reasoning) was told to nobody, and is left out of the response that ends it.
 * @param lastText the last event of the first stream that told a piece of the text
 */
export function resumeStream(lastText: Uint8Array, responseId: string | undefined): ResumedStream {
  const resumed = new Resumed(eventOf(lastText), responseId)
  return (frame, said) => resumed.frame(frame, said)
}

class Resumed {
  readonly #itemId: Json
  readonly #at: number
  readonly #responseId: string | undefined
  #number: number
  /** Where the text stands in the second stream. */
  #from: number | undefined
  /** The first part of the message, as far as it was told. */
  #text = ''

  constructor({ item_id: itemId, output_index: at, sequence_number: number }: JsonObject, responseId: string | undefined) {
    this.#itemId = itemId ?? null
    this.#at = numberOf(at)
    this.#number = numberOf(number)
    this.#responseId = responseId
  }

  frame(bytes: Uint8Array, said: string): Uint8Array {
    const event = eventOf(bytes)
    const { type, output_index: index, content_index: part } = event
    if (typeof type !== 'string') return bytes
    if (typeof index === 'number') this.#from ??= index
    const isOfText = typeof index === 'number' && index === this.#from
    if (this.#text === '' || (isOfText && numberOf(part) === 0)) this.#text = said
    const numbered = { ...event, type, sequence_number: ++this.#number }
    if (isObject(event.response)) return encodeEvent({ ...numbered, response: this.#response(event.response) })
    if (typeof index !== 'number') return encodeEvent(numbered)
    const placed = { ...numbered, output_index: this.#at + index - (this.#from ?? index) }
    return encodeEvent(isOfText ? { ...placed, ...this.#ofText(event, numberOf(part)) } : placed)
  }

  #ofText(event: JsonObject, part: number): JsonObject {
    const { item } = event
    return {
      ...(event.item_id === undefined ? {} : { item_id: this.#itemId }),
      ...(part === 0 && event.type === 'response.output_text.done' ? { text: this.#text } : {}),
      ...(part === 0 && isObject(event.part) ? { part: { ...event.part, text: this.#text } } : {}),
      ...(isObject(item) ? { item: this.#message(item) } : {}),
    }
  }

  #response(response: JsonObject): JsonObject {
    const output: readonly Json[] = Array.isArray(response.output) ? response.output : []
    const [first, ...others] = output.slice(this.#from ?? output.length)
    const id = this.#responseId === undefined ? {} : { id: this.#responseId }
    return { ...response, ...id, output: [this.#message(isObject(first) ? first : {}), ...others] }
  }

  #message(item: JsonObject): JsonObject {
    const [first, ...others]: readonly Json[] = Array.isArray(item.content) ? item.content : []
    const part = { type: 'output_text', annotations: [], logprobs: [], ...(isObject(first) ? first : {}), text: this.#text }
    return { type: 'message', status: 'completed', role: 'assistant', ...item, id: this.#itemId, content: [part, ...others] }
  }
}

function eventOf(frame: Uint8Array): JsonObject {
  const { data } = decodeSseFrame(frame)
  const value: unknown = data?.startsWith('{') ? JSON.parse(data) : undefined
  return isObject(value) ? value : {}
}

function numberOf(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0
}
