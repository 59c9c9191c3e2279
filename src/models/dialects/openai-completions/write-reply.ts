import type { ReplyContext, Written } from '../../dialect.ts'
import { Losses } from '../../neutral/loss.ts'
import type { Candidate, NeutralReply, TokenLogprob } from '../../neutral/reply.ts'
import { writeStop } from '../openai-chat/write-reply.ts'
import { writeUsage } from '../openai-chat/write-usage.ts'

/** Writes a whole completion. */
export function writeReply(reply: NeutralReply, { callId, nowSeconds, request }: ReplyContext): Written {
  const losses = new Losses()
  losses.addAll(reply.losses)
  const body = {
    id: reply.id ?? `cmpl-${callId}`,
    object: 'text_completion',
    created: reply.createdSeconds ?? nowSeconds,
    model: reply.model ?? request.model,
    choices: reply.candidates.map((candidate, index) => writeChoice(candidate, index, losses)),
    ...(reply.usage === undefined ? {} : { usage: writeUsage(reply.usage) }),
  }
  return { text: JSON.stringify(body), losses: losses.list }
}

/** `logprobs` of a choice, in this wire's lists. */
export function writeLogprobs(logprobs: readonly TokenLogprob[] | undefined) {
  if (logprobs === undefined) return null
  return {
    tokens: logprobs.map(({ token }) => token),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
    text_offset: [],
  }
}

function writeChoice({ content, stop, logprobs }: Candidate, index: number, losses: Losses) {
  const texts = content.flatMap((piece) => {
    if (piece.type === 'text' || piece.type === 'refusal') return [piece.text]
    losses.drop(piece.type, 'completions are text alone')
    return []
  })
  return { index, text: texts.join(''), logprobs: writeLogprobs(logprobs), finish_reason: writeStop(stop, { hasCalls: false }) }
}
