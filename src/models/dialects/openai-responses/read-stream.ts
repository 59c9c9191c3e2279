import { isObject, type JsonObject } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamReader } from '../../dialect.ts'
import type { Content } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { StreamEvent } from '../../neutral/reply.ts'
import { readFrameData } from '../provider-reply.ts'
import { readCitations } from './read-items.ts'
import { callId, readHead, readItem, readLogprobs, readStop, reportPhase } from './read-reply.ts'
import { PARAGRAPH, readSeal } from './seal.ts'
import { readUsage } from './usage.ts'

/** This wire has one answer. */
const candidate = 0

/** Reads the events of one stream. */
export function readStream(): StreamReader {
  const reader = new EventReader()
  return {
    read: (frame) => {
      const { data } = decodeSseFrame(frame)
      const event = data === undefined || data === '[DONE]' ? undefined : readFrameData(data)
      return event === undefined ? [] : reader.read(event)
    },
  }
}

class EventReader {
  /** Items of which something was told, by `output_index`: their end adds nothing that was told before. */
  readonly #told = new Set<number>()
  /** Calls by `output_index`: their number among the calls, and what was said of their arguments. */
  readonly #calls = new Map<number, { readonly index: number; said: string }>()
  readonly #kinds: Pick<Content, 'type'>[] = []
  #isStarted = false

  read(event: JsonObject): readonly StreamEvent[] {
    const at = typeof event.output_index === 'number' ? event.output_index : 0
    const delta = typeof event.delta === 'string' ? event.delta : ''
    switch (event.type) {
      case 'response.created':
      case 'response.in_progress':
        return this.#start(event.response)
      case 'response.output_text.delta':
        return this.#say(at, 'text', delta, event)
      case 'response.refusal.delta':
        return this.#say(at, 'refusal', delta, event)
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.#say(at, 'thinking', delta, event)
      case 'response.reasoning_summary_part.added':
        return this.#told.has(at) ? [{ type: 'thinking', candidate, text: PARAGRAPH }] : []
      case 'response.output_text.annotation.added':
        return readCitations([event.annotation ?? null]).map((citation) => ({ type: 'citation', candidate, citation }))
      case 'response.content_part.done':
        return [{ type: 'break', candidate }]
      case 'response.output_item.added':
        return this.#begin(at, event.item)
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.#arguments(at, delta)
      case 'response.function_call_arguments.done':
        return this.#rest(at, event.arguments)
      case 'response.custom_tool_call_input.done':
        return this.#rest(at, event.input)
      case 'response.output_item.done':
        return isObject(event.item) ? this.#end(at, event.item) : []
      case 'response.completed':
      case 'response.incomplete':
        return isObject(event.response) ? this.#finish(event.response) : []
      default:
        return []
    }
  }

  #start(response: JsonObject[string]): readonly StreamEvent[] {
    if (this.#isStarted) return []
    this.#isStarted = true
    return [{ type: 'start', ...(isObject(response) ? readHead(response) : {}) }]
  }

  #say(at: number, type: 'text' | 'refusal' | 'thinking', text: string, { logprobs }: JsonObject): readonly StreamEvent[] {
    this.#told.add(at)
    this.#kinds.push({ type })
    const probabilities = readLogprobs(logprobs)
    return [
      ...(text === '' ? [] : [{ type, candidate, text } as const]),
      ...(probabilities.length === 0 ? [] : [{ type: 'logprobs', candidate, logprobs: probabilities } as const]),
    ]
  }

  #begin(at: number, item: JsonObject[string]): readonly StreamEvent[] {
    if (!isObject(item) || this.#calls.has(at)) return []
    if (!isCall(item)) return phaseLost(item)
    const index = this.#calls.size
    this.#calls.set(at, { index, said: '' })
    this.#kinds.push({ type: 'tool-call' })
    const name = typeof item.name === 'string' ? item.name : ''
    const freedom = item.type === 'custom_tool_call' ? ({ isFree: true } as const) : {}
    return [{ type: 'tool-call', candidate, index, id: callId(item, at), name, ...freedom }]
  }

  #arguments(at: number, text: string): readonly StreamEvent[] {
    const call = this.#calls.get(at)
    if (call === undefined || text === '') return []
    call.said += text
    return [{ type: 'arguments', candidate, index: call.index, text }]
  }

  /** What a whole text adds to the pieces that came before it. */
  #rest(at: number, whole: JsonObject[string]): readonly StreamEvent[] {
    const said = this.#calls.get(at)?.said ?? ''
    return typeof whole === 'string' && whole.startsWith(said) ? this.#arguments(at, whole.slice(said.length)) : []
  }

  #end(at: number, item: JsonObject): readonly StreamEvent[] {
    if (isCall(item)) {
      const begun = this.#begin(at, item)
      const whole = item.type === 'function_call' ? item.arguments : item.input
      this.#told.add(at)
      return [...begun, ...this.#rest(at, whole)]
    }
    if (!this.#told.has(at)) return this.#whole(at, item)
    if (item.type !== 'reasoning') return [{ type: 'break', candidate }]
    const seal = readSeal(item)
    return seal === undefined ? [{ type: 'break', candidate }] : [{ type: 'seal', candidate, seal }]
  }

  /** An item of which nothing was told until its end. */
  #whole(at: number, item: JsonObject): readonly StreamEvent[] {
    this.#told.add(at)
    const losses = new Losses()
    const events = readItem(item, at, losses).flatMap((piece): readonly StreamEvent[] => {
      this.#kinds.push(piece)
      if (piece.type === 'text' || piece.type === 'refusal')
        return [
          { type: piece.type, candidate, text: piece.text },
          { type: 'break', candidate },
        ]
      if (piece.type !== 'thinking') return []
      const text: readonly StreamEvent[] = piece.text === '' ? [] : [{ type: 'thinking', candidate, text: piece.text }]
      if (piece.seal === undefined) return [...text, { type: 'break', candidate }]
      return [...text, { type: 'seal', candidate, seal: piece.seal, ...(piece.isHidden ? { isHidden: true } : {}) }]
    })
    return [...events, ...losses.list.map((loss): StreamEvent => ({ type: 'loss', loss }))]
  }

  #finish(response: JsonObject): readonly StreamEvent[] {
    const output = Array.isArray(response.output) ? response.output : []
    // Some servers tell whole items only here.
    const late = output.flatMap((item, at) => (isObject(item) && !this.#told.has(at) ? this.#end(at, item) : []))
    const stop = readStop(response, this.#kinds)
    const usage = readUsage(response.usage, response.service_tier)
    return [
      ...this.#start(response),
      ...late,
      ...(stop === undefined ? [] : [{ type: 'finish', candidate, stop } as const]),
      ...(usage === undefined ? [] : [{ type: 'usage', usage } as const]),
    ]
  }
}

function phaseLost(item: JsonObject): readonly StreamEvent[] {
  const losses = new Losses()
  reportPhase(item, losses)
  return losses.list.map((loss) => ({ type: 'loss', loss }))
}

function isCall({ type }: JsonObject): boolean {
  return type === 'function_call' || type === 'custom_tool_call'
}
