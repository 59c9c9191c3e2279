import { isObject, type Json, type JsonObject, objectsIn } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamReader } from '../../dialect.ts'
import type { Seal } from '../../neutral/content.ts'
import type { StreamEvent } from '../../neutral/reply.ts'
import { readFrameData } from '../provider-reply.ts'
import { AUDIO_LOSS, calledIn, callsIn, freedom, readHead, readLogprobs, readStop, searchedIn } from './read-reply.ts'
import { readUsage } from './read-usage.ts'
import { isPlain, OWN_SEAL, readParts, readThinking } from './thinking.ts'

/** What is known of one choice so far. */
interface ChoiceState {
  /** Its calls by the provider's index: the id that was told. */
  readonly calls: Map<number, string>
  /** Where an index of the provider's was given out again: the call that it stands for now. */
  readonly again: Map<number, number>
  /** Thinking is open and no seal has come: it gets this one, so that it may be given back. */
  open: Seal | undefined
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
  let hasSearched = false
  let hasAudio = false
  return {
    read: (frame) => {
      const { data } = decodeSseFrame(frame)
      const chunk = data === undefined || data === '[DONE]' ? undefined : readFrameData(data)
      if (chunk === undefined) return []
      const events: StreamEvent[] = []
      const said = objectsIn(chunk.choices)
      // Azure begins with a chunk of filter results, whose head is empty.
      if (!isStarted && (said.length > 0 || chunk.id !== '')) {
        isStarted = true
        events.push({ type: 'start', ...readHead(chunk) })
      }
      // Before the content: some servers count in each chunk, and a writer may have to tell the input first.
      const usage = readUsage(chunk.usage, chunk.service_tier)
      if (usage !== undefined) events.push({ type: 'usage', usage })
      for (const choice of said) readChoice(choice, choices, events)
      const searched = hasSearched || said.length === 0 ? [] : searchedIn(chunk)
      hasSearched ||= searched.length > 0
      for (const citation of searched) events.push({ type: 'citation', candidate: 0, citation })
      if (!hasAudio && said.some(({ delta }) => isObject(delta) && isObject(delta.audio))) {
        hasAudio = true
        events.push({ type: 'loss', loss: AUDIO_LOSS })
      }
      return events
    },
  }
}

function readChoice(choice: JsonObject, choices: Map<number, ChoiceState>, events: StreamEvent[]): void {
  const candidate = typeof choice.index === 'number' ? choice.index : 0
  const state = choices.get(candidate) ?? {
    calls: new Map<number, string>(),
    again: new Map<number, number>(),
    open: undefined,
    plain: '',
    sealed: new Set<number>(),
    isFinished: false,
  }
  choices.set(candidate, state)
  const delta = isObject(choice.delta) ? choice.delta : {}
  const { content, refusal } = delta
  const calls = callsIn(delta)
  const stop = readStop(choice.finish_reason)
  const hasText = typeof content === 'string' && content !== ''
  const hasRefusal = typeof refusal === 'string' && refusal !== ''
  const into: Into = { candidate, state, events }
  readThoughts(delta, into)
  if (Array.isArray(content)) readList(content, into)
  if (hasText || hasRefusal || calls.length > 0 || stop !== undefined) endThinking(into)
  if (hasText) events.push({ type: 'text', candidate, text: content })
  if (hasRefusal) events.push({ type: 'refusal', candidate, text: refusal })
  calls.forEach((call, position) => {
    readCall(call, position, into)
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

/** A content that is a list, of thinking and texts. */
function readList(parts: readonly Json[], into: Into): void {
  const { candidate, state, events } = into
  for (const part of readParts(parts)) {
    if (part.type === 'text') endThinking(into)
    else state.open = part.seal
    events.push({ type: part.type, candidate, text: part.text })
  }
}

function endThinking({ candidate, state, events }: Into): void {
  if (state.open === undefined) return
  events.push({ type: 'seal', candidate, seal: state.open })
  state.open = undefined
}

function readThoughts(delta: JsonObject, { candidate, state, events }: Into): void {
  const { before } = readThinking(withoutSealed(delta, state))
  for (const thought of before) {
    if (thought.type !== 'thinking') continue
    const isRepeated = Array.isArray(delta.reasoning_details) && state.plain !== '' && thought.text === state.plain
    if (!Array.isArray(delta.reasoning_details)) state.plain += thought.text
    if (thought.text !== '' && !isRepeated) {
      events.push({ type: 'thinking', candidate, text: thought.text })
      state.open = OWN_SEAL
    }
    // Plain thinking is sealed once it is over; a provider's own seal ends it.
    if (thought.seal === undefined || isPlain(thought.seal)) continue
    events.push({ type: 'seal', candidate, seal: thought.seal, ...(thought.isHidden ? { isHidden: true as const } : {}) })
    state.open = undefined
    state.plain = ''
  }
}

/** A delta without the details that were told before. */
function withoutSealed(delta: JsonObject, { sealed }: ChoiceState): JsonObject {
  if (!Array.isArray(delta.reasoning_details)) return delta
  const details = objectsIn(delta.reasoning_details).filter(({ index }) => typeof index !== 'number' || !sealed.has(index))
  for (const { index, signature, data } of details) {
    if (typeof index === 'number' && (typeof signature === 'string' || typeof data === 'string')) sealed.add(index)
  }
  return { ...delta, reasoning_details: details }
}

/** A call begins with its name; what comes under its index after that are arguments. Some servers give neither index nor id. */
function readCall(call: JsonObject, position: number, { candidate, state, events }: Into): void {
  const called = calledIn(call)
  const id = typeof call.id === 'string' && call.id !== '' ? call.id : undefined
  const name = typeof called.name === 'string' && called.name !== '' ? called.name : undefined
  const index = indexOf(call, { id, name, position, known: state.calls, again: state.again })
  if (!state.calls.has(index)) {
    const given = id ?? `call_${candidate}_${index}`
    state.calls.set(index, given)
    events.push({ type: 'tool-call', candidate, index, id: given, name: name ?? '', ...freedom(call) })
  }
  const text = typeof called.arguments === 'string' ? called.arguments : isObject(called.arguments) ? JSON.stringify(called.arguments) : ''
  if (text !== '') events.push({ type: 'arguments', candidate, index, text })
}

interface CallPlace {
  readonly id: string | undefined
  readonly name: string | undefined
  readonly position: number
  readonly known: ReadonlyMap<number, string>
  readonly again: Map<number, number>
}

/** The index under which a call goes on. A new id under an index that is taken is another call: some servers give each the index 0. */
function indexOf(call: JsonObject, { id, name, position, known, again }: CallPlace): number {
  const said = typeof call.index === 'number' && Number.isSafeInteger(call.index) && call.index >= 0 ? call.index : undefined
  const isOther = id !== undefined && name !== undefined
  if (said === undefined) return isOther ? known.size : Math.max(0, known.size - 1 + position)
  const current = again.get(said) ?? said
  const before = known.get(current)
  if (!isOther || before === undefined || before === id) return current
  again.set(said, known.size)
  return known.size
}
