import type { AnswerCache } from '../../core/answer-cache.ts'
import type { Call } from '../../core/call.ts'
import type { ToolAsks } from '../../core/ports.ts'
import type { Stage } from '../../core/stage.ts'
import { cache } from '../../stages/cache.ts'
import { noteAsked } from '../../stages/note-tool-asks.ts'
import type { ModelTarget, RouteTarget } from '../routing/types.ts'
import { fullTextOf, type ModelCall, type ModelPart, type ModelRequest, type Target } from '../types.ts'
import { planCache, textOfTargets } from './plan.ts'
import { replayAnswer } from './replay.ts'
import { type Embedder, LEXICAL } from './semantic.ts'

/** What the cache of model calls needs. */
export interface CacheModelsDeps {
  readonly cache: () => AnswerCache | undefined
  /** The embedder of a configured model. */
  readonly embedder: (model: string) => Embedder
  /** Told which tools an answer asks for that was there already. */
  readonly asks: ToolAsks
}

/** Answers that a filter had a hand in are not given out again: the next one may pass. */
const UNWORTHY: ReadonlySet<string | undefined> = new Set(['content_filter', 'refusal', 'SAFETY', 'PROHIBITED_CONTENT', 'error'])

/** The cache of model calls: outside of routing, so that what is kept is in the wire of the caller. */
export function cacheModels(deps: CacheModelsDeps): Stage<ModelCall, ModelPart> {
  // The targets of a route are the same for as long as its configuration is.
  const lanes = new WeakMap<ModelCall['route']['targets'], Lanes>()
  const lanesOfRoute = ({ targets }: ModelCall['route']): Lanes => {
    const known = lanes.get(targets)
    if (known !== undefined) return known
    const all = lanesOf(targets)
    const made = { first: all[0], text: textOfTargets(all) }
    lanes.set(targets, made)
    return made
  }
  const embedderOf = (name: string) => (name === LEXICAL.name ? LEXICAL : deps.embedder(name))
  return cache<ModelCall, ModelPart>({
    cache: deps.cache,
    planOf: (call, asked) => {
      const { route, cacheWish } = asked
      if (route.cache === undefined) return undefined
      const question = { request: wholeRequest(asked), targets: lanesOfRoute(route).text, settings: route.cache, wish: cacheWish }
      return planCache(call, question, embedderOf)
    },
    bytesOf: (part) => part.bytes,
    isWorthKeeping: ({ record: { facts } }) => !UNWORTHY.has(facts.finishReason),
    describe: (call, { request, route }) => ({
      model: route.name,
      provider: call.record.facts.provider ?? '',
      target: call.record.facts.target ?? '',
      wire: request.wire,
      isStream: request.isStream,
    }),
    replay: (call, { request, route }, answer) => {
      const { first: target } = lanesOfRoute(route)
      return target && replayAnswer(answer, { call, request, target, isTimed: route.cache?.replay === 'timed' })
    },
    seeGiven: (call, { route }, { toolCalls }) => noteAsked(call, toolCalls, { asks: deps.asks, model: route.name }),
  })
}

/** Questions are equal where all of their bytes are. */
function wholeRequest({ request, decodeAgain }: ModelCall): ModelRequest {
  return request.elided === undefined ? request : decodeAgain(fullTextOf(request))
}

/** What may answer the calls of one route. */
interface Lanes {
  readonly first: Target | undefined
  readonly text: string
}

/** One lane a model: several keys of one provider give the same answers. */
function lanesOf(targets: readonly (RouteTarget | ModelTarget)[]): readonly Target[] {
  return targets.flatMap((target) => (target.type === 'route' ? lanesOf(target.targets) : [target.lanes[0]]))
}

/** Headers that tell the caller what the cache did. */
export function cacheHeaders({ record: { facts } }: Pick<Call, 'record'>): Readonly<Record<string, string>> | undefined {
  if (facts.cache === undefined) return undefined
  const { result, ageMs, similarity } = facts.cache
  const headers: Record<string, string> = { 'x-signalbox-cache': result }
  if (ageMs !== undefined) headers.age = String(Math.floor(ageMs / 1000))
  if (similarity !== undefined) headers['x-signalbox-cache-similarity'] = similarity.toFixed(4)
  return headers
}
