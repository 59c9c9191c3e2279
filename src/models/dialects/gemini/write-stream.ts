import type { Usage } from '../../../core/events.ts'
import type { JsonObject } from '../../../core/json.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import type { ReplyContext, StreamWriter, WrittenFrame } from '../../dialect.ts'
import type { Citation } from '../../neutral/content.ts'
import type { StopReason, StreamEvent } from '../../neutral/reply.ts'
import { isOnNext, writeSignature } from './signature.ts'
import { writeUsage } from './usage.ts'
import { writeStop } from './words.ts'
import { malformedCall, readArguments, writeAnswerParts, writeCitations, writeLogprobs } from './write-reply.ts'

type Call = { readonly id: string; readonly name: string; arguments: string }

/** What is known of one candidate so far. */
interface CandidateState {
  /** Calls whose arguments are still coming: in this wire a call is told whole. */
  readonly calls: Map<number, Call>
  /** Told at the end, where this wire has them. */
  readonly citations: Citation[]
  stop?: StopReason
  broken?: Call
  /** Waits for the part that it stands on. */
  signature?: string
}

/** Writes one stream of `streamGenerateContent`. What ends a candidate stands in its last chunk, with the usage. */
export function writeStream(context: ReplyContext): StreamWriter {
  const writer = new ChunkWriter(context)
  return { write: (event) => writer.write(event), end: () => writer.end() }
}

class ChunkWriter {
  readonly #context: ReplyContext
  readonly #candidates = new Map<number, CandidateState>()
  #head: JsonObject = {}
  #usage: Usage | undefined

  constructor(context: ReplyContext) {
    this.#context = context
  }

  write(event: StreamEvent): readonly WrittenFrame[] {
    switch (event.type) {
      case 'start':
        this.#head = { modelVersion: event.model, responseId: event.id }
        return []
      case 'usage':
        this.#usage = event.usage
        return []
      case 'text':
      case 'refusal':
        return this.#parts(event.candidate, [{ text: event.text }])
      case 'thinking':
        return this.#parts(event.candidate, [{ text: event.text, thought: true }])
      case 'seal':
        return this.#seal(event)
      case 'logprobs':
        return [...this.#flush(event.candidate), this.#chunk([{ index: event.candidate, logprobsResult: writeLogprobs(event.logprobs) }])]
      case 'tool-call':
        this.#candidate(event.candidate).calls.set(event.index, { id: event.id, name: event.name, arguments: '' })
        return []
      case 'arguments': {
        const call = this.#candidate(event.candidate).calls.get(event.index)
        if (call !== undefined) call.arguments += event.text
        return []
      }
      case 'finish':
        this.#candidate(event.candidate).stop = event.stop
        return this.#flush(event.candidate)
      case 'citation':
        this.#candidate(event.candidate).citations.push(event.citation)
        return []
      case 'break':
      case 'loss':
        return []
      default:
        return event satisfies never
    }
  }

  end(): readonly WrittenFrame[] {
    const frames = [...this.#candidates.keys()].flatMap((index) => this.#flush(index))
    const last = [...this.#candidates].map(([index, { stop, broken, citations }]): JsonObject => {
      const parts = this.#signed(index, [{ text: '' }])
      const finish = broken === undefined ? (stop === undefined ? {} : writeStop(stop)) : malformedCall(broken)
      return { content: { role: 'model', parts }, ...finish, index, ...writeCitations(citations) }
    })
    return [...frames, this.#chunk(last, this.#usage === undefined ? {} : { usageMetadata: writeUsage(this.#usage) })]
  }

  #seal({ candidate, seal }: StreamEvent & { readonly type: 'seal' }): readonly WrittenFrame[] {
    if (!isOnNext(seal)) return this.#parts(candidate, [{ text: '', thought: true, thoughtSignature: writeSignature(seal) }])
    const frames = this.#flush(candidate)
    this.#candidate(candidate).signature = writeSignature(seal)
    return frames
  }

  /** The parts, the first of them with the signature that waits for it. */
  #signed(index: number, [first, ...more]: readonly JsonObject[]): readonly JsonObject[] {
    const state = this.#candidate(index)
    const { signature } = state
    if (first === undefined) return []
    if (signature === undefined) return [first, ...more]
    delete state.signature
    return [{ ...first, thoughtSignature: signature }, ...more]
  }

  /** Parts that come after calls: then these are whole. */
  #parts(candidate: number, parts: readonly JsonObject[]): readonly WrittenFrame[] {
    return [
      ...this.#flush(candidate),
      this.#chunk([{ content: { role: 'model', parts: this.#signed(candidate, parts) }, index: candidate }]),
    ]
  }

  #flush(index: number): readonly WrittenFrame[] {
    const state = this.#candidate(index)
    const calls = [...state.calls.values()]
    state.calls.clear()
    const broken = calls.find((call) => readArguments(call.arguments) === undefined)
    if (broken !== undefined) state.broken ??= broken
    const parts = this.#signed(index, writeAnswerParts(calls.map((call) => ({ type: 'tool-call', ...call }))))
    return parts.length === 0 ? [] : [this.#chunk([{ content: { role: 'model', parts }, index }])]
  }

  #chunk(candidates: readonly JsonObject[], more: JsonObject = {}): WrittenFrame {
    const { modelVersion = this.#context.request.model, responseId = this.#context.callId } = this.#head
    return { bytes: encodeSseFrame({ data: JSON.stringify({ candidates, ...more, modelVersion, responseId }) }) }
  }

  #candidate(index: number): CandidateState {
    const known = this.#candidates.get(index)
    if (known !== undefined) return known
    const made: CandidateState = { calls: new Map(), citations: [] }
    this.#candidates.set(index, made)
    return made
  }
}
