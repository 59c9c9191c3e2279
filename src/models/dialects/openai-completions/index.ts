import { GatewayError } from '../../../core/errors.ts'
import type { Dialect } from '../../dialect.ts'
import { encodeError, encodeStreamError } from '../openai-chat/error.ts'
import { encodeCost } from '../openai-chat/stream.ts'
import { decodeFailure } from '../provider-error.ts'
import { readStream } from './read-stream.ts'
import { decodeRequest } from './request.ts'
import { writeReply } from './write-reply.ts'
import { writeStream } from './write-stream.ts'

/**
 * OpenAI's older completions, which only callers speak: a prompt is asked of any model as the words of a user.
 * Source: https://platform.openai.com/docs/api-reference/completions (read 2026-11-21).
 */
export const openaiCompletions: Dialect = {
  wire: 'openai-completions',
  endpoints: [{ path: '/v1/completions', operation: 'generate' }],
  isForCallersOnly: true,
  path: noProviders,
  auth: 'bearer',
  headers: {},
  decodeRequest,
  encodeRequest: noProviders,
  writeRequest: noProviders,
  decodeReply: noProviders,
  writeReply,
  decodeStream: noProviders,
  readStream,
  writeStream,
  decodeError: decodeFailure,
  encodeError,
  encodeStreamError,
  encodeCost,
}

/** @throws always: providers of this wire are asked by nobody */
function noProviders(): never {
  throw new GatewayError('internal', 'No provider is asked in the wire openai-completions.')
}
