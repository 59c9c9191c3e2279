import type { JsonObject } from '../../../core/json.ts'
import type { ReplyContext, Written } from '../../dialect.ts'
import type { Citation, Content } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { Candidate, NeutralReply, StopReason, TokenLogprob } from '../../neutral/reply.ts'
import { tierOf } from '../openai-fields.ts'
import { writeDetail } from './thinking.ts'
import { writeCall } from './write-call.ts'
import { writeUsage } from './write-usage.ts'

/** Writes a whole completion. */
export function writeReply(reply: NeutralReply, context: ReplyContext): Written {
  const losses = new Losses()
  losses.addAll(reply.losses)
  const texts = reply.candidates.flatMap(({ content }) => content.filter((piece) => piece.type === 'text'))
  if (texts.some(({ citations = [] }) => citations.some(({ url }) => url === undefined)))
    losses.drop('citations', 'this wire cites addresses only')
  const body: JsonObject = {
    id: reply.id ?? `chatcmpl-${context.callId}`,
    object: 'chat.completion',
    created: reply.createdSeconds ?? context.nowSeconds,
    model: reply.model ?? context.request.model,
    choices: reply.candidates.map((candidate, index) => writeChoice(candidate, index)),
    ...(reply.usage === undefined ? {} : { usage: writeUsage(reply.usage), service_tier: tierOf(context, reply.usage.serviceTier) }),
  }
  return { text: JSON.stringify(body), losses: losses.list }
}

/** The finish reason of a stop; null where the provider gave none. What this wire has no word for goes on as the provider's own word. */
export function writeStop(stop: StopReason | undefined, { hasCalls }: { readonly hasCalls: boolean }): string | null {
  switch (stop?.type) {
    case undefined:
      return null
    case 'stop':
      // Some providers say `stop` also of an answer that asks for tools; callers go by the reason.
      return hasCalls ? 'tool_calls' : 'stop'
    case 'stop-sequence':
      return 'stop'
    case 'length':
    case 'context-full':
      return 'length'
    case 'tool-calls':
      return 'tool_calls'
    case 'content-filter':
    case 'refusal':
      return 'content_filter'
    case 'pause':
      return 'stop'
    default:
      return stop === undefined ? null : stop.said
  }
}

/** `logprobs` of a choice. */
export function writeLogprobs(logprobs: readonly TokenLogprob[] | undefined): JsonObject | null {
  if (logprobs === undefined) return null
  const bytesOf = (token: string) => [...new TextEncoder().encode(token)]
  const content = logprobs.map(({ token, logprob, top }) => ({
    token,
    logprob,
    bytes: bytesOf(token),
    top_logprobs: top.map((one) => ({ ...one, bytes: bytesOf(one.token) })),
  }))
  return { content, refusal: null }
}

function writeChoice({ content, stop, logprobs }: Candidate, index: number): JsonObject {
  return {
    index,
    message: writeMessage(content),
    logprobs: writeLogprobs(logprobs),
    finish_reason: writeStop(stop, { hasCalls: content.some(({ type }) => type === 'tool-call') }),
  }
}

function writeMessage(content: readonly Content[]): JsonObject {
  const texts = content.filter((piece) => piece.type === 'text')
  const refusals = content.filter((piece) => piece.type === 'refusal').map(({ text }) => text)
  const thoughts = content.filter((piece) => piece.type === 'thinking')
  const calls = content.filter((piece) => piece.type === 'tool-call')
  const annotations = annotationsOf(texts.map(({ citations }) => citations ?? []))
  const thought = thoughts.map(({ text }) => text).join('')
  return {
    role: 'assistant',
    content: texts.length === 0 ? null : texts.map(({ text }) => text).join(''),
    refusal: refusals.length === 0 ? null : refusals.join(''),
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(thoughts.length === 0 ? {} : { reasoning_details: detailsOf(content) }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(writeCall) }),
  }
}

/** Thinking as details. One that is not the first and stands before a call has the call's id, so that it comes back to its place. */
function detailsOf(content: readonly Content[]): readonly JsonObject[] {
  const details: JsonObject[] = []
  content.forEach((piece, at) => {
    if (piece.type !== 'thinking') return
    const next = content.slice(at + 1).find(({ type }) => type !== 'thinking')
    const isFirst = content.slice(0, at).every(({ type }) => type === 'thinking')
    details.push(writeDetail(piece, details.length, !isFirst && next?.type === 'tool-call' ? next.id : undefined))
  })
  return details
}

/** Citations of the web as annotations; others have no place in this wire but in the text that cites them. */
export function annotationsOf(citations: readonly (readonly Citation[])[]): readonly JsonObject[] {
  return citations
    .flat()
    .flatMap(({ url, title, from, to }) =>
      url === undefined
        ? []
        : [{ type: 'url_citation', url_citation: { url, title: title ?? url, start_index: from ?? 0, end_index: to ?? 0 } }],
    )
}
