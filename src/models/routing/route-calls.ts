import type { Call } from '../../core/call.ts'
import type { Reply } from '../../core/reply.ts'
import type { Handler } from '../../core/stage.ts'
import { route } from '../../stages/route.ts'
import type { Attempt, ModelCall, ModelPart } from '../types.ts'
import { continuing } from './continuing.ts'
import { hedge } from './hedge.ts'
import { slowMs } from './performance.ts'
import type { RouterState } from './router.ts'
import { type ShadowDeps, Shadows } from './shadow.ts'
import { trackAttempt } from './track.ts'
import { Walk } from './walk.ts'

/**
 * Sends model calls along their routes, and copies where a route says so.
 * @param next makes one attempt: meters and sends it
 */
export function routeCalls(state: RouterState, deps: ShadowDeps, next: Handler<Attempt, ModelPart>): Handler<ModelCall, ModelPart> {
  const track: Handler<Attempt, ModelPart> = (call, attempt) => trackAttempt(call, attempt, next, { lanes: state.lanes, isBeside: false })
  const shadows = new Shadows(deps, state.lanes, track)
  const goOn = (call: Call, attempt: Attempt, reply: Reply<ModelPart>, walk: Walk) =>
    continuing(call, attempt, reply, { input: walk.input, walk, make: track })
  return route(
    (call, input: ModelCall) => new Walk(state, call, input),
    (call, attempt, walk) => {
      // A call that no target takes is not copied.
      if (attempt.number === 1 && walk.route.shadow !== undefined) shadows.copy(call, walk.input)
      const { rules, afterMs } = hedgingOf(state, walk, attempt)
      if (rules === undefined)
        return walk.continues ? track(call, attempt).then((reply) => goOn(call, attempt, reply, walk)) : track(call, attempt)
      const account = state.hedgesOf(walk.route)
      const make = (own: Call, one: Attempt, of: 'first' | 'hedge'): Promise<Reply<ModelPart>> =>
        trackAttempt(own, one, next, { lanes: state.lanes, isBeside: true, onSettled: (cost) => account.settle(cost, of) })
      account.count()
      const ready = (reply: Reply<ModelPart>) => (walk.continues ? goOn(call, attempt, reply, walk) : reply)
      if (afterMs === undefined) return make(call, attempt, 'first').then(ready)
      return hedge(call, attempt, {
        rules,
        account,
        afterMs,
        make,
        beside: () => walk.beside(`hedge after ${Math.round(afterMs)} ms`),
      }).then(ready)
    },
  )
}

/** Whether and when a second attempt is made beside this one. Only beside the first of a call: later ones are late already. */
function hedgingOf({ lanes }: RouterState, { route: { hedge: rules } }: Walk, { number, target, request }: Attempt) {
  if (rules === undefined || number > 1) return {}
  const { performance } = lanes.stateOf(target)
  return { rules, afterMs: rules.afterMs === 'p95' ? slowMs(performance, request.isStream ? 'stream' : 'whole') : rules.afterMs }
}
