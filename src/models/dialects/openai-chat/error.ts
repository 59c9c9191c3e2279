import { type ErrorCode, type ErrorSource, GatewayError } from '../../../core/errors.ts'
import { isObject, type JsonObject } from '../../../core/json.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import type { ProviderFailure } from '../../types.ts'

const decoder = new TextDecoder()

/** What a provider's status means to us. Not listed: 4xx is `provider_rejected`, the rest `provider_error`. */
const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'provider_auth',
  402: 'provider_auth',
  403: 'provider_auth',
  404: 'provider_model_not_found',
  408: 'provider_error',
  409: 'provider_error',
  425: 'provider_error',
  429: 'provider_rate_limited',
  503: 'provider_overloaded',
  529: 'provider_overloaded',
}

/** The type field of an OpenAI error, by status. Clients of that wire branch on it. */
const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'invalid_request_error',
  429: 'rate_limit_exceeded',
}

/** Reads a provider's error answer. */
export function decodeError(failure: ProviderFailure): GatewayError {
  const code = codeOf(failure.status)
  const said = saidBy(failure.body)
  const retryAfterSeconds = readRetryAfter(failure.retryAfter)
  // What a provider says of our credential may quote it, and names our account: neither the caller nor a log gets to see it.
  const detail = code === 'provider_auth' || said.message === undefined ? '' : `: ${said.message}`
  return new GatewayError(code, `Provider ${failure.provider} answered ${failure.status}${detail}`, {
    providerStatus: failure.status,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(said.param === undefined ? {} : { param: said.param }),
  })
}

/** An error that stands inside a reply of status 200, whole or as a chunk. */
export function errorInReply(value: JsonObject, provider: string): GatewayError | undefined {
  const { error } = value
  if (error === undefined || error === null) return undefined
  if (Array.isArray(value.choices) && value.choices.length > 0 && !isObject(error)) return undefined
  const status = isObject(error) && typeof error.code === 'number' ? error.code : undefined
  const message = isObject(error) && typeof error.message === 'string' ? error.message : 'an error without a message'
  const code = status === undefined || status < 400 || status > 599 ? 'provider_error' : codeOf(status)
  const detail = code === 'provider_auth' ? 'it refused the credential' : message.slice(0, 1000)
  return new GatewayError(code, `Provider ${provider} reported a failure inside its reply: ${detail}`, {
    ...(status === undefined ? {} : { providerStatus: status }),
  })
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

function codeOf(status: number): ErrorCode {
  return CODE_BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'provider_rejected' : 'provider_error')
}

/** Seconds of a `Retry-After` in seconds. A date is left out: its clock is not ours. */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null || !/^\d{1,7}$/.test(value.trim())) return undefined
  return Number(value)
}

function saidBy(body: Uint8Array): { readonly message?: string; readonly param?: string } {
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(body))
  } catch {
    // An HTML page of a load balancer, say: nothing in it helps the caller.
    return {}
  }
  const error = isObject(value) ? (value.error ?? value) : undefined
  if (typeof error === 'string') return { message: error.slice(0, 1000) }
  if (!isObject(error)) return {}
  return {
    ...(typeof error.message === 'string' ? { message: error.message.slice(0, 1000) } : {}),
    ...(typeof error.param === 'string' ? { param: error.param } : {}),
  }
}
