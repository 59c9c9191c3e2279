import { CONVERSE_FRAMING } from '../../cloud/event-stream-framing.ts'
import type { Dialect } from '../../dialect.ts'
import { counting } from './counting.ts'
import { decodeError } from './error.ts'
import { noCallers } from './no-callers.ts'
import { readStream } from './read-stream.ts'
import { decodeReply } from './reply.ts'
import { decodeStream } from './stream.ts'
import { writeRequest } from './write-request.ts'

/**
 * Converse and ConverseStream of AWS Bedrock, which only providers speak.
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (read 2026-11-21).
 */
export const converse: Dialect = {
  wire: 'converse',
  endpoints: [],
  path: (modelId, how) => `/model/${encodeURIComponent(modelId)}/${how === 'stream' ? 'converse-stream' : 'converse'}`,
  auth: 'bearer',
  headers: {},
  framing: CONVERSE_FRAMING,
  decodeRequest: noCallers,
  encodeRequest: noCallers,
  writeRequest,
  decodeReply,
  writeReply: noCallers,
  decodeStream,
  readStream,
  writeStream: noCallers,
  decodeError,
  encodeError: noCallers,
  encodeStreamError: noCallers,
  encodeCost: (part) => part.bytes,
  counting,
}
