import type { JsonObject } from '../../../core/json.ts'
import type { ReplyContext, Written } from '../../dialect.ts'
import type { Content } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralReply, TokenLogprob } from '../../neutral/reply.ts'
import { itemId, outputText, writeResponse, writeStatus } from './response.ts'
import { writeReasoning } from './seal.ts'
import { writeUsage } from './usage.ts'

/** Writes a whole response. This wire has one answer; others that were given are a loss. */
export function writeReply(reply: NeutralReply, context: ReplyContext): Written {
  const losses = new Losses()
  losses.addAll(reply.losses)
  const [candidate, ...others] = reply.candidates
  if (others.length > 0) losses.drop('candidates', 'this wire has one answer')
  const citations = candidate?.content.flatMap((piece) => (piece.type === 'text' ? (piece.citations ?? []) : [])) ?? []
  if (citations.some(({ url }) => url === undefined)) losses.drop('citations', 'this wire cites addresses only')
  const status = writeStatus(candidate?.stop, { hasRefused: candidate?.content.some(({ type }) => type === 'refusal') ?? false })
  const output = withStatus(writeOutput(candidate?.content ?? [], candidate?.logprobs ?? [], context), status)
  const response = writeResponse(context, {
    ...(reply.createdSeconds === undefined ? {} : { created_at: reply.createdSeconds }),
    completed_at: status.status === 'completed' ? context.nowSeconds : null,
    ...status,
    model: reply.model ?? context.request.model,
    output,
    usage: reply.usage === undefined ? null : writeUsage(reply.usage),
    ...(reply.usage?.serviceTier === undefined ? {} : { service_tier: reply.usage.serviceTier }),
  })
  return { text: JSON.stringify(response), losses: losses.list }
}

/** The last message is what was cut short, where the response was. */
function withStatus(output: readonly JsonObject[], { status }: JsonObject): readonly JsonObject[] {
  const last = output.at(-1)
  return status === 'completed' || last?.type !== 'message' ? output : [...output.slice(0, -1), { ...last, status: 'incomplete' }]
}

/** Texts that follow each other are one message. */
function writeOutput(content: readonly Content[], logprobs: readonly TokenLogprob[], context: ReplyContext): readonly JsonObject[] {
  const items: JsonObject[] = []
  let open: JsonObject[] | undefined
  let unsaid = logprobs
  for (const piece of content) {
    if (piece.type === 'text' || piece.type === 'refusal') {
      if (open === undefined) {
        open = []
        items.push({ type: 'message', id: itemId(context, 'msg', items.length), status: 'completed', role: 'assistant', content: open })
      }
      open.push(piece.type === 'refusal' ? { type: 'refusal', refusal: piece.text } : outputText(piece.text, piece.citations ?? [], unsaid))
      if (piece.type === 'text') unsaid = []
      continue
    }
    const item = writeItem(piece, items.length, context)
    if (item === undefined) continue
    open = undefined
    items.push(item)
  }
  return items
}

function writeItem(piece: Content, index: number, context: ReplyContext): JsonObject | undefined {
  if (piece.type === 'thinking') return writeReasoning(piece, itemId(context, 'rs', index))
  if (piece.type !== 'tool-call') return undefined
  const { id, name, arguments: text, isFree } = piece
  if (isFree) return { type: 'custom_tool_call', id: itemId(context, 'ctc', index), call_id: id, name, input: text, status: 'completed' }
  return {
    type: 'function_call',
    id: itemId(context, 'fc', index),
    call_id: id,
    name,
    arguments: text === '' ? '{}' : text,
    status: 'completed',
  }
}
