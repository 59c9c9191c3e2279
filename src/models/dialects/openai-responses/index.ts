import type { Dialect } from '../../dialect.ts'
import { decodeFailure } from '../provider-error.ts'
import { encodeError, encodeStreamError } from './error.ts'
import { readStream } from './read-stream.ts'
import { decodeReply } from './reply.ts'
import { decodeRequest, encodeRequest } from './request.ts'
import { resumeStream } from './resume.ts'
import { decodeStream, encodeCost } from './stream.ts'
import { writeReply } from './write-reply.ts'
import { writeRequest } from './write-request.ts'
import { writeStream } from './write-stream.ts'

/** OpenAI Responses, as OpenAI and the Open Responses standard have it. Source: https://www.openresponses.org/specification (read 2026-11-21). */
export const openaiResponses: Dialect = {
  wire: 'openai-responses',
  endpoints: [{ path: '/v1/responses', operation: 'generate' }],
  path: () => '/responses',
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
  resumeStream,
  decodeError: decodeFailure,
  encodeError,
  encodeStreamError,
  encodeCost,
}
