import type { Call } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { Reply } from '../core/reply.ts'
import type { Handler, Stage } from '../core/stage.ts'

/**
 * Tries the targets of a call in their order. Another one is tried only while nothing was accepted, and only after an error
 * that another target may not have.
 * @param attemptsOf the inputs of the attempts, best first; at least one
 */
export function route<In, Part>(attemptsOf: (call: Call, input: In) => readonly In[]): Stage<In, Part> {
  return (call, input, next) => {
    const attempts = attemptsOf(call, input)
    const [only] = attempts
    return attempts.length === 1 && only !== undefined ? next(call, only) : tryInOrder(call, attempts, next)
  }
}

async function tryInOrder<In, Part>(call: Call, attempts: readonly In[], next: Handler<In, Part>): Promise<Reply<Part>> {
  let last: GatewayError | undefined
  for (const attempt of attempts) {
    try {
      return await next(call, attempt)
    } catch (thrown) {
      last = asGatewayError(thrown)
      if (!last.isRetryable || call.signal.aborted) throw last
    }
  }
  throw last ?? new GatewayError('internal', 'The route of this call has no target.')
}
