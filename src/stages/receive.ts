import type { Call } from '../core/call.ts'
import type { Handler } from '../core/stage.ts'

/**
 * Joins two lists of stages: those that need only the caller, and those that need the decoded request.
 * A body is read only for a caller who is known.
 */
export function receive<Raw, In, Part>(decode: (call: Call, raw: Raw) => Promise<In>, answer: Handler<In, Part>): Handler<Raw, Part> {
  return (call, raw) => decode(call, raw).then((input) => answer(call, input))
}
