import type { Usage } from '../../../core/events.ts'
import type { JsonObject } from '../../../core/json.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import type { ReplyContext, StreamWriter, WrittenFrame } from '../../dialect.ts'
import type { StopReason, StreamEvent } from '../../neutral/reply.ts'
import { writeDetail } from './thinking.ts'
import { annotationsOf, writeLogprobs, writeStop } from './write-reply.ts'
import { writeUsage } from './write-usage.ts'

type Head = StreamEvent & { readonly type: 'start' }

/** Writes one stream of completion chunks. The finish reason of a choice is told last, whenever the provider told it. */
export function writeStream(context: ReplyContext): StreamWriter {
  const writer = new ChunkWriter(context)
  return {
    write: (event) => writer.write(event),
    end: () => writer.end(),
  }
}

class ChunkWriter {
  readonly #context: ReplyContext
  #head: Head = { type: 'start' }
  /** JSON of a chunk up to its choices: the same in each. */
  #prefix = ''
  readonly #begun = new Set<number>()
  readonly #stops = new Map<number, StopReason>()
  /** Thinking of each choice that no seal has ended yet, and the number of details. */
  readonly #thoughts = new Map<number, { text: string; details: number }>()
  readonly #withArguments = new Set<string>()
  readonly #calls: { readonly candidate: number; readonly index: number }[] = []
  #usage: Usage | undefined

  constructor(context: ReplyContext) {
    this.#context = context
  }

  write(event: StreamEvent): readonly WrittenFrame[] {
    switch (event.type) {
      case 'start':
        this.#head = event
        return []
      case 'text':
        return this.#delta(event.candidate, { content: event.text })
      case 'refusal':
        return this.#delta(event.candidate, { refusal: event.text })
      case 'thinking':
        this.#thinking(event.candidate).text += event.text
        return this.#delta(event.candidate, { reasoning_content: event.text })
      case 'seal':
        return this.#seal(event)
      case 'tool-call':
        this.#calls.push(event)
        return this.#call(event)
      case 'arguments':
        this.#withArguments.add(`${event.candidate} ${event.index}`)
        return this.#delta(event.candidate, { tool_calls: [{ index: event.index, function: { arguments: event.text } }] })
      case 'logprobs':
        return this.#chunk(event.candidate, {}, { logprobs: writeLogprobs(event.logprobs) })
      case 'finish':
        this.#stops.set(event.candidate, event.stop)
        return []
      case 'usage':
        this.#usage = event.usage
        return []
      case 'citation':
        return this.#delta(event.candidate, { annotations: annotationsOf([[event.citation]]) })
      case 'break':
      case 'loss':
        return []
      default:
        return event satisfies never
    }
  }

  end(): readonly WrittenFrame[] {
    const frames: WrittenFrame[] = []
    for (const { candidate, index } of this.#calls) {
      if (this.#withArguments.has(`${candidate} ${index}`)) continue
      // Clients parse the arguments as JSON: an empty text would fail there.
      frames.push(...this.#delta(candidate, { tool_calls: [{ index, function: { arguments: '{}' } }] }))
    }
    for (const [candidate, stop] of this.#stops) frames.push(...this.#chunk(candidate, {}, { finish_reason: writeStop(stop) }))
    if (this.#context.request.wantsUsage && this.#usage !== undefined) frames.push(this.#usageFrame(this.#usage))
    return [...frames, { bytes: encodeSseFrame({ data: '[DONE]' }) }]
  }

  #usageFrame(usage: Usage): WrittenFrame {
    return { bytes: encodeSseFrame({ data: `${this.#start()}[],"usage":${JSON.stringify(writeUsage(usage))}}` }), takesCost: true }
  }

  #call({ candidate, index, id, name }: StreamEvent & { readonly type: 'tool-call' }): readonly WrittenFrame[] {
    return this.#delta(candidate, { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })
  }

  /** A seal is told with all that it seals: a client that keeps only the last of such details keeps a whole one. */
  #seal({ candidate, seal, isHidden }: StreamEvent & { readonly type: 'seal' }): readonly WrittenFrame[] {
    const thinking = this.#thinking(candidate)
    const { text } = thinking
    thinking.text = ''
    const detail = writeDetail({ text, seal, ...(isHidden ? { isHidden } : {}) }, thinking.details++)
    return this.#chunkOf(candidate, JSON.stringify({ ...this.#role(candidate), reasoning_details: [detail] }), '')
  }

  #thinking(candidate: number): { text: string; details: number } {
    const known = this.#thoughts.get(candidate)
    if (known !== undefined) return known
    const made = { text: '', details: 0 }
    this.#thoughts.set(candidate, made)
    return made
  }

  #delta(candidate: number, delta: JsonObject): readonly WrittenFrame[] {
    return this.#chunk(candidate, delta, {})
  }

  #chunk(candidate: number, delta: JsonObject, rest: JsonObject): readonly WrittenFrame[] {
    const more = Object.entries(rest).map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`)
    return this.#chunkOf(candidate, JSON.stringify({ ...this.#role(candidate), ...delta }), more.join(''))
  }

  #chunkOf(candidate: number, delta: string, more: string): readonly WrittenFrame[] {
    const finish = more.includes('"finish_reason"') ? '' : ',"finish_reason":null'
    return [{ bytes: encodeSseFrame({ data: `${this.#start()}[{"index":${candidate},"delta":${delta}${more}${finish}}]}` }) }]
  }

  /** The first chunk of a choice says whose it is. */
  #role(candidate: number): JsonObject {
    if (this.#begun.has(candidate)) return {}
    this.#begun.add(candidate)
    return { role: 'assistant' }
  }

  #start(): string {
    if (this.#prefix === '') {
      const { callId, nowSeconds, request } = this.#context
      const { id = `chatcmpl-${callId}`, createdSeconds = nowSeconds, model = request.model } = this.#head
      const head = JSON.stringify({ id, object: 'chat.completion.chunk', created: createdSeconds, model })
      this.#prefix = `${head.slice(0, -1)},"choices":`
    }
    return this.#prefix
  }
}
