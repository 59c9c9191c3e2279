import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamReader } from '../../dialect.ts'
import type { StreamEvent } from '../../neutral/reply.ts'
import { readHead, readLogprobs, readStop } from './read-reply.ts'
import { readUsage } from './reply.ts'
import { readThinking } from './thinking.ts'

/** What is known of one choice so far. */
interface ChoiceState {
  /** Its calls by the provider's index: the id that was told. */
  readonly calls: Map<number, string>
  /** Thinking is open and no seal has come: it gets one of its own, so that it may be given back. */
  isThinking: boolean
  /** Thinking that stood outside of details since the last seal: some give the whole of it once more with its seal. */
  plain: string
  /** Indices of the details that were sealed: some give them again with each that follows. */
  readonly sealed: Set<number>
  isFinished: boolean
}

/** Reads the chunks of one stream. */
export function readStream(): StreamReader {
  const choices = new Map<number, ChoiceState>()
  let isStarted = false
  return {
    read: (frame) => {
      const { data } = decodeSseFrame(frame)
      const chunk = data === undefined || data === '[DONE]' ? undefined : parse(data)
      if (chunk === undefined) return []
      const events: StreamEvent[] = []
      if (!isStarted) {
        isStarted = true
        events.push({ type: 'start', ...readHead(chunk) })
      }
      // Before the content: some servers count in each chunk, and a writer may have to tell the input first.
      const usage = readUsage(chunk.usage)
      if (usage !== undefined) events.push({ type: 'usage', usage })
      for (const choice of listOf(chunk.choices)) readChoice(choice, choices, events)
      return events
    },
  }
}

function parse(data: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(data)
    return isObject(value) ? value : undefined
  } catch {
    // The decoder looks only at frames that tell something; one that is broken elsewhere says nothing.
    return undefined
  }
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  const list: readonly Json[] = Array.isArray(value) ? value : []
  return list.filter(isObject)
}

function readChoice(choice: JsonObject, choices: Map<number, ChoiceState>, events: StreamEvent[]): void {
  const candidate = typeof choice.index === 'number' ? choice.index : 0
  const state = choices.get(candidate) ?? {
    calls: new Map<number, string>(),
    isThinking: false,
    plain: '',
    sealed: new Set<number>(),
    isFinished: false,
  }
  choices.set(candidate, state)
  const delta = isObject(choice.delta) ? choice.delta : {}
  readThoughts(delta, { candidate, state, events })
  const { content, refusal } = delta
  const calls = listOf(delta.tool_calls)
  const stop = readStop(choice.finish_reason)
  const hasText = typeof content === 'string' && content !== ''
  const hasRefusal = typeof refusal === 'string' && refusal !== ''
  if (state.isThinking && (hasText || hasRefusal || calls.length > 0 || stop !== undefined)) {
    state.isThinking = false
    events.push({ type: 'seal', candidate, seal: { wire: 'openai-chat', value: '' } })
  }
  if (hasText) events.push({ type: 'text', candidate, text: content })
  if (hasRefusal) events.push({ type: 'refusal', candidate, text: refusal })
  calls.forEach((call, position) => {
    readCall(call, position, { candidate, state, events })
  })
  const logprobs = readLogprobs(choice.logprobs)
  if (logprobs.length > 0) events.push({ type: 'logprobs', candidate, logprobs })
  // A provider that says it twice has said it once.
  if (stop !== undefined && !state.isFinished) events.push({ type: 'finish', candidate, stop })
  state.isFinished ||= stop !== undefined
}

/** Where the events of one choice go. */
interface Into {
  readonly candidate: number
  readonly state: ChoiceState
  readonly events: StreamEvent[]
}

function readThoughts(delta: JsonObject, { candidate, state, events }: Into): void {
  const { before } = readThinking(withoutSealed(delta, state))
  for (const thought of before) {
    if (thought.type !== 'thinking') continue
    const isRepeated = Array.isArray(delta.reasoning_details) && state.plain !== '' && thought.text === state.plain
    if (!Array.isArray(delta.reasoning_details)) state.plain += thought.text
    if (thought.text !== '' && !isRepeated) {
      events.push({ type: 'thinking', candidate, text: thought.text })
      state.isThinking = true
    }
    // Plain thinking is sealed once it is over; a provider's own seal ends it.
    if (thought.seal === undefined || (thought.seal.wire === 'openai-chat' && thought.seal.value === '')) continue
    events.push({ type: 'seal', candidate, seal: thought.seal, ...(thought.isHidden ? { isHidden: true as const } : {}) })
    state.isThinking = false
    state.plain = ''
  }
}

/** A delta without the details that were told before. */
function withoutSealed(delta: JsonObject, { sealed }: ChoiceState): JsonObject {
  if (!Array.isArray(delta.reasoning_details)) return delta
  const details = listOf(delta.reasoning_details).filter(({ index }) => typeof index !== 'number' || !sealed.has(index))
  for (const { index, signature, data } of details) {
    if (typeof index === 'number' && (typeof signature === 'string' || typeof data === 'string')) sealed.add(index)
  }
  return { ...delta, reasoning_details: details }
}

/** A call begins with its name; what comes under its index after that are arguments. Some servers give neither index nor id. */
function readCall(call: JsonObject, position: number, { candidate, state, events }: Into): void {
  const called = isObject(call.function) ? call.function : {}
  const id = typeof call.id === 'string' && call.id !== '' ? call.id : undefined
  const name = typeof called.name === 'string' && called.name !== '' ? called.name : undefined
  const index = indexOf(call, { id, name, position, known: state.calls })
  if (!state.calls.has(index)) {
    const given = id ?? `call_${candidate}_${index}`
    state.calls.set(index, given)
    events.push({ type: 'tool-call', candidate, index, id: given, name: name ?? '' })
  }
  const text = typeof called.arguments === 'string' ? called.arguments : isObject(called.arguments) ? JSON.stringify(called.arguments) : ''
  if (text !== '') events.push({ type: 'arguments', candidate, index, text })
}

interface CallPlace {
  readonly id: string | undefined
  readonly name: string | undefined
  readonly position: number
  readonly known: ReadonlyMap<number, string>
}

/** The index under which a call goes on. A new id under an index that is taken is another call: some servers give each the index 0. */
function indexOf(call: JsonObject, { id, name, position, known }: CallPlace): number {
  const said = typeof call.index === 'number' && Number.isSafeInteger(call.index) && call.index >= 0 ? call.index : undefined
  const isOther = id !== undefined && name !== undefined
  if (said === undefined) return isOther ? known.size : Math.max(0, known.size - 1 + position)
  const before = known.get(said)
  return isOther && before !== undefined && before !== id ? known.size : said
}
