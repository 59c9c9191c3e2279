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

/** A call as this wire tells it: of a function with arguments in JSON, or of a custom tool with free text. */
interface CallShape {
  readonly type: string
  /** The field of the item, and of the last event, that holds the text. */
  readonly field: string
  readonly events: string
}

const FUNCTION: CallShape = { type: 'function_call', field: 'arguments', events: 'response.function_call_arguments' }
const CUSTOM: CallShape = { type: 'custom_tool_call', field: 'input', events: 'response.custom_tool_call_input' }

/** A call of a tool. */
export class CallItem implements OpenItem {
  readonly #id: string
  readonly #say: Say
  readonly #call: OpenCall
  readonly #shape: CallShape
  #text = ''

  constructor(id: string, call: OpenCall, say: Say) {
    this.#id = id
    this.#call = call
    this.#shape = call.isFree ? CUSTOM : FUNCTION
    this.#say = say
    say({ type: 'response.output_item.added', item: this.#item('in_progress') })
  }

  say(text: string): void {
    this.#text += text
    this.#say({ type: `${this.#shape.events}.delta`, item_id: this.#id, delta: text })
  }

  close(status: ItemStatus): JsonObject {
    const { isFree, name } = this.#call
    const { events, field } = this.#shape
    // Clients parse the arguments as JSON: an empty text would fail there.
    if (this.#text === '' && !isFree) this.say('{}')
    this.#say({ type: `${events}.done`, item_id: this.#id, ...(isFree ? {} : { name }), [field]: this.#text })
    const item = this.#item(status)
    this.#say({ type: 'response.output_item.done', item })
    return item
  }

  #item(status: string): JsonObject {
    const { id, name } = this.#call
    const { type, field } = this.#shape
    return { type, id: this.#id, call_id: id, name, [field]: this.#text, status }
  }
}

/** What is known of a call when it begins. */
interface OpenCall {
  readonly id: string
  readonly name: string
  /** Whether it is of a custom tool: its input is free text. */
  readonly isFree?: boolean
}
