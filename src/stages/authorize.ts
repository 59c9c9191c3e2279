import type { Call } from '../core/call.ts'
import type { Stage } from '../core/stage.ts'

/**
 * Refuses what the principal may not do.
 * @param permit throws the refusal, with what the caller may do instead; the same function filters lists
 */
export function authorize<In, Part>(permit: (call: Call, input: In) => void): Stage<In, Part> {
  return (call, input, next) => {
    permit(call, input)
    return next(call, input)
  }
}
