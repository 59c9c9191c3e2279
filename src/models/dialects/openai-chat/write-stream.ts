import type { Usage } from '../../../core/events.ts'
import type { JsonObject } from '../../../core/json.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import type { ReplyContext, StreamWriter, WrittenFrame } from '../../dialect.ts'
import type { ThinkingContent } from '../../neutral/content.ts'
import type { StopReason, StreamEvent } from '../../neutral/reply.ts'
import { tierOf } from '../openai-fields.ts'
import { writeDetail } from './thinking.ts'
import { annotationsOf, writeLogprobs, writeStop } from './write-reply.ts'
import { writeUsage } from './write-usage.ts'

/** What a choice has thought. */
interface Thoughts {
  /** Since the last seal. */
  text: string
  /** The last seal, while it is not known whether it belongs to a call. */
  held: Pick<ThinkingContent, 'text' | 'seal' | 'isHidden'> | undefined
  readonly details: JsonObject[]
}

/** A call of a choice: its index there, and the one that the provider told. */
interface CallPlace {
  readonly candidate: number
  readonly told: number
  readonly index: number
  readonly isFree: boolean
  hasArguments: boolean
}

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
  readonly #thoughts = new Map<number, Thoughts>()
  readonly #calls: CallPlace[] = []
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
        return this.#content(event.candidate, { content: event.text })
      case 'refusal':
        return this.#content(event.candidate, { refusal: event.text })
      case 'thinking':
        this.#thinking(event.candidate).text += event.text
        return this.#content(event.candidate, { reasoning_content: event.text })
      case 'seal':
        return this.#seal(event)
      case 'tool-call':
        return [...this.#detail(event.candidate, event.id), ...this.#call(event)]
      case 'arguments':
        return this.#arguments(event)
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
    const frames: WrittenFrame[] = [...this.#thoughts.keys()].flatMap((candidate) => this.#detail(candidate))
    for (const { candidate, index, isFree, hasArguments } of this.#calls) {
      if (hasArguments || isFree) continue
      // Clients parse the arguments as JSON: an empty text would fail there.
      frames.push(...this.#delta(candidate, { tool_calls: [{ index, function: { arguments: '{}' } }] }))
    }
    for (const [candidate, stop] of this.#stops)
      frames.push(
        ...this.#chunk(
          candidate,
          {},
          { finish_reason: writeStop(stop, { hasCalls: this.#calls.some((call) => call.candidate === candidate) }) },
        ),
      )
    if (this.#context.request.wantsUsage && this.#usage !== undefined) frames.push(this.#usageFrame(this.#usage))
    return [...frames, { bytes: encodeSseFrame({ data: '[DONE]' }) }]
  }

  #usageFrame(usage: Usage): WrittenFrame {
    return {
      bytes: encodeSseFrame({ data: `${this.#start()}[],"usage":${JSON.stringify(writeUsage(usage))}${this.#tier()}}` }),
      takesCost: true,
    }
  }

  #call({ candidate, index: told, id, name, isFree }: StreamEvent & { readonly type: 'tool-call' }): readonly WrittenFrame[] {
    // Callers keep the calls of a choice in a list: their indices have no gaps, whatever the provider counts by.
    const index = this.#calls.filter((call) => call.candidate === candidate).length
    this.#calls.push({ candidate, told, index, isFree: isFree === true, hasArguments: false })
    const called = isFree ? { type: 'custom', custom: { name, input: '' } } : { type: 'function', function: { name, arguments: '' } }
    return this.#delta(candidate, { tool_calls: [{ index, id, ...called }] })
  }

  #arguments({ candidate, index, text }: StreamEvent & { readonly type: 'arguments' }): readonly WrittenFrame[] {
    const call = this.#calls.findLast((known) => known.candidate === candidate && known.told === index)
    if (call === undefined) return []
    call.hasArguments = true
    const piece = call.isFree ? { custom: { input: text } } : { function: { arguments: text } }
    return this.#delta(candidate, { tool_calls: [{ index: call.index, ...piece }] })
  }

  /** A seal that nothing was thought before may belong to the call that comes next: only then is it known where it stands. */
  #seal({ candidate, seal, isHidden }: StreamEvent & { readonly type: 'seal' }): readonly WrittenFrame[] {
    const thinking = this.#thinking(candidate)
    const held = this.#detail(candidate)
    const { text } = thinking
    thinking.text = ''
    thinking.held = { text, seal, ...(isHidden ? { isHidden } : {}) }
    return text === '' && this.#begun.has(candidate) ? held : [...held, ...this.#detail(candidate)]
  }

  /** The seal that is held, with all that were told before: a client that keeps only the last of such lists keeps a whole one. */
  #detail(candidate: number, callId?: string): readonly WrittenFrame[] {
    const thinking = this.#thoughts.get(candidate)
    if (thinking?.held === undefined) return []
    thinking.details.push(writeDetail(thinking.held, thinking.details.length, callId))
    thinking.held = undefined
    return this.#delta(candidate, { reasoning_details: [...thinking.details] })
  }

  #thinking(candidate: number): Thoughts {
    const known = this.#thoughts.get(candidate)
    if (known !== undefined) return known
    const made: Thoughts = { text: '', details: [], held: undefined }
    this.#thoughts.set(candidate, made)
    return made
  }

  #content(candidate: number, delta: JsonObject): readonly WrittenFrame[] {
    return this.#thoughts.get(candidate)?.held === undefined
      ? this.#delta(candidate, delta)
      : [...this.#detail(candidate), ...this.#delta(candidate, delta)]
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
    const tier = finish === '' ? this.#tier() : ''
    return [{ bytes: encodeSseFrame({ data: `${this.#start()}[{"index":${candidate},"delta":${delta}${more}${finish}}]${tier}}` }) }]
  }

  /** Told with the last chunks: before, many providers have not said it. */
  #tier(): string {
    const tier = this.#usage === undefined ? undefined : tierOf(this.#context, this.#usage.serviceTier)
    return tier === undefined ? '' : `,"service_tier":${JSON.stringify(tier)}`
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
