import { isChoosy, whyIncapable } from './capabilities.ts'
import type { Lane, LaneTable, Resting } from './lanes.ts'
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
  const chosen = lowerResting(lowerDegraded(ordered.models, route, state), state)
  const isLowered = chosen[0] !== ordered.models[0]
  const canary = route.canary === undefined ? undefined : canaryFor(route, facts, state, ruledOut)
  const order = canary === undefined ? chosen : [canary, ...chosen]
  const why =
    canary !== undefined
      ? 'the canary has its share'
      : isLowered
        ? `${ordered.why}, but for what is slower than usual or at its limit`
        : ordered.why
  // A model may be reached twice, through routes in routes: its first place counts.
  return { order: order.length < 2 ? order : firstByName(order), ruledOut: firstOuts(ruledOut), why }
}

function firstByName(order: readonly ModelTarget[]): readonly ModelTarget[] {
  return order.filter(({ name }, index) => order.findIndex((other) => other.name === name) === index)
}

/** The same target may be left out in several places: for the same reason it is told once. */
function firstOuts(ruledOut: readonly RuledOut[]): readonly RuledOut[] {
  const isFirst = ({ target, why }: RuledOut, index: number) =>
    ruledOut.findIndex((other) => other.target === target && other.why === why) === index
  return ruledOut.length < 2 ? ruledOut : ruledOut.filter(isFirst)
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
    const { name, weight, goodAt, scores } = target
    if (first !== undefined) branches.push({ name, models: [first, ...others], weight, goodAt, scores })
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
  if (target.type === 'route') {
    const { stickyBy, firstTokenWithinMs } = target
    return orderOf(target, { ...circumstances, stickyBy, firstTokenWithinMs }, ruledOut).models
  }
  const out = whyNot(target, facts, circumstances)
  if (out === undefined) return [target]
  ruledOut.push(out)
  return []
}

/** Why a model is left out; undefined where it is not. */
export function whyNot(
  target: ModelTarget,
  facts: RequestFacts,
  { lanes, nowMs }: Pick<ChoiceState, 'lanes' | 'nowMs'>,
): RuledOut | undefined {
  const incapable = isChoosy(target.can) ? whyIncapable(target.can, facts.needs) : undefined
  if (incapable !== undefined) return { target: target.name, why: incapable, cause: 'request' }
  let soonest: Resting | undefined
  for (const lane of target.lanes) {
    const resting = lanes.restingOf(lane, nowMs)
    if (resting === undefined || resting.isSoft) return undefined
    if (soonest === undefined || (resting.untilMs ?? Infinity) < (soonest.untilMs ?? Infinity)) soonest = resting
  }
  if (soonest === undefined) return undefined
  const until = soonest.untilMs === undefined ? {} : { untilMs: soonest.untilMs }
  return { target: target.name, why: soonest.why, cause: soonest.cause, ...until }
}

/** How long a slow target goes last before one call finds out whether it still is: nobody else would. */
const SLOW_FOR_MS = 30_000

/** Those that are slower than they usually are go after the others, in their order. */
function lowerDegraded(models: readonly ModelTarget[], { degradedFactor }: Route, { lanes, nowMs }: ChoiceState): readonly ModelTarget[] {
  const isSlowLane = (lane: Lane): boolean => {
    const { performance, inFlight } = lanes.stateOf(lane)
    return isDegraded(performance, degradedFactor) && (nowMs - performance.atMs < SLOW_FOR_MS || inFlight > 0)
  }
  const isSlow = (model: ModelTarget) => model.lanes.every(isSlowLane)
  if (models.length < 2 || !models.some(isSlow)) return models
  return [...models.filter((model) => !isSlow(model)), ...models.filter(isSlow)]
}

/** Those that had better rest a little come last. */
function lowerResting(models: readonly ModelTarget[], { lanes, nowMs }: ChoiceState): readonly ModelTarget[] {
  const isResting = (model: ModelTarget) => model.lanes.every((lane) => lanes.restingOf(lane, nowMs) !== undefined)
  if (models.length < 2 || !models.some(isResting)) return models
  return [...models.filter((model) => !isResting(model)), ...models.filter(isResting)]
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

/** Who looks for a lane. */
export interface LaneChoice extends Pick<ChoiceState, 'lanes' | 'nowMs'> {
  /** Names the conversation that keeps to its key: what a provider caches, it caches for an account. */
  readonly stickTo?: string | undefined
}

/**
 * The lane of a model for the next attempt, of those that were not tried: one that is ready before one that had better rest, then that of the
 * conversation, or else the one with the fewest calls, then the one that was used longest ago.
 */
export function pickLane<One extends Lane>(
  model: { readonly lanes: readonly One[] },
  tried: ReadonlySet<string>,
  { lanes, nowMs, stickTo }: LaneChoice,
): One | undefined {
  const isBefore = stickTo === undefined ? isFreer : (_lanes: LaneTable, lane: Lane, other: Lane) => chanceAt(lane) > chanceAt(other)
  const chanceAt = ({ keyId }: Lane) => chanceOf(`${stickTo}\n${keyId}`)
  let best: One | undefined
  let isBestResting = false
  for (const lane of model.lanes) {
    if (tried.has(lane.laneId)) continue
    const resting = lanes.restingOf(lane, nowMs)
    if (resting !== undefined && !resting.isSoft) continue
    const isResting = resting !== undefined
    if (best !== undefined && isResting === isBestResting && !isBefore(lanes, lane, best)) continue
    if (best !== undefined && isResting && !isBestResting) continue
    best = lane
    isBestResting = isResting
  }
  return best
}

function isFreer(lanes: LaneTable, lane: Lane, best: Lane): boolean {
  const [one, other] = [lanes.stateOf(lane), lanes.stateOf(best)]
  return one.inFlight < other.inFlight || (one.inFlight === other.inFlight && one.lastSent < other.lastSent)
}
