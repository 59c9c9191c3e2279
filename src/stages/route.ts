import type { Call } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { Stage } from '../core/stage.ts'

/**
 * Tries the targets of a call in their order. Another one is tried only while nothing was accepted, and only after an error
 * that another target may not have.
 * @param attemptsOf the inputs of the attempts, best first; at least one
 */
export function route<In, Part>(attemptsOf: (call: Call, input: In) => readonly In[]): Stage<In, Part> {
  return async (call, input, next) => {
    let last: GatewayError | undefined
    for (const attempt of attemptsOf(call, input)) {
      try {
        return await next(call, attempt)
      } catch (thrown) {
        last = asGatewayError(thrown)
        if (!last.isRetryable || call.signal.aborted) throw last
      }
    }
    throw last ?? new GatewayError('internal', 'The route of this call has no target.')
  }
}
