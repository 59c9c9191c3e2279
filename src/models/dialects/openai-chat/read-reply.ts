import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Citation, Content, ToolCallContent } from '../../neutral/content.ts'
import type { Loss } from '../../neutral/loss.ts'
import type { Candidate, NeutralReply, StopReason, TokenLogprob } from '../../neutral/reply.ts'
import { readUsage } from './read-usage.ts'
import { readParts, readThinking } from './thinking.ts'

/** What a whole completion says. The decoder has seen that it is one. */
export function readReply(value: JsonObject): NeutralReply {
  const choices: readonly Json[] = Array.isArray(value.choices) ? value.choices : []
  const usage = readUsage(value.usage, value.service_tier)
  return {
    ...readHead(value),
    candidates: choices.filter(isObject).map((choice, at) => readChoice(choice, at === 0 ? searchedIn(value) : [])),
    ...(usage === undefined ? {} : { usage }),
    losses: choices.filter(isObject).flatMap(({ message }) => readReplyLosses(message)),
  }
}

/** Id, model and time of a completion or a chunk. */
export function readHead(value: JsonObject): Pick<NeutralReply, 'id' | 'model' | 'createdSeconds'> {
  const { id, model, created } = value
  return {
    ...(typeof id === 'string' && id !== '' ? { id } : {}),
    ...(typeof model === 'string' && model !== '' ? { model } : {}),
    // Azure begins a stream with a chunk whose head is empty: the results of its filters.
    ...(typeof created === 'number' && created > 0 ? { createdSeconds: created } : {}),
  }
}

/** Why the model stopped; undefined where it did not say. */
export function readStop(reason: Json | undefined): StopReason | undefined {
  switch (reason) {
    case 'stop':
    case 'length':
      return { type: reason }
    case 'tool_calls':
    case 'function_call':
      return { type: 'tool-calls' }
    case 'content_filter':
      return { type: 'content-filter' }
    default:
      return typeof reason === 'string' && reason !== '' ? { type: 'other', said: reason } : undefined
  }
}

/** `logprobs.content` of a choice. */
export function readLogprobs(value: Json | undefined): readonly TokenLogprob[] {
  if (!isObject(value)) return []
  const list: readonly Json[] = Array.isArray(value.content) ? value.content : []
  return list.filter(isObject).map((one) => {
    const top: readonly Json[] = Array.isArray(one.top_logprobs) ? one.top_logprobs : []
    return { ...readLogprob(one), top: top.filter(isObject).map(readLogprob) }
  })
}

function readLogprob(value: JsonObject): { readonly token: string; readonly logprob: number } {
  return { token: typeof value.token === 'string' ? value.token : '', logprob: typeof value.logprob === 'number' ? value.logprob : 0 }
}

/** What becomes of an answer in sound. */
export const AUDIO_LOSS: Loss = { path: 'choices.message.audio', action: 'dropped', reason: 'no other wire answers in audio' }

function readReplyLosses(message: Json | undefined): readonly Loss[] {
  if (!isObject(message) || !isObject(message.audio)) return []
  return [AUDIO_LOSS]
}

function readChoice(choice: JsonObject, searched: readonly Citation[]): Candidate {
  const stop = readStop(choice.finish_reason)
  const logprobs = readLogprobs(choice.logprobs)
  return {
    content: isObject(choice.message) ? readContent(choice.message, searched) : [],
    ...(stop === undefined ? {} : { stop }),
    ...(logprobs.length === 0 ? {} : { logprobs }),
  }
}

function readContent(message: JsonObject, searched: readonly Citation[]): readonly Content[] {
  const { before, ofCall } = readThinking(message)
  const { content, refusal } = message
  const own = readCitations(message.annotations)
  const citations = searched.length === 0 ? own : [...own, ...searched]
  const read: Content[] = [...before]
  if (typeof content === 'string' && content !== '')
    read.push({ type: 'text', text: content, ...(citations.length === 0 ? {} : { citations }) })
  else if (Array.isArray(content)) read.push(...readParts(content))
  if (typeof refusal === 'string' && refusal !== '') read.push({ type: 'refusal', text: refusal })
  callsIn(message).forEach((call, index) => {
    read.push(...readCall(call, index, ofCall))
  })
  return read
}

/** Calls of a message or a delta. The older `function_call` is one without an id. */
export function callsIn({ tool_calls: listed, function_call: older }: JsonObject): readonly JsonObject[] {
  if (Array.isArray(listed) && listed.length > 0) return listed.filter(isObject)
  return isObject(older) ? [{ index: 0, function: older }] : []
}

/** What is called, and with what: of a function, or of a custom tool, whose input is free text. */
export function calledIn({ function: called, custom }: JsonObject): JsonObject {
  if (isObject(called)) return called
  return isObject(custom) ? { name: custom.name, arguments: custom.input } : {}
}

/** The mark of a call with free text. */
export function freedom({ function: called, custom, type }: JsonObject): Pick<ToolCallContent, 'isFree'> {
  return !isObject(called) && (type === 'custom' || isObject(custom)) ? { isFree: true } : {}
}

function readCall(call: JsonObject, index: number, ofCall: (id: string, call: JsonObject) => readonly Content[]): readonly Content[] {
  const called = calledIn(call)
  const id = typeof call.id === 'string' && call.id !== '' ? call.id : `call_${index}`
  const name = typeof called.name === 'string' ? called.name : ''
  // Some servers give the arguments as an object.
  const text =
    typeof called.arguments === 'string' ? called.arguments : called.arguments === undefined ? '' : JSON.stringify(called.arguments)
  return [...ofCall(id, call), { type: 'tool-call', id, name, arguments: text, ...freedom(call) }]
}

/** Pages that a provider searched before it answered, which Perplexity names beside the choices. */
export function searchedIn({ search_results: results, citations: urls }: JsonObject): readonly Citation[] {
  if (Array.isArray(results)) {
    return results
      .filter(isObject)
      .flatMap(({ url, title }) => (typeof url === 'string' ? [{ url, ...(typeof title === 'string' ? { title } : {}) }] : []))
  }
  return Array.isArray(urls) ? urls.flatMap((url: Json) => (typeof url === 'string' ? [{ url }] : [])) : []
}

function readCitations(annotations: Json | undefined) {
  if (!Array.isArray(annotations)) return []
  return annotations.filter(isObject).flatMap((annotation) => {
    const cited = annotation.url_citation
    if (!isObject(cited) || typeof cited.url !== 'string') return []
    return [
      {
        url: cited.url,
        ...(typeof cited.title === 'string' ? { title: cited.title } : {}),
        ...(typeof cited.start_index === 'number' ? { from: cited.start_index } : {}),
        ...(typeof cited.end_index === 'number' ? { to: cited.end_index } : {}),
      },
    ]
  })
}
