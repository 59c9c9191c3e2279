import { hash } from 'node:crypto'
import type { RequestNeeds } from '../../core/route-explanation.ts'
import { charge } from '../prices/charge.ts'
import type { LaneTable } from './lanes.ts'
import { expectedMs } from './performance.ts'
import type { ModelTarget, NestedRoute, RequestFacts, Scores, StickyBy, Strategy, TaskKind } from './types.ts'

/** One target of a route while it is ordered: a model, or a route with its models in their order already. */
export interface Branch {
  readonly name: string
  /** Best first; at least one. Its first one speaks for it. */
  readonly models: readonly [ModelTarget, ...ModelTarget[]]
  readonly weight: number
  readonly goodAt: readonly TaskKind[]
  readonly scores: Scores
}

/** What strategies look at. */
export interface Circumstances {
  readonly facts: RequestFacts
  readonly lanes: LaneTable
  readonly nowMs: number
  readonly random: () => number
  readonly stickyBy: StickyBy
  readonly firstTokenWithinMs: number | undefined
}

/** Branches in the order in which they are tried, and why the first is first. */
interface Ordered {
  readonly branches: readonly Branch[]
  readonly why: string
}

/** Why the first of several targets, or the only one, is tried first. */
export const FIRST = 'first of those that can serve it'

/** Tokens of output that are reckoned with where the caller sets no bound. */
const USUAL_OUTPUT_TOKENS = 500
/** Share of the calls by which `fastest` looks at targets that are not the fastest: else it would never learn that they have become it. */
const EXPLORED_SHARE = 0.05

/** Orders the targets of a route. Every strategy keeps all of them: the later ones are for when the earlier ones fail. */
export const ORDER: Readonly<Record<Strategy, (branches: readonly Branch[], circumstances: Circumstances) => Ordered>> = {
  priority: (branches) => ({ branches, why: FIRST }),
  conditional: (branches) => ({ branches, why: 'first whose condition holds' }),
  weighted: (branches, { random }) => ({ branches: drawn(branches, () => random()), why: 'drawn by weight' }),
  sticky: orderSticky,
  cheapest: orderCheapest,
  fastest: orderFastest,
  best: orderBest,
  'least-busy': (branches, circumstances) => ({
    branches: sortedBy(branches, (branch) => (busyOf(branch, circumstances.lanes) + 1) / branch.weight, circumstances.random),
    why: 'fewest calls under way for its weight',
  }),
  auto: orderAuto,
}

/** What a request is expected to cost at a model, in nano-USD; undefined where its price is not known. */
export function expectedCost({ price }: ModelTarget, { inputTokens, maxOutputTokens }: RequestNeeds, nowMs: number): number | undefined {
  const outputTokens = Math.min(maxOutputTokens ?? USUAL_OUTPUT_TOKENS, USUAL_OUTPUT_TOKENS * 8)
  const charged = charge(price, { inputTokens, outputTokens }, nowMs)
  return charged.type === 'priced' ? charged.costNanoUsd : undefined
}

/** What keeps a call with the others of its conversation: `label:…`, `session:…`, …; undefined where it has none of it. */
export function stickyKeyOf(facts: RequestFacts, stickyBy: StickyBy): string | undefined {
  for (const by of stickyBy) {
    const value = stickyValue(facts, by)
    if (value !== undefined) return `${by}:${value}`
  }
  return undefined
}

function stickyValue(facts: RequestFacts, by: StickyBy[number]): string | undefined {
  switch (by) {
    case 'label':
      return facts.principal.labels.conversation ?? facts.principal.labels.session
    case 'session':
      return facts.session
    case 'user':
      return facts.shape.user ?? facts.principal.user
    case 'conversation':
      return facts.shape.opening
    case 'prompt':
      return facts.promptHash
    default:
      return by satisfies never
  }
}

/** What a call keeps to its conversation by in a route, or in a route within it, that is sticky. */
export function stickyByOf({ strategy, stickyBy, targets }: Pick<NestedRoute, 'strategy' | 'stickyBy' | 'targets'>): StickyBy | undefined {
  if (strategy === 'sticky') return stickyBy
  for (const target of targets) {
    const inner = target.type === 'route' ? stickyByOf(target) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}

/** Rendezvous hashing: when a target comes or goes, only the conversations that it had or gets move. */
function orderSticky(branches: readonly Branch[], { facts, stickyBy, random }: Circumstances): Ordered {
  const key = stickyKeyOf(facts, stickyBy)
  if (key === undefined)
    return { branches: drawn(branches, () => random()), why: 'drawn by weight, for nothing says which conversation it is' }
  return { branches: drawn(branches, ({ name }) => chanceOf(`${key}\n${name}`)), why: `where ${key.slice(0, key.indexOf(':'))} keeps it` }
}

/** A number in [0, 1) that is always the same for a text. */
export function chanceOf(text: string): number {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, 12), 16) / 2 ** 48
}

/** Draws without putting back: each place goes to a branch with a chance of its weight among those left. Weight 0 comes last. */
function drawn(branches: readonly Branch[], chance: (branch: Branch) => number): readonly Branch[] {
  const keyed = branches.map((branch) => ({ branch, key: branch.weight > 0 ? -Math.log(1 - chance(branch)) / branch.weight : Infinity }))
  return keyed.toSorted((left, right) => compare(left.key, right.key)).map(({ branch }) => branch)
}

function orderCheapest(branches: readonly Branch[], circumstances: Circumstances): Ordered {
  const { facts, firstTokenWithinMs, nowMs } = circumstances
  const cost = ({ models: [model] }: Branch) => expectedCost(model, facts.needs, nowMs) ?? Infinity
  const isLate = (branch: Branch) =>
    firstTokenWithinMs !== undefined && (firstTokenOf(branch, circumstances.lanes) ?? 0) > firstTokenWithinMs
  const ordered = branches.toSorted((left, right) => Number(isLate(left)) - Number(isLate(right)) || compare(cost(left), cost(right)))
  return { branches: ordered, why: firstTokenWithinMs === undefined ? 'cheapest for this request' : 'cheapest of those that begin in time' }
}

function orderFastest(branches: readonly Branch[], { facts, lanes, random }: Circumstances): Ordered {
  const outputTokens = Math.min(facts.needs.maxOutputTokens ?? USUAL_OUTPUT_TOKENS, USUAL_OUTPUT_TOKENS)
  // One that was never measured is tried by one call, not by all that come before it has answered.
  const ms = (branch: Branch) => timeOf(branch, lanes, outputTokens) ?? (busyOf(branch, lanes) === 0 ? 0 : Infinity)
  const ordered = branches.toSorted((left, right) => compare(ms(left), ms(right)))
  if (ordered.length < 2 || random() >= EXPLORED_SHARE) return { branches: ordered, why: 'fastest as observed' }
  const at = 1 + Math.floor(random() * (ordered.length - 1))
  const explored = ordered[at]
  if (explored === undefined) return { branches: ordered, why: 'fastest as observed' }
  return { branches: [explored, ...ordered.filter((branch) => branch !== explored)], why: 'looked at now and then, to know how fast it is' }
}

/** The highest mean score over the kinds of this task; one without any score comes last. */
function orderBest(branches: readonly Branch[], { facts }: Circumstances): Ordered {
  const { kinds } = facts.shape
  const ordered = branches.toSorted((left, right) => compare(scoreOf(right.scores, kinds), scoreOf(left.scores, kinds)))
  return { branches: ordered, why: `best score for ${kinds.join(', ')}` }
}

function scoreOf(scores: Scores, kinds: readonly TaskKind[]): number {
  const known = kinds.map((kind) => scores[kind] ?? scores.default).filter((score) => score !== undefined)
  return known.length === 0 ? Number.NEGATIVE_INFINITY : known.reduce((sum, score) => sum + score, 0) / known.length
}

/** First by how much of the task it is good at; then an easy request goes to the cheapest, a hard one by the order of the file. */
function orderAuto(branches: readonly Branch[], { facts, nowMs }: Circumstances): Ordered {
  const { kinds, isHard } = facts.shape
  const fits = ({ goodAt }: Branch) => kinds.filter((kind) => goodAt.includes(kind)).length
  const cost = ({ models: [model] }: Branch) => (isHard ? 0 : (expectedCost(model, facts.needs, nowMs) ?? Infinity))
  const ordered = branches.toSorted((left, right) => fits(right) - fits(left) || compare(cost(left), cost(right)))
  return { branches: ordered, why: `for ${kinds.join(', ')}, ${isHard ? 'hard' : 'easy'}` }
}

/** Lowest value first; equals in any order. */
function sortedBy(branches: readonly Branch[], value: (branch: Branch) => number, random: () => number): readonly Branch[] {
  const keyed = branches.map((branch) => ({ branch, value: value(branch), tie: random() }))
  return keyed.toSorted((left, right) => compare(left.value, right.value) || left.tie - right.tie).map(({ branch }) => branch)
}

/** Infinity less Infinity is no number. */
function compare(left: number, right: number): number {
  return left === right ? 0 : left - right
}

function busyOf({ models: [model] }: Branch, lanes: LaneTable): number {
  return model.lanes.reduce((sum, lane) => sum + lanes.stateOf(lane).inFlight, 0)
}

function firstTokenOf({ models: [model] }: Branch, lanes: LaneTable): number | undefined {
  return least(model.lanes.map((lane) => lanes.stateOf(lane).performance.recent.firstTokenMs))
}

function timeOf({ models: [model] }: Branch, lanes: LaneTable, outputTokens: number): number | undefined {
  return least(model.lanes.map((lane) => expectedMs(lanes.stateOf(lane).performance, outputTokens)))
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
