import type { Dialect } from '../../dialect.ts'
import { counting } from './counting.ts'
import { embedding } from './embedding.ts'
import { decodeError, encodeError, encodeStreamError } from './error.ts'
import { JsonArrayStream } from './json-array.ts'
import { modelPath } from './path.ts'
import { readStream } from './read-stream.ts'
import { decodeReply } from './reply.ts'
import { decodeRequest, encodeRequest, wantsSse } from './request.ts'
import { decodeStream, encodeCost } from './stream.ts'
import { writeReply } from './write-reply.ts'
import { writeRequest } from './write-request.ts'
import { writeStream } from './write-stream.ts'

/** Gemini's `generateContent`, of the Gemini API and of Vertex AI. Source: https://ai.google.dev/api/generate-content (read 2026-11-21). */
export const gemini: Dialect = {
  wire: 'gemini',
  endpoints: ['/v1beta/models/{model}', '/v1/models/{model}'].flatMap((path) => [
    { path: `${path}:generateContent`, operation: 'generate' as const },
    { path: `${path}:streamGenerateContent`, operation: 'generate' as const, isStream: true },
    { path: `${path}:countTokens`, operation: 'count-tokens' as const },
    { path: `${path}:embedContent`, operation: 'embed' as const },
    { path: `${path}:batchEmbedContents`, operation: 'embed' as const },
  ]),
  path: (modelId, how) => modelPath(modelId, how === 'stream' ? 'streamGenerateContent?alt=sse' : 'generateContent'),
  auth: 'x-goog-api-key',
  headers: {},
  decodeRequest,
  encodeRequest,
  writeRequest,
  decodeReply,
  writeReply,
  decodeStream,
  readStream,
  writeStream,
  shapeStream: (url) => (wantsSse(url) ? undefined : new JsonArrayStream()),
  decodeError,
  encodeError,
  encodeStreamError,
  encodeCost,
  counting,
  embedding,
}
