import { type CacheFieldConfig, compileCache } from '../cache/config.ts'
import type { Price } from '../prices/types.ts'
import type { Target, Timeouts } from '../types.ts'
import { capabilitiesOf } from './capabilities.ts'
import { compileCondition } from './conditions.ts'
import type { RetryConfig, RouteConfig, TargetConfig } from './config.ts'
import type { RetryRules } from './retry.ts'
import type { Capabilities, ModelTarget, NestedRoute, Route, RouteTarget, Scores } from './types.ts'

/** A model, as far as it is known where routes are made. */
export interface RoutedModel {
  /** The provider's id. */
  readonly id: string
  readonly lanes: readonly [Target, ...Target[]]
  readonly price: Price | undefined
  /** What the configuration says of it. */
  readonly can: Capabilities | undefined
  readonly cache: CacheFieldConfig | undefined
  readonly retries: RetryConfig
  /** How good it is in every route, where the route does not say otherwise. */
  readonly scores?: Scores | undefined
}

/** What routes are made from. */
export interface RouteSources {
  readonly routes: readonly RouteConfig[]
  /** The model of a name, with wildcards looked through; undefined where there is none. */
  readonly modelOf: (name: string) => RoutedModel | undefined
}

/** Makes the routes of a checked configuration, by name. Pure. */
export function compileRoutes(sources: RouteSources): ReadonlyMap<string, Route> {
  return new Map(sources.routes.map((written) => [written.name, compileRoute(written, sources)]))
}

/** A model that was named directly, as a route of this one target. */
export function routeToModel(name: string, model: RoutedModel): Route {
  const only = modelTarget(name, model, PLAIN)
  return {
    ...DIRECT,
    name,
    only,
    targets: [only],
    retries: retryRulesOf(model.retries),
    guards: guardsOf([only]),
    cache: compileCache(model.cache),
  }
}

/** A call must pass the guards of every model that it may come to: which one it will be is not known when its text is looked at. */
function guardsOf(targets: readonly RouteTarget[], own: readonly string[] = []): readonly string[] {
  const names = targets.flatMap((target) => (target.type === 'route' ? guardsOf(target.targets) : (target.lanes[0].guards ?? [])))
  return [...new Set([...own, ...names])]
}

const PLAIN: TargetConfig = { model: '', weight: 1, goodAt: [] }

const DIRECT = {
  strategy: 'priority',
  stickyBy: [],
  firstTokenWithinMs: undefined,
  canary: undefined,
  shadow: undefined,
  hedge: undefined,
  continues: false,
  retriesFiltered: false,
  degradedFactor: 3,
} as const satisfies Partial<Route>

function compileRoute(written: RouteConfig, sources: RouteSources): Route {
  const part = (name: string) => modelNamed(name, PLAIN, sources, written)
  const { canary, shadow, hedge } = written
  const [canaryTo, shadowTo] = [canary && part(canary.model), shadow && part(shadow.model)]
  const ordering = orderingOf(written, sources, written)
  const beside = [canaryTo, shadowTo].filter((target) => target !== undefined)
  return {
    ...ordering,
    guards: guardsOf([...ordering.targets, ...beside], written.guards),
    cache: compileCache(written.cache),
    only: undefined,
    retries: retryRulesOf(written.retries),
    canary: canary && canaryTo && { target: canaryTo, share: canary.share },
    shadow: shadow && shadowTo && { target: shadowTo, share: shadow.share, account: shadow.account },
    hedge: hedge && { afterMs: hedge.after, share: hedge.share, spendShare: hedge.spend },
    continues: written.onBrokenStream === 'continue',
    retriesFiltered: written.onFiltered === 'next',
    degradedFactor: written.degradedFactor,
  }
}

/** What orders the targets of a route. `outer` is the route that is called: its timeouts hold for all that is in it. */
function orderingOf(written: RouteConfig, sources: RouteSources, outer: RouteConfig) {
  const { name, strategy, stickyBy, firstTokenWithin } = written
  const targets = written.targets.flatMap((target) => targetOf(target, sources, outer) ?? [])
  return { name, strategy, stickyBy, firstTokenWithinMs: firstTokenWithin, targets }
}

function targetOf(target: TargetConfig, sources: RouteSources, outer: RouteConfig): RouteTarget | undefined {
  const inner = sources.routes.find(({ name }) => name === target.model)
  if (inner === undefined) return modelNamed(target.model, target, sources, outer)
  const nested: NestedRoute = { type: 'route', ...orderingOf(inner, sources, outer), ...rulesOf(target) }
  return nested
}

function modelNamed(name: string, target: TargetConfig, { modelOf }: RouteSources, outer: RouteConfig): ModelTarget | undefined {
  const model = modelOf(name)
  if (model === undefined) return undefined
  return modelTarget(name, { ...model, lanes: withTimeouts(model.lanes, outer.timeouts) }, target)
}

function modelTarget(name: string, { lanes, price, id, can, scores }: RoutedModel, target: TargetConfig): ModelTarget {
  const rules = rulesOf(target)
  return { type: 'model', name, lanes, price, can: capabilitiesOf(id, can), ...rules, scores: { ...scores, ...rules.scores } }
}

function rulesOf({ weight, when, goodAt, scores = {} }: TargetConfig) {
  return { weight, when: when && compileCondition(when), goodAt, scores }
}

function withTimeouts([first, ...others]: RoutedModel['lanes'], own: RouteConfig['timeouts']): RoutedModel['lanes'] {
  if (own === undefined) return [first, ...others]
  const changed = (lane: Target): Target => ({ ...lane, timeouts: merged(lane.timeouts, own) })
  return [changed(first), ...others.map(changed)]
}

function merged(timeouts: Timeouts, { connect, firstToken, idle, total }: NonNullable<RouteConfig['timeouts']>): Timeouts {
  return {
    connectMs: connect ?? timeouts.connectMs,
    firstTokenMs: firstToken ?? timeouts.firstTokenMs,
    idleMs: idle ?? timeouts.idleMs,
    totalMs: total ?? timeouts.totalMs,
  }
}

function retryRulesOf({ max, base, longest, perCall }: RetryConfig): RetryRules {
  return { max, baseMs: base, longestMs: longest, perCall }
}
