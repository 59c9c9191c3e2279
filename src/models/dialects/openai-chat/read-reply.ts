import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Content } from '../../neutral/content.ts'
import type { Loss } from '../../neutral/loss.ts'
import type { Candidate, NeutralReply, StopReason, TokenLogprob } from '../../neutral/reply.ts'
import { readUsage } from './reply.ts'
import { readThinking } from './thinking.ts'

/** What a whole completion says. The decoder has seen that it is one. */
export function readReply(value: JsonObject): NeutralReply {
  const choices: readonly Json[] = Array.isArray(value.choices) ? value.choices : []
  const usage = readUsage(value.usage)
  return {
    ...readHead(value),
    candidates: choices.filter(isObject).map(readChoice),
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
    ...(typeof created === 'number' ? { createdSeconds: created } : {}),
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
  const list: readonly Json[] = isObject(value) && Array.isArray(value.content) ? value.content : []
  return list.filter(isObject).map((one) => {
    const top: readonly Json[] = Array.isArray(one.top_logprobs) ? one.top_logprobs : []
    return { ...readLogprob(one), top: top.filter(isObject).map(readLogprob) }
  })
}

function readLogprob(value: JsonObject): { readonly token: string; readonly logprob: number } {
  return { token: typeof value.token === 'string' ? value.token : '', logprob: typeof value.logprob === 'number' ? value.logprob : 0 }
}

function readReplyLosses(message: Json | undefined): readonly Loss[] {
  if (!isObject(message) || !isObject(message.audio)) return []
  return [{ path: 'choices.message.audio', action: 'dropped', reason: 'no other wire answers in audio' }]
}

function readChoice(choice: JsonObject): Candidate {
  const stop = readStop(choice.finish_reason)
  const logprobs = readLogprobs(choice.logprobs)
  return {
    content: isObject(choice.message) ? readContent(choice.message) : [],
    ...(stop === undefined ? {} : { stop }),
    ...(logprobs.length === 0 ? {} : { logprobs }),
  }
}

function readContent(message: JsonObject): readonly Content[] {
  const { before, ofCall } = readThinking(message)
  const { content, refusal } = message
  const citations = readCitations(message.annotations)
  const calls: readonly Json[] = Array.isArray(message.tool_calls) ? message.tool_calls : []
  return [
    ...before,
    ...(typeof content === 'string' && content !== ''
      ? [{ type: 'text' as const, text: content, ...(citations.length === 0 ? {} : { citations }) }]
      : []),
    ...(typeof refusal === 'string' && refusal !== '' ? [{ type: 'refusal' as const, text: refusal }] : []),
    ...calls.filter(isObject).flatMap((call, index) => readCall(call, index, ofCall)),
  ]
}

function readCall(call: JsonObject, index: number, ofCall: (id: string, call: JsonObject) => readonly Content[]): readonly Content[] {
  const called = isObject(call.function) ? call.function : {}
  const id = typeof call.id === 'string' && call.id !== '' ? call.id : `call_${index}`
  const name = typeof called.name === 'string' ? called.name : ''
  // Some servers give the arguments as an object.
  const text =
    typeof called.arguments === 'string' ? called.arguments : called.arguments === undefined ? '' : JSON.stringify(called.arguments)
  return [...ofCall(id, call), { type: 'tool-call', id, name, arguments: text }]
}

function readCitations(annotations: Json | undefined) {
  const list: readonly Json[] = Array.isArray(annotations) ? annotations : []
  return list.filter(isObject).flatMap((annotation) => {
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
