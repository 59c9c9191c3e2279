import type { GatewayError } from '../core/errors.ts'
import type { Stage } from '../core/stage.ts'

/**
 * Refuses what the edge found wrong before there was anything to decode: an unknown path, a bad header, a gateway that drains.
 * A stage of its own, inside `record`, so that such a call has its pair of events like every other.
 */
export function admit<In, Part>(problemOf: (input: In) => GatewayError | undefined): Stage<In, Part> {
  return (call, input, next) => {
    const problem = problemOf(input)
    if (problem !== undefined) throw problem
    return next(call, input)
  }
}
