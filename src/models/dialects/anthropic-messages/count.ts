import type { CountingDialect } from '../../dialect.ts'
import { parseAgain } from '../decode-body.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { readRequest } from './read-request.ts'
import { decodeRequest, encodeRequest } from './request.ts'
import { writeRequest } from './write-request.ts'

/** Fields of a generation that the counting endpoint refuses. */
const OF_GENERATION = ['max_tokens', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences', 'metadata', 'service_tier']

/** How this wire counts the tokens of a request. */
export const counting: CountingDialect = {
  path: () => '/messages/count_tokens',
  decodeRequest: (body, bounds, address) => {
    const request = decodeRequest(body, bounds, address)
    return {
      ...request,
      operation: 'count-tokens',
      isStream: false,
      neutral: () => readRequest(parseAgain(request.text), { isCount: true }),
    }
  },
  encodeRequest,
  writeRequest: (request, target) => {
    const { text, losses } = writeRequest(request, false, target)
    const body = parseAgain(text)
    const asked = Object.fromEntries(Object.entries(body).filter(([key]) => !OF_GENERATION.includes(key)))
    return { text: JSON.stringify(asked), losses }
  },
  decodeReply: (body, target) => {
    const value = parseReplyBody(body, target)
    const failure = errorInReply(value, target.provider)
    if (failure !== undefined) throw failure
    const { input_tokens: tokens } = value
    if (typeof tokens !== 'number') throw malformed(target, 'its reply has no input_tokens')
    return { type: 'whole', bytes: body, isLast: true, isHidden: false, countedTokens: tokens }
  },
  writeReply: (tokens) => JSON.stringify({ input_tokens: tokens }),
}
