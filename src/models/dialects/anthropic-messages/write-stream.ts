import type { Usage } from '../../../core/events.ts'
import type { JsonObject } from '../../../core/json.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import type { ReplyContext, StreamWriter, WrittenFrame } from '../../dialect.ts'
import type { Seal } from '../../neutral/content.ts'
import type { StopReason, StreamEvent } from '../../neutral/reply.ts'
import { packSeal, wholeOf } from '../../neutral/seal.ts'
import { writeEndUsage, writeStartUsage } from './usage.ts'
import { writeCitation, writeStop } from './write-reply.ts'

/** Writes one stream of message events: blocks one after the other, each begun and ended. */
export function writeStream(context: ReplyContext): StreamWriter {
  const writer = new BlockWriter(context)
  return {
    write: (event) => writer.write(event),
    end: () => writer.end(),
  }
}

type Block =
  | { readonly type: 'text' | 'thinking'; readonly index: number }
  | { readonly type: 'tool'; readonly index: number; readonly call: number }

class BlockWriter {
  readonly #context: ReplyContext
  #head: StreamEvent & { readonly type: 'start' } = { type: 'start' }
  #hasStarted = false
  #open: Block | undefined
  #nextIndex = 0
  /** Index of the block of each call, by the provider's own. */
  readonly #calls = new Map<number, number>()
  #hasRefused = false
  #stop: StopReason | undefined
  #usage: Usage = {}
  /** Of the frames of one event. */
  #frames: WrittenFrame[] = []

  constructor(context: ReplyContext) {
    this.#context = context
  }

  write(event: StreamEvent): readonly WrittenFrame[] {
    this.#frames = []
    // Callers of this wire know one answer only.
    if (!('candidate' in event) || event.candidate === 0) this.#write(event)
    return this.#frames
  }

  end(): readonly WrittenFrame[] {
    this.#frames = []
    this.#begin()
    this.#close()
    const calls = this.#calls.size > 0 ? [{ type: 'tool-call' as const, id: '', name: '', arguments: '' }] : []
    const content = [...calls, ...(this.#hasRefused ? [{ type: 'refusal' as const, text: '' }] : [])]
    const delta = writeStop({ content, ...(this.#stop === undefined ? {} : { stop: this.#stop }) })
    this.#frames.push({ bytes: encode('message_delta', { delta, usage: writeEndUsage(this.#usage) }), takesCost: true })
    this.#push('message_stop', {})
    return this.#frames
  }

  #write(event: StreamEvent): void {
    switch (event.type) {
      case 'start':
        this.#head = event
        return
      case 'usage':
        this.#usage = event.usage
        return
      case 'finish':
        this.#stop = event.stop
        return
      case 'text':
        this.#text(event.text)
        return
      case 'refusal':
        this.#hasRefused = true
        this.#text(event.text)
        return
      case 'thinking':
        this.#delta(this.#openBlock('thinking'), { type: 'thinking_delta', thinking: event.text })
        return
      case 'citation':
        for (const citation of writeCitation(event.citation)) this.#delta(this.#openBlock('text'), { type: 'citations_delta', citation })
        return
      case 'seal':
        this.#seal(event.seal, event.isHidden === true)
        return
      case 'tool-call':
        this.#call(event)
        return
      case 'arguments':
        this.#arguments(event.index, event.text)
        return
      case 'break':
        this.#close()
        return
      case 'logprobs':
      case 'loss':
        return
      default:
        event satisfies never
    }
  }

  #text(text: string): void {
    const index = this.#openBlock('text')
    // The frame that makes up nearly all of a stream, written without building its object.
    const data = `{"type":"content_block_delta","index":${index},"delta":{"type":"text_delta","text":${JSON.stringify(text)}}}`
    this.#frames.push({ bytes: encodeSseFrame({ event: 'content_block_delta', data }) })
  }

  #seal(seal: Seal, isHidden: boolean): void {
    const sealed = wholeOf(seal) ?? packSeal(seal, 'anthropic-messages')
    if (isHidden) {
      this.#close()
      this.#startBlock({ type: 'redacted_thinking', data: sealed })
      this.#push('content_block_stop', { index: this.#nextIndex++ })
      return
    }
    this.#delta(this.#openBlock('thinking'), { type: 'signature_delta', signature: sealed })
    this.#close()
  }

  #arguments(call: number, text: string): void {
    const index = this.#calls.get(call)
    if (index !== undefined) this.#delta(index, { type: 'input_json_delta', partial_json: text })
  }

  #call({ index, id, name }: StreamEvent & { readonly type: 'tool-call' }): void {
    this.#close()
    this.#startBlock({ type: 'tool_use', id, name, input: {} })
    this.#calls.set(index, this.#nextIndex)
    this.#open = { type: 'tool', index: this.#nextIndex++, call: index }
  }

  /** Index of the open block of this type; one is begun where another, or none, is open. */
  #openBlock(type: 'text' | 'thinking'): number {
    if (this.#open?.type === type) return this.#open.index
    this.#close()
    this.#startBlock(type === 'text' ? { type, text: '', citations: null } : { type, thinking: '', signature: '' })
    this.#open = { type, index: this.#nextIndex++ }
    return this.#open.index
  }

  #startBlock(block: JsonObject): void {
    this.#begin()
    this.#push('content_block_start', { index: this.#nextIndex, content_block: block })
  }

  #close(): void {
    if (this.#open === undefined) return
    this.#push('content_block_stop', { index: this.#open.index })
    this.#open = undefined
  }

  #delta(index: number, delta: JsonObject): void {
    this.#push('content_block_delta', { index, delta })
  }

  #begin(): void {
    if (this.#hasStarted) return
    this.#hasStarted = true
    const { callId, request } = this.#context
    const { id = `msg_${callId}`, model = request.model } = this.#head
    const usage = writeStartUsage(this.#usage, this.#context.likelyInputTokens)
    const message = { id, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage }
    this.#push('message_start', { message })
  }

  #push(event: string, fields: JsonObject): void {
    this.#frames.push({ bytes: encode(event, fields) })
  }
}

function encode(event: string, fields: JsonObject): Uint8Array {
  return encodeSseFrame({ event, data: JSON.stringify({ type: event, ...fields }) })
}
