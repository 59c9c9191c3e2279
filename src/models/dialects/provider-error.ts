import { type ErrorCode, GatewayError } from '../../core/errors.ts'
import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import { refineReported, wordsOf } from '../refine-failure.ts'
import type { ProviderFailure } from '../types.ts'

const decoder = new TextDecoder()

/** What a provider's status means to us. Not listed: 4xx is `provider_rejected`, the rest `provider_error`. */
const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'provider_auth',
  402: 'provider_auth',
  403: 'provider_auth',
  404: 'provider_model_not_found',
  408: 'provider_error',
  409: 'provider_error',
  424: 'provider_error',
  425: 'provider_error',
  429: 'provider_rate_limited',
  503: 'provider_overloaded',
  529: 'provider_overloaded',
}

/** What a provider says of its failure, with the field of the request that it names. */
export interface SaidFailure {
  readonly message?: string
  readonly param?: string
}

/**
 * The error that a provider's error answer means.
 * @param read finds what it says in the wire's own error object; left out: `error.message`, as nearly every wire has it
 */
export function decodeFailure(failure: ProviderFailure, read: (value: JsonObject) => SaidFailure = readError): GatewayError {
  const code = codeOfStatus(failure.status)
  const said = saidBy(failure.body, read)
  return new GatewayError(code, `Provider ${failure.provider} answered ${failure.status}${detailOf(code, failure.status, said)}`, {
    providerStatus: failure.status,
    ...(failure.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: failure.retryAfterSeconds }),
    ...(said.param === undefined ? {} : { param: said.param }),
  })
}

/** What comes after the status: whose fault it is, and what to do, where the provider does not say it better. */
function detailOf(code: ErrorCode, status: number, { message }: SaidFailure): string {
  // What a provider says of our credential may quote it, and names our account: neither the caller nor a log gets to see it.
  if (code === 'provider_auth') return `: ${OWN_CREDENTIAL}`
  if (message !== undefined) return `: ${message}`
  return status >= 500 ? ' and did not say why. The failure is its own; it may work at another time.' : ' and did not say why.'
}

const OWN_CREDENTIAL =
  "it refused the gateway's own credential, not yours. Whoever runs the gateway learns from `signalbox doctor` what to do."

/** What a provider says of a failure inside a reply of status 200. */
interface ReportedFailure {
  /** What the wire's words stand for, where they stand for one. */
  readonly status: number | undefined
  readonly retryAfterSeconds?: number | undefined
  /** Its error object, or what it says in the place of one. */
  readonly said: Json | undefined
}

/** The error that a failure inside a reply of status 200 means. */
export function failureInReply(provider: string, { status, retryAfterSeconds, said }: ReportedFailure): GatewayError {
  const code = status === undefined || status < 400 || status > 599 ? 'provider_error' : codeOfStatus(status)
  const error = isObject(said) ? said : { message: said }
  const message = typeof error.message === 'string' ? error.message : 'an error without a message'
  const detail = code === 'provider_auth' ? OWN_CREDENTIAL : message.slice(0, 1000)
  const failure = new GatewayError(code, `Provider ${provider} reported a failure inside its reply: ${detail}`, {
    ...(status === undefined ? {} : { providerStatus: status }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
  return refineReported(failure, wordsOf(error), message)
}

/** What a provider's status means to us. */
function codeOfStatus(status: number): ErrorCode {
  return CODE_BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'provider_rejected' : 'provider_error')
}

function saidBy(body: Uint8Array, read: (value: JsonObject) => SaidFailure): SaidFailure {
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(body))
  } catch {
    // An HTML page of a load balancer, say: nothing in it helps the caller.
    return {}
  }
  if (!isObject(value)) return {}
  const { message, param } = read(value)
  return { ...(message === undefined ? {} : { message: message.slice(0, 1000) }), ...(param === undefined ? {} : { param }) }
}

function readError(value: JsonObject): SaidFailure {
  const error = value.error ?? value
  if (typeof error === 'string') return { message: error }
  if (!isObject(error)) return {}
  return {
    ...(typeof error.message === 'string' ? { message: error.message } : {}),
    ...(typeof error.param === 'string' ? { param: error.param } : {}),
  }
}
