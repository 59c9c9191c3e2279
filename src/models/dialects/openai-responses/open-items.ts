import type { JsonObject } from '../../../core/json.ts'
import type { Citation, Seal } from '../../neutral/content.ts'
import type { TokenLogprob } from '../../neutral/reply.ts'
import { outputText, writeAnnotation, writeLogprob } from './response.ts'
import { writeSeal } from './seal.ts'

/** Tells an event of an item. */
export type Say = (event: JsonObject & { readonly type: string }) => void

/** An item of a stream that is being told: its first event is told when it is made, its last by `close`, which gives the whole item. */
export interface OpenItem {
  /** `incomplete` where the model was cut short in it. */
  close(status: ItemStatus): JsonObject
}

export type ItemStatus = 'completed' | 'incomplete'

/** A message, with one part open at a time. */
export class MessageItem implements OpenItem {
  readonly #id: string
  readonly #say: Say
  readonly #parts: JsonObject[] = []
  #part: { readonly type: 'text' | 'refusal'; text: string; readonly citations: Citation[] } | undefined
  /** Of the part that is open. */
  #logprobs: TokenLogprob[] = []

  constructor(id: string, say: Say) {
    this.#id = id
    this.#say = say
    say({ type: 'response.output_item.added', item: this.#item('in_progress') })
  }

  say(type: 'text' | 'refusal', text: string): void {
    if (this.#part !== undefined && this.#part.type !== type) this.closePart()
    if (this.#part === undefined) {
      this.#part = { type, text: '', citations: [] }
      this.#say({ type: 'response.content_part.added', ...this.#place, part: this.#written() })
    }
    this.#part.text += text
    if (type === 'refusal') this.#say({ type: 'response.refusal.delta', ...this.#place, delta: text })
    else this.#say({ type: 'response.output_text.delta', ...this.#place, delta: text, logprobs: [] })
  }

  /** Log-probabilities of what was said last: of a piece that adds no words. */
  weigh(logprobs: readonly TokenLogprob[]): void {
    if (this.#part?.type !== 'text') return
    this.#logprobs.push(...logprobs)
    this.#say({ type: 'response.output_text.delta', ...this.#place, delta: '', logprobs: logprobs.map(writeLogprob) })
  }

  cite(citation: Citation): void {
    const part = this.#part
    if (part === undefined) return
    for (const annotation of writeAnnotation(citation)) {
      const index = part.citations.push(citation) - 1
      this.#say({ type: 'response.output_text.annotation.added', ...this.#place, annotation_index: index, annotation })
    }
  }

  closePart(): void {
    const part = this.#part
    if (part === undefined) return
    const written = this.#written()
    if (part.type === 'refusal') this.#say({ type: 'response.refusal.done', ...this.#place, refusal: part.text })
    else this.#say({ type: 'response.output_text.done', ...this.#place, text: part.text, logprobs: written.logprobs })
    this.#say({ type: 'response.content_part.done', ...this.#place, part: written })
    this.#parts.push(written)
    this.#part = undefined
    this.#logprobs = []
  }

  close(status: ItemStatus): JsonObject {
    this.closePart()
    const item = this.#item(status)
    this.#say({ type: 'response.output_item.done', item })
    return item
  }

  get #place(): JsonObject {
    return { item_id: this.#id, content_index: this.#parts.length }
  }

  #written(): JsonObject {
    const { type, text, citations } = this.#part ?? { type: 'text', text: '', citations: [] }
    return type === 'refusal' ? { type: 'refusal', refusal: text } : outputText(text, citations, this.#logprobs)
  }

  #item(status: string): JsonObject {
    return { type: 'message', id: this.#id, status, role: 'assistant', content: [...this.#parts] }
  }
}

/** An item of reasoning, its text as one part of the summary. */
export class ReasoningItem implements OpenItem {
  readonly #id: string
  readonly #say: Say
  #text = ''
  seal: Seal | undefined

  constructor(id: string, say: Say) {
    this.#id = id
    this.#say = say
    say({ type: 'response.output_item.added', item: { type: 'reasoning', id, summary: [], status: 'in_progress' } })
  }

  say(text: string): void {
    if (text === '') return
    if (this.#text === '') {
      this.#say({ type: 'response.reasoning_summary_part.added', ...this.#place, part: { type: 'summary_text', text: '' } })
    }
    this.#text += text
    this.#say({ type: 'response.reasoning_summary_text.delta', ...this.#place, delta: text })
  }

  close(status: ItemStatus): JsonObject {
    const part = { type: 'summary_text', text: this.#text }
    if (this.#text !== '') {
      this.#say({ type: 'response.reasoning_summary_text.done', ...this.#place, text: this.#text })
      this.#say({ type: 'response.reasoning_summary_part.done', ...this.#place, part })
    }
    const summary = this.#text === '' ? [] : [part]
    const item = { type: 'reasoning', id: this.#id, summary, ...writeSeal(this.seal), status }
    this.#say({ type: 'response.output_item.done', item })
    return item
  }

  get #place(): JsonObject {
    return { item_id: this.#id, summary_index: 0 }
  }
}

/** A call of a function. */
export class CallItem implements OpenItem {
  readonly #id: string
  readonly #say: Say
  readonly #call: { readonly id: string; readonly name: string }
  #arguments = ''

  constructor(id: string, call: { readonly id: string; readonly name: string }, say: Say) {
    this.#id = id
    this.#call = call
    this.#say = say
    say({ type: 'response.output_item.added', item: this.#item('in_progress') })
  }

  say(text: string): void {
    this.#arguments += text
    this.#say({ type: 'response.function_call_arguments.delta', item_id: this.#id, delta: text })
  }

  close(status: ItemStatus): JsonObject {
    // Clients parse the arguments as JSON: an empty text would fail there.
    if (this.#arguments === '') this.say('{}')
    this.#say({ type: 'response.function_call_arguments.done', item_id: this.#id, name: this.#call.name, arguments: this.#arguments })
    const item = this.#item(status)
    this.#say({ type: 'response.output_item.done', item })
    return item
  }

  #item(status: string): JsonObject {
    const { id, name } = this.#call
    return { type: 'function_call', id: this.#id, call_id: id, name, arguments: this.#arguments, status }
  }
}

/** A call of a custom tool: its input is free text. */
export class CustomCallItem implements OpenItem {
  readonly #id: string
  readonly #say: Say
  readonly #call: { readonly id: string; readonly name: string }
  #input = ''

  constructor(id: string, call: { readonly id: string; readonly name: string }, say: Say) {
    this.#id = id
    this.#call = call
    this.#say = say
    say({ type: 'response.output_item.added', item: this.#item('in_progress') })
  }

  say(text: string): void {
    this.#input += text
    this.#say({ type: 'response.custom_tool_call_input.delta', item_id: this.#id, delta: text })
  }

  close(status: ItemStatus): JsonObject {
    this.#say({ type: 'response.custom_tool_call_input.done', item_id: this.#id, input: this.#input })
    const item = this.#item(status)
    this.#say({ type: 'response.output_item.done', item })
    return item
  }

  #item(status: string): JsonObject {
    const { id, name } = this.#call
    return { type: 'custom_tool_call', id: this.#id, call_id: id, name, input: this.#input, status }
  }
}
