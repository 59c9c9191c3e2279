import { GatewayError } from '../core/errors.ts'
import { formatUsd } from '../core/money.ts'
import type { RouteExplanation, RouteQuestion } from '../core/route-explanation.ts'
import type { World } from '../core/world.ts'
import { choose } from '../models/routing/choose.ts'
import { CallFactsForRoute } from '../models/routing/facts.ts'
import type { LaneTable } from '../models/routing/lanes.ts'
import { refusal } from '../models/routing/refusal.ts'
import { expectedCost } from '../models/routing/strategies.ts'
import type { ModelTarget, RequestShape } from '../models/routing/types.ts'
import type { Snapshot } from './snapshot.ts'

/** By what a call would be sent. */
export interface ExplainState {
  readonly snapshot: Pick<Snapshot, 'catalog' | 'config'>
  readonly lanes: LaneTable
  readonly world: Pick<World, 'now' | 'random'>
}

/**
 * Chooses as a call would, and sends nothing.
 * @throws model_not_found
 */
export function explainRoute(question: RouteQuestion, { snapshot, lanes, world }: ExplainState): RouteExplanation {
  const { request } = question
  const model = question.model ?? (typeof request.model === 'string' ? request.model : '')
  const route = snapshot.catalog.find(model)
  if (route === undefined) throw new GatewayError('model_not_found', `There is no route and no model "${model.slice(0, 200)}".`)
  const asked = { text: JSON.stringify(request), isStream: request.stream === true, prompt: {} }
  const facts = new CallFactsForRoute({ principal: principalOf(question, snapshot) }, asked)
  const nowMs = world.now()
  const choice = choose(route, facts, { lanes, nowMs, random: world.random })
  const refused = choice.order.length > 0 ? undefined : refusal(route, choice.ruledOut, nowMs)
  return {
    model,
    strategy: route.strategy,
    ...(refused === undefined ? { why: choice.why } : {}),
    order: choice.order.map((target) => describeTarget(target, facts.shape, lanes, nowMs)),
    ruledOut: choice.ruledOut.map(({ target, why }) => ({ target, why })),
    request: facts.shape,
    ...(refused === undefined ? {} : { refusal: { code: refused.code, status: refused.status, message: refused.message } }),
  }
}

/** A team's own labels win over what a caller sends, as in a call. */
function principalOf({ team, user, labels }: RouteQuestion, { config }: ExplainState['snapshot']) {
  return {
    organisation: config.access.organisation,
    ...(team === undefined ? {} : { team }),
    ...(user === undefined ? {} : { user }),
    labels: { ...labels, ...(team === undefined ? {} : config.access.teams[team]?.labels) },
  }
}

function describeTarget(target: ModelTarget, shape: RequestShape, lanes: LaneTable, nowMs: number): RouteExplanation['order'][number] {
  const [{ provider, id }] = target.lanes
  const cost = expectedCost(target, shape, nowMs)
  const inFlight = target.lanes.reduce((sum, lane) => sum + lanes.stateOf(lane).inFlight, 0)
  return { model: target.name, provider, target: id, inFlight, ...(cost === undefined ? {} : { expectedCostUsd: formatUsd(cost) }) }
}
