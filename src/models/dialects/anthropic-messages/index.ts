import type { Dialect } from '../../dialect.ts'
import { decodeFailure } from '../provider-error.ts'
import { counting } from './count.ts'
import { encodeError, encodeStreamError } from './error.ts'
import { readStream } from './read-stream.ts'
import { decodeReply } from './reply.ts'
import { decodeRequest, encodeRequest } from './request.ts'
import { resumeStream } from './resume.ts'
import { decodeStream, encodeCost } from './stream.ts'
import { writeReply } from './write-reply.ts'
import { writeRequest } from './write-request.ts'
import { writeStream } from './write-stream.ts'

/** Anthropic Messages. Source: https://docs.claude.com/en/api/messages (read 2026-11-21). */
export const anthropicMessages: Dialect = {
  wire: 'anthropic-messages',
  endpoints: [
    { path: '/v1/messages', operation: 'generate' },
    { path: '/v1/messages/count_tokens', operation: 'count-tokens' },
  ],
  path: () => '/messages',
  auth: 'x-api-key',
  beginsWithUsage: true,
  headers: { 'anthropic-version': '2023-06-01' },
  decodeRequest,
  encodeRequest,
  writeRequest,
  decodeReply,
  writeReply,
  decodeStream,
  readStream,
  resumeStream,
  writeStream,
  decodeError: decodeFailure,
  encodeError,
  encodeStreamError,
  encodeCost,
  counting,
}
