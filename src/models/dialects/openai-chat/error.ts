import type { ErrorSource, GatewayError } from '../../../core/errors.ts'
import { isObject, type JsonObject } from '../../../core/json.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import { statusOfOpenAi } from '../openai-status.ts'
import { failureInReply } from '../provider-error.ts'

/** The type field of an OpenAI error, by status. Clients of that wire branch on it. */
const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'insufficient_quota',
  403: 'permission_error',
  404: 'invalid_request_error',
  429: 'rate_limit_exceeded',
}

/** An error that stands inside a reply of status 200, whole or as a chunk. */
export function errorInReply(value: JsonObject, provider: string): GatewayError | undefined {
  const { error } = value
  if (error === undefined || error === null) return undefined
  if (Array.isArray(value.choices) && value.choices.length > 0 && !isObject(error)) return undefined
  return failureInReply(provider, { status: statusOfOpenAi(error), said: error })
}

/** The body of an error answer. `source` and `request_id` are ours; the rest is the wire's own shape. */
export function encodeError(error: GatewayError, requestId: string): string {
  return JSON.stringify({ error: errorObject(error, requestId) })
}

/** The frame that ends a stream that failed. */
export function encodeStreamError(error: GatewayError, requestId: string): Uint8Array {
  return encodeSseFrame({ data: encodeError(error, requestId) })
}

function errorObject(error: GatewayError, requestId: string) {
  const source: ErrorSource = error.source
  return {
    message: error.message,
    type: TYPE_BY_STATUS[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'server_error'),
    param: error.extra.param ?? null,
    // The code by which clients of this wire know a content filter.
    code: error.code === 'guard_blocked' ? 'content_filter' : error.code,
    source,
    request_id: requestId,
  }
}
