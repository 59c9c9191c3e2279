import type { Dialect } from '../../dialect.ts'
import { decodeFailure } from '../provider-error.ts'
import { embedding } from './embedding.ts'
import { encodeError, encodeStreamError } from './error.ts'
import { readStream } from './read-stream.ts'
import { decodeReply } from './reply.ts'
import { decodeRequest, encodeRequest } from './request.ts'
import { decodeStream, encodeCost } from './stream.ts'
import { writeReply } from './write-reply.ts'
import { writeRequest } from './write-request.ts'
import { writeStream } from './write-stream.ts'

/** OpenAI Chat Completions, as OpenAI and everybody compatible speak it. */
export const openaiChat: Dialect = {
  wire: 'openai-chat',
  endpoints: [
    { path: '/v1/chat/completions', operation: 'generate' },
    { path: '/v1/chat', operation: 'generate' },
    { path: '/v1/embeddings', operation: 'embed' },
  ],
  path: () => '/chat/completions',
  auth: 'bearer',
  headers: {},
  decodeRequest,
  encodeRequest,
  writeRequest,
  decodeReply,
  writeReply,
  decodeStream,
  readStream,
  writeStream,
  decodeError: decodeFailure,
  encodeError,
  encodeStreamError,
  encodeCost,
  embedding,
}
