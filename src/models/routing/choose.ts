import { isChoosy, whyIncapable } from './capabilities.ts'
import type { LaneTable, Resting } from './lanes.ts'
import { isDegraded } from './performance.ts'
import { type Branch, type Circumstances, chanceOf, ORDER, stickyKeyOf } from './strategies.ts'
import type { Choice, ModelTarget, NestedRoute, RequestFacts, Route, RouteTarget, RuledOut } from './types.ts'

/** The state of the world in which a choice is made. */
export interface ChoiceState {
  readonly lanes: LaneTable
  readonly nowMs: number
  readonly random: () => number
}

/**
 * Chooses the targets of a call, best first: those that cannot serve the request or rest now are left out, with the reason; the strategy orders
 * the others, those that are slower than usual go last, and a canary's share goes first. Pure but for reading `state`.
 */
export function choose(route: Route, facts: RequestFacts, state: ChoiceState): Choice {
  const ruledOut: RuledOut[] = []
  const circumstances = { ...state, facts, stickyBy: route.stickyBy, firstTokenWithinMs: route.firstTokenWithinMs }
  const ordered = orderOf(route, circumstances, ruledOut)
  const chosen = lowerDegraded(ordered.models, route, state)
  const isLowered = chosen[0] !== ordered.models[0]
  const canary = route.canary === undefined ? undefined : canaryFor(route, facts, state, ruledOut)
  const order = canary === undefined ? chosen : [canary, ...chosen]
  const why = canary !== undefined ? 'the canary has its share' : isLowered ? `${ordered.why}, but for what is slower than usual` : ordered.why
  // A model may be reached twice, through routes in routes: its first place counts.
  return { order: [...new Set(order)], ruledOut, why }
}

interface OrderedModels {
  readonly models: readonly ModelTarget[]
  readonly why: string
}

function orderOf(route: Pick<NestedRoute, 'strategy' | 'targets'>, circumstances: Circumstances, ruledOut: RuledOut[]): OrderedModels {
  const branches: Branch[] = []
  for (const target of route.targets) {
    const models = modelsOf(target, circumstances, ruledOut)
    const [first, ...others] = models
    if (first !== undefined) branches.push({ name: target.name, models: [first, ...others], weight: target.weight, goodAt: target.goodAt })
  }
  const { branches: ordered, why } = ORDER[route.strategy](branches, circumstances)
  return { models: ordered.flatMap(({ models }) => models), why }
}

/** The models of a target that can be used, best first. */
function modelsOf(target: RouteTarget, circumstances: Circumstances, ruledOut: RuledOut[]): readonly ModelTarget[] {
  const { facts } = circumstances
  if (target.when !== undefined && !target.when.holds(facts)) {
    ruledOut.push({ target: target.name, why: `its condition does not hold (${target.when.describe})`, cause: 'request' })
    return []
  }
  if (target.type === 'route') return orderOf(target, { ...circumstances, stickyBy: target.stickyBy }, ruledOut).models
  const out = whyNot(target, facts, circumstances)
  if (out === undefined) return [target]
  ruledOut.push(out)
  return []
}

/** Why a model is left out; undefined where it is not. */
export function whyNot(target: ModelTarget, facts: RequestFacts, { lanes, nowMs }: Pick<ChoiceState, 'lanes' | 'nowMs'>): RuledOut | undefined {
  const incapable = isChoosy(target.can) ? whyIncapable(target.can, facts.shape) : undefined
  if (incapable !== undefined) return { target: target.name, why: incapable, cause: 'request' }
  let soonest: Resting | undefined
  for (const lane of target.lanes) {
    const resting = lanes.restingOf(lane, nowMs)
    if (resting === undefined) return undefined
    if (soonest === undefined || (resting.untilMs ?? Infinity) < (soonest.untilMs ?? Infinity)) soonest = resting
  }
  if (soonest === undefined) return undefined
  const until = soonest.untilMs === undefined ? {} : { untilMs: soonest.untilMs }
  return { target: target.name, why: soonest.why, cause: 'state', ...until }
}

/** Those that are slower than they usually are go after the others, in their order. */
function lowerDegraded(models: readonly ModelTarget[], { degradedFactor }: Route, { lanes }: ChoiceState): readonly ModelTarget[] {
  const isSlow = (model: ModelTarget) => model.lanes.every((lane) => isDegraded(lanes.stateOf(lane).performance, degradedFactor))
  if (models.length < 2 || !models.some(isSlow)) return models
  return [...models.filter((model) => !isSlow(model)), ...models.filter(isSlow)]
}

/** The canary, where this call is of its share. A conversation stays on its side. */
function canaryFor(route: Route, facts: RequestFacts, state: ChoiceState, ruledOut: RuledOut[]): ModelTarget | undefined {
  const { canary } = route
  if (canary === undefined) return undefined
  const key = route.strategy === 'sticky' ? stickyKeyOf(facts, route.stickyBy) : undefined
  const chance = key === undefined ? state.random() : chanceOf(`canary\n${key}`)
  if (chance >= canary.share) return undefined
  const out = whyNot(canary.target, facts, state)
  if (out === undefined) return canary.target
  ruledOut.push(out)
  return undefined
}

/** The lane of a model for the next attempt: of those that do not rest and were not tried, the one with the fewest calls, then the one that rested longest. */
export function pickLane(model: ModelTarget, tried: ReadonlySet<string>, { lanes, nowMs }: Pick<ChoiceState, 'lanes' | 'nowMs'>) {
  const [only, ...others] = model.lanes
  if (others.length === 0) return tried.has(only.laneId) || lanes.restingOf(only, nowMs) !== undefined ? undefined : only
  let best: ModelTarget['lanes'][number] | undefined
  for (const lane of model.lanes) {
    if (tried.has(lane.laneId) || lanes.restingOf(lane, nowMs) !== undefined) continue
    if (best === undefined || isFreer(lanes, lane, best)) best = lane
  }
  return best
}

function isFreer(lanes: LaneTable, lane: ModelTarget['lanes'][number], best: ModelTarget['lanes'][number]): boolean {
  const [one, other] = [lanes.stateOf(lane), lanes.stateOf(best)]
  return one.inFlight - other.inFlight < 0 || (one.inFlight === other.inFlight && one.lastSent < other.lastSent)
}
