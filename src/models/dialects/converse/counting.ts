import type { CountingDialect } from '../../dialect.ts'
import { Losses } from '../../neutral/loss.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { count } from '../token-count.ts'
import { noCallers } from './no-callers.ts'
import { writeBody } from './write-request.ts'

/** `CountTokens` of Bedrock. Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html (read 2026-11-21). */
export const counting: CountingDialect = {
  path: (modelId) => `/model/${encodeURIComponent(modelId)}/count-tokens`,
  decodeRequest: noCallers,
  encodeRequest: noCallers,
  writeRequest: (request, target) => {
    const losses = new Losses()
    losses.addAll(request.losses)
    const { messages, system, toolConfig } = writeBody(request, target, losses)
    return { text: JSON.stringify({ input: { converse: { messages, system, toolConfig } } }), losses: losses.list }
  },
  decodeReply: (body, target) => {
    const tokens = count(parseReplyBody(body, target).inputTokens)
    if (tokens === undefined) throw malformed(target, 'its reply has no inputTokens')
    return { type: 'whole', bytes: body, isLast: true, isHidden: false, countedTokens: tokens }
  },
  writeReply: noCallers,
}
