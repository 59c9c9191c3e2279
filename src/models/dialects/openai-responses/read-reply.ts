import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Content } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralReply, StopReason, TokenLogprob } from '../../neutral/reply.ts'
import { readCitations } from './read-items.ts'
import { readReasoning } from './seal.ts'
import { readUsage } from './usage.ts'

/** What a whole response says. The decoder has seen that it is one. */
export function readReply(value: JsonObject): NeutralReply {
  const losses = new Losses()
  const output: readonly Json[] = Array.isArray(value.output) ? value.output : []
  const items = output.filter(isObject)
  const content = items.flatMap((item, index) => readItem(item, index, losses))
  const logprobs = items.flatMap(logprobsOf)
  const stop = readStop(value, content)
  const usage = readUsage(value.usage, value.service_tier)
  const candidate = { content, ...(stop === undefined ? {} : { stop }), ...(logprobs.length === 0 ? {} : { logprobs }) }
  return { ...readHead(value), candidates: [candidate], ...(usage === undefined ? {} : { usage }), losses: losses.list }
}

/** Id, model and time of a response. */
export function readHead({ id, model, created_at: created }: JsonObject): Pick<NeutralReply, 'id' | 'model' | 'createdSeconds'> {
  return {
    ...(typeof id === 'string' && id !== '' ? { id } : {}),
    ...(typeof model === 'string' && model !== '' ? { model } : {}),
    ...(typeof created === 'number' ? { createdSeconds: Math.floor(created) } : {}),
  }
}

/** Why the model stopped; undefined where the response does not say. */
export function readStop(
  { status, incomplete_details: details }: JsonObject,
  content: readonly Pick<Content, 'type'>[],
): StopReason | undefined {
  if (status === 'completed') {
    if (content.some(({ type }) => type === 'tool-call')) return { type: 'tool-calls' }
    return { type: content.some(({ type }) => type === 'refusal') ? 'refusal' : 'stop' }
  }
  if (status !== 'incomplete') return typeof status === 'string' && status === 'cancelled' ? { type: 'other', said: status } : undefined
  const reason = isObject(details) && typeof details.reason === 'string' ? details.reason : 'incomplete'
  if (reason === 'max_output_tokens') return { type: 'length' }
  return reason === 'content_filter' ? { type: 'content-filter' } : { type: 'other', said: reason }
}

/** What an item of a response says. */
export function readItem(item: JsonObject, index: number, losses: Losses): readonly Content[] {
  switch (item.type) {
    case 'message': {
      const parts: readonly Json[] = Array.isArray(item.content) ? item.content : []
      reportPhase(item, losses)
      return parts.filter(isObject).flatMap(readPart)
    }
    case 'reasoning': {
      const thinking = readReasoning(item)
      return thinking.text === '' && thinking.seal === undefined ? [] : [thinking]
    }
    case 'function_call':
      return [{ type: 'tool-call', id: callId(item, index), name: textOf(item.name), arguments: textOf(item.arguments) }]
    case 'custom_tool_call':
      return [{ type: 'tool-call', id: callId(item, index), name: textOf(item.name), arguments: textOf(item.input), isFree: true }]
    default:
      losses.drop(`output.${textOf(item.type).slice(0, 50)}`, 'what a provider ran by itself has no place in other wires')
      return []
  }
}

/** What a model says on its way to an answer is a part of the answer elsewhere. */
export function reportPhase({ phase }: JsonObject, losses: Losses): void {
  if (phase === 'commentary') losses.drop('output.phase', 'other wires tell no comments from answers')
}

/** The id by which a call is answered. */
export function callId({ call_id: id, id: itemId }: JsonObject, index: number): string {
  return textOf(id) || textOf(itemId) || `call_${index}`
}

function readPart(part: JsonObject): readonly Content[] {
  if (part.type === 'refusal') return textOf(part.refusal) === '' ? [] : [{ type: 'refusal', text: textOf(part.refusal) }]
  const text = textOf(part.text)
  if (text === '') return []
  const citations = readCitations(part.annotations)
  return [{ type: 'text', text, ...(citations.length === 0 ? {} : { citations }) }]
}

function logprobsOf({ content }: JsonObject): readonly TokenLogprob[] {
  const parts: readonly Json[] = Array.isArray(content) ? content : []
  return parts.filter(isObject).flatMap(({ logprobs }) => readLogprobs(logprobs))
}

/** `logprobs` of a text. */
export function readLogprobs(value: Json | undefined): readonly TokenLogprob[] {
  const list: readonly Json[] = Array.isArray(value) ? value : []
  return list.filter(isObject).map((one) => {
    const top: readonly Json[] = Array.isArray(one.top_logprobs) ? one.top_logprobs : []
    return { ...readLogprob(one), top: top.filter(isObject).map(readLogprob) }
  })
}

function readLogprob({ token, logprob }: JsonObject): { readonly token: string; readonly logprob: number } {
  return { token: textOf(token), logprob: typeof logprob === 'number' ? logprob : 0 }
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
