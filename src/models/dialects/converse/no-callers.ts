import { GatewayError } from '../../../core/errors.ts'

/** Stands where a dialect would serve callers: this wire has none. @throws internal */
export function noCallers(): never {
  throw new GatewayError('internal', 'Nobody calls the gateway in the wire of Bedrock.')
}
