import type { Usage } from '../../../core/events.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { ReplyContext, StreamWriter, WrittenFrame } from '../../dialect.ts'
import type { StopReason, StreamEvent } from '../../neutral/reply.ts'
import { encodeEvent } from './error.ts'
import { CallItem, type ItemStatus, MessageItem, type OpenItem, ReasoningItem, type Say } from './open-items.ts'
import { itemId, writeResponse, writeStatus } from './response.ts'
import { writeUsage } from './usage.ts'

/**
 * Writes one stream of response events, in the order of the Open Responses standard: created, in_progress, then for each item added, its parts
 * and deltas, done, and last completed or incomplete. Numbers count up by one.
 * Source: https://www.openresponses.org/specification (read 2026-11-21).
 */
export function writeStream(context: ReplyContext): StreamWriter {
  const writer = new EventWriter(context)
  return { write: (event) => writer.take(() => writer.write(event)), end: () => writer.take(() => writer.end()) }
}

class EventWriter {
  readonly #context: ReplyContext
  #frames: WrittenFrame[] = []
  #number = 0
  #head: JsonObject = {}
  #isBegun = false
  /** The items in their order. Calls stay open while their arguments may alternate. */
  readonly #items: (JsonObject | undefined)[] = []
  #open: { readonly at: number; readonly item: OpenItem } | undefined
  readonly #calls = new Map<number, { readonly at: number; readonly item: CallItem }>()
  #stop: StopReason | undefined
  #hasRefused = false
  #usage: Usage | undefined

  constructor(context: ReplyContext) {
    this.#context = context
  }

  /** The frames that something writes. */
  take(run: () => void): readonly WrittenFrame[] {
    this.#frames = []
    run()
    return this.#frames
  }

  write(event: StreamEvent): void {
    if (event.type === 'start') {
      const { model, createdSeconds } = event
      this.#head = { ...(model === undefined ? {} : { model }), ...(createdSeconds === undefined ? {} : { created_at: createdSeconds }) }
      this.#begin()
      return
    }
    if (event.type === 'usage') {
      this.#usage = event.usage
      return
    }
    // This wire has one answer: of others nothing is told, and the whole reply reports them.
    if (event.type === 'loss' || event.candidate !== 0) return
    this.#begin()
    this.#content(event)
  }

  end(): void {
    this.#begin()
    const status = writeStatus(this.#stop, { hasRefused: this.#hasRefused })
    // What was open at the end is what was cut short.
    this.#close(status.status === 'completed' ? 'completed' : 'incomplete')
    this.#closeAll()
    const response = this.#response({
      ...status,
      completed_at: status.status === 'completed' ? this.#context.nowSeconds : null,
      output: this.#items.filter((item) => item !== undefined),
      usage: this.#usage === undefined ? null : writeUsage(this.#usage),
      ...(this.#usage?.serviceTier === undefined ? {} : { service_tier: this.#usage.serviceTier }),
    })
    this.#say({ type: status.status === 'completed' ? 'response.completed' : 'response.incomplete', response })
    const last = this.#frames.at(-1)
    if (this.#usage !== undefined && last !== undefined) this.#frames[this.#frames.length - 1] = { ...last, takesCost: true }
  }

  #content(event: Exclude<StreamEvent, { readonly type: 'start' | 'usage' | 'loss' }>): void {
    switch (event.type) {
      case 'text':
      case 'refusal':
        this.#hasRefused ||= event.type === 'refusal'
        this.#message().say(event.type, event.text)
        return
      case 'thinking':
        this.#reasoning().say(event.text)
        return
      case 'seal':
        this.#reasoning().seal = event.seal
        this.#close()
        return
      case 'citation':
        if (this.#open?.item instanceof MessageItem) this.#open.item.cite(event.citation)
        return
      case 'logprobs':
        if (this.#open?.item instanceof MessageItem) this.#open.item.weigh(event.logprobs)
        return
      case 'break':
        if (this.#open?.item instanceof MessageItem) this.#open.item.closePart()
        else this.#close()
        return
      case 'tool-call': {
        this.#close()
        const { at, say } = this.#nextItem()
        const id = itemId(this.#context, event.isFree ? 'ctc' : 'fc', at)
        this.#calls.set(event.index, { at, item: new CallItem(id, event, say) })
        return
      }
      case 'arguments':
        this.#calls.get(event.index)?.item.say(event.text)
        return
      case 'finish':
        this.#stop = event.stop
        return
      default:
        event satisfies never
    }
  }

  #message(): MessageItem {
    if (this.#open?.item instanceof MessageItem) return this.#open.item
    this.#closeAll()
    const { at, say } = this.#nextItem()
    const item = new MessageItem(itemId(this.#context, 'msg', at), say)
    this.#open = { at, item }
    return item
  }

  #reasoning(): ReasoningItem {
    if (this.#open?.item instanceof ReasoningItem) return this.#open.item
    this.#closeAll()
    const { at, say } = this.#nextItem()
    const item = new ReasoningItem(itemId(this.#context, 'rs', at), say)
    this.#open = { at, item }
    return item
  }

  #nextItem(): { readonly at: number; readonly say: Say } {
    const at = this.#items.push(undefined) - 1
    return { at, say: (event) => this.#say({ ...event, output_index: at }) }
  }

  #close(status: ItemStatus = 'completed'): void {
    if (this.#open === undefined) return
    this.#items[this.#open.at] = this.#open.item.close(status)
    this.#open = undefined
  }

  #closeAll(): void {
    this.#close()
    for (const { at, item } of this.#calls.values()) this.#items[at] ??= item.close('completed')
  }

  #begin(): void {
    if (this.#isBegun) return
    this.#isBegun = true
    const response = this.#response({})
    this.#say({ type: 'response.created', response })
    this.#say({ type: 'response.in_progress', response })
  }

  #response(told: JsonObject): JsonObject {
    return writeResponse(this.#context, { ...this.#head, ...told })
  }

  #say(event: JsonObject & { readonly type: string }): void {
    this.#frames.push({ bytes: encodeEvent({ ...event, sequence_number: this.#number++ }) })
  }
}
