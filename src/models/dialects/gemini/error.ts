import type { GatewayError } from '../../../core/errors.ts'
import { isObject, type Json, type JsonObject, objectsIn } from '../../../core/json.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import type { ProviderFailure } from '../../types.ts'
import { decodeFailure, failureInReply } from '../provider-error.ts'

/** Words of google.rpc.Code by status. Source: https://cloud.google.com/apis/design/errors (read 2026-11-21). */
const STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** Reads a provider's error answer. Asked for a stream, Google may answer with a list of one. */
export function decodeError(failure: ProviderFailure): GatewayError {
  const said = parse(failure.body)
  const retryAfterSeconds = failure.retryAfterSeconds ?? retryDelayOf(said)
  // A wrong key is a 400 here, and would pass for the caller's fault.
  const isOurKey = detailsOf(said).some(({ reason }) => reason === 'API_KEY_INVALID')
  const status = isOurKey ? 401 : failure.status
  return decodeFailure(
    { ...failure, status, retryAfterSeconds, body: new TextEncoder().encode(JSON.stringify({ error: said })) },
    readError,
  )
}

/** An error that stands inside a reply of status 200, whole or as a chunk. */
export function errorInReply(value: JsonObject, provider: string): GatewayError | undefined {
  const { error } = value
  if (error === undefined || error === null) return undefined
  const status = isObject(error) && typeof error.code === 'number' ? error.code : undefined
  return failureInReply(provider, { status, said: error, retryAfterSeconds: isObject(error) ? retryDelayOf(error) : undefined })
}

/** The body of an error answer: google.rpc.Status, with what is ours among its details. */
export function encodeError(error: GatewayError, requestId: string): string {
  const { status, message, extra } = error
  const details: JsonObject[] = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: error.code.toUpperCase(),
      domain: 'signalbox',
      metadata: { source: error.source, requestId },
    },
  ]
  if (extra.param !== undefined) {
    details.push({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: extra.param, description: message }] })
  }
  if (extra.retryAfterSeconds !== undefined) {
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${extra.retryAfterSeconds}s` })
  }
  const word = STATUS[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL')
  return JSON.stringify({ error: { code: status, message, status: word, details } })
}

/** The frame that ends a stream that failed. */
export function encodeStreamError(error: GatewayError, requestId: string): Uint8Array {
  return encodeSseFrame({ data: encodeError(error, requestId) })
}

/** The error object of an answer, or what stands in its place. */
function parse(body: Uint8Array): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(body))
  } catch {
    // An HTML page of a load balancer, say: nothing in it helps the caller.
    return {}
  }
  const first: unknown = Array.isArray(value) ? value[0] : value
  return isObject(first) && isObject(first.error) ? first.error : {}
}

/** Seconds of a google.protobuf.Duration: `36.5s`. */
function secondsOf(duration: Json | undefined): number | undefined {
  const [, seconds] = (typeof duration === 'string' && /^(\d{1,6}(?:\.\d{1,9})?)s$/.exec(duration)) || []
  return seconds === undefined ? undefined : Number(seconds)
}

/** What RetryInfo says. */
function retryDelayOf(error: JsonObject): number | undefined {
  return detailsOf(error).flatMap((detail) => secondsOf(detail.retryDelay) ?? [])[0]
}

function detailsOf(error: JsonObject): readonly JsonObject[] {
  return objectsIn(error.details)
}

function readError(value: JsonObject): { readonly message?: string; readonly param?: string } {
  const error: Json = value.error ?? {}
  if (!isObject(error)) return {}
  const [violation] = objectsIn(error.details).flatMap(({ fieldViolations }) => objectsIn(fieldViolations))
  return {
    ...(typeof error.message === 'string' ? { message: error.message } : {}),
    ...(typeof violation?.field === 'string' ? { param: violation.field } : {}),
  }
}
