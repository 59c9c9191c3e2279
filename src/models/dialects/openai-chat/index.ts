import type { Dialect } from '../../types.ts'
import { decodeError, encodeError, encodeStreamError } from './error.ts'
import { decodeReply } from './reply.ts'
import { decodeRequest, encodeRequest } from './request.ts'
import { decodeStream, encodeCost } from './stream.ts'

/** OpenAI Chat Completions, as OpenAI and everybody compatible speak it. */
export const openaiChat: Dialect = {
  wire: 'openai-chat',
  path: '/chat/completions',
  decodeRequest,
  encodeRequest,
  decodeReply,
  decodeStream,
  decodeError,
  encodeError,
  encodeStreamError,
  encodeCost,
}
