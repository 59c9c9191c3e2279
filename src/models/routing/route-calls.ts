import type { Handler } from '../../core/stage.ts'
import { route } from '../../stages/route.ts'
import type { Attempt, ModelCall, ModelPart } from '../types.ts'
import type { RouterState } from './router.ts'
import { trackAttempt } from './track.ts'
import { Walk } from './walk.ts'

/**
 * Sends model calls along their routes.
 * @param next makes one attempt: meters and sends it
 */
export function routeCalls(state: RouterState, next: Handler<Attempt, ModelPart>): Handler<ModelCall, ModelPart> {
  return route(
    (call, input: ModelCall) => new Walk(state, call, input),
    (call, attempt) => trackAttempt(call, attempt, next, { lanes: state.lanes, isBeside: false }),
  )
}
