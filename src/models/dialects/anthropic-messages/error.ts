import type { GatewayError } from '../../../core/errors.ts'
import { isObject, type JsonObject } from '../../../core/json.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import { failureInReply } from '../provider-error.ts'

/** The type of an error, by status. Clients of this wire branch on it. */
const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

/** The status that a type stands for where it comes without one: in a stream, in a reply of status 200. */
const STATUS_BY_TYPE: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

/** An error that stands inside a reply of status 200, whole or as an event. */
export function errorInReply(value: JsonObject, provider: string): GatewayError | undefined {
  const { error } = value
  if (value.type !== 'error' && !isObject(error)) return undefined
  const said = isObject(error) ? error : {}
  const status = typeof said.type === 'string' && Object.hasOwn(STATUS_BY_TYPE, said.type) ? STATUS_BY_TYPE[said.type] : undefined
  return failureInReply(provider, { status, said })
}

/** The field by which a client asks its provider to keep the conversation. */
export const THREAD = 'thread'
/** What the official SDK looks for, to go on without. Source: its own `ThreadState` (@anthropic-ai/sdk 1.11.0). */
const NO_THREADS = { error_code: 'thread_unsupported_request', unsupported: [THREAD] }

/** The body of an error answer. `code` and `source` are ours; the rest is the wire's own shape. */
export function encodeError(error: GatewayError, requestId: string): string {
  const type = TYPE_BY_STATUS[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'api_error')
  const { param } = error.extra
  const details = param === THREAD && error.code === 'invalid_request' ? { details: NO_THREADS } : {}
  return JSON.stringify({
    type: 'error',
    error: { type, message: error.message, ...(param === undefined ? {} : { param }), code: error.code, source: error.source, ...details },
    request_id: requestId,
  })
}

/** The event that ends a stream that failed. */
export function encodeStreamError(error: GatewayError, requestId: string): Uint8Array {
  return encodeSseFrame({ event: 'error', data: encodeError(error, requestId) })
}
