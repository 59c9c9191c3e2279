import type { GatewayError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { ProviderFailure } from '../../types.ts'
import { decodeFailure, failureInReply } from '../provider-error.ts'

/** The status that an exception stands for where it comes in a stream. A model that fails (424) is the provider's failure. */
const STATUS_BY_EXCEPTION: Readonly<Record<string, number>> = {
  validationException: 400,
  accessDeniedException: 403,
  resourceNotFoundException: 404,
  modelTimeoutException: 408,
  throttlingException: 429,
  modelNotReadyException: 429,
  internalServerException: 500,
  modelStreamErrorException: 500,
  modelErrorException: 500,
  serviceUnavailableException: 503,
}

/** Reads a provider's error answer. */
export function decodeError(failure: ProviderFailure): GatewayError {
  return decodeFailure(failure, readError)
}

/** The error that an exception in a stream is. */
export function exceptionInStream(exception: string, event: JsonObject, provider: string): GatewayError {
  const name = exception.charAt(0).toLowerCase() + exception.slice(1)
  const status = Object.hasOwn(STATUS_BY_EXCEPTION, name) ? STATUS_BY_EXCEPTION[name] : undefined
  const message = typeof event.message === 'string' && event.message !== '' ? event.message : exception
  return failureInReply(provider, { status, said: { message, code: exception } })
}

function readError(value: JsonObject): { readonly message?: string } {
  const said = value.message ?? value.Message
  return typeof said === 'string' ? { message: said } : {}
}
