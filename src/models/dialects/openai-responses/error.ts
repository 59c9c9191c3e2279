import type { GatewayError } from '../../../core/errors.ts'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import { statusOfOpenAi } from '../openai-status.ts'
import { failureInReply } from '../provider-error.ts'

/** The type of an error, by status. Clients of this wire branch on it. */
const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'insufficient_quota',
  403: 'permission_error',
  404: 'invalid_request_error',
  429: 'rate_limit_exceeded',
}

/**
 * A failure inside a reply of status 200: an `error` event, `response.failed`, a response whose status is failed or that has an error.
 * @param value the response, or the event
 */
export function errorInReply(value: JsonObject, provider: string): GatewayError | undefined {
  if (value.type === 'error') return failure(isObject(value.error) ? value.error : value, provider)
  const response = isObject(value.response) ? value.response : value
  if (isObject(response.error)) return failure(response.error, provider)
  if (value.type === 'response.failed' || response.status === 'failed') return failure(undefined, provider)
  return typeof value.error === 'string' ? failure(value.error, provider) : undefined
}

function failure(said: Json | undefined, provider: string): GatewayError {
  return failureInReply(provider, { status: statusOfOpenAi(said), said })
}

/** The body of an error answer. `source` and `request_id` are ours; the rest is the wire's own shape. */
export function encodeError(error: GatewayError, requestId: string): string {
  return JSON.stringify({ error: errorObject(error, requestId) })
}

/** A failure's number in its stream is unknown here, and only its order matters. */
const LAST_NUMBER = 2_147_483_646

/**
 * The events that tell a reader of a stream that it failed: `error`, on which the official clients throw, and `response.failed`, which the
 * standard's own readers look for.
 */
export function encodeStreamError(error: GatewayError, requestId: string): Uint8Array {
  const said = errorObject(error, requestId)
  const { code, message } = said
  const response = { id: responseId(requestId), object: 'response', status: 'failed', error: { code, message }, output: [], usage: null }
  return Buffer.concat([
    encodeEvent({ type: 'error', sequence_number: LAST_NUMBER, error: said, code, message, param: said.param }),
    encodeEvent({ type: 'response.failed', sequence_number: LAST_NUMBER + 1, response }),
  ])
}

/** An event of a stream: its type stands in the frame and in the data. */
export function encodeEvent(event: JsonObject & { readonly type: string }): Uint8Array {
  return encodeSseFrame({ event: event.type, data: JSON.stringify(event) })
}

/** The id of a response that the gateway writes: that of the call in this wire's words. */
export function responseId(callId: string): string {
  return `resp_${callId.replace(/^[a-z]+_/, '')}`
}

function errorObject(error: GatewayError, requestId: string) {
  return {
    message: error.message,
    type: TYPE_BY_STATUS[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'server_error'),
    param: error.extra.param ?? null,
    code: error.code,
    source: error.source,
    request_id: requestId,
  }
}
