import type { Principal } from '../../core/call.ts'
import type { RequestNeeds } from '../../core/route-explanation.ts'
import type { CacheSettings } from '../cache/settings.ts'
import type { Price } from '../prices/types.ts'
import type { Target } from '../types.ts'
import type { RetryRules } from './retry.ts'

/** How a route orders its targets. */
export const STRATEGIES = [
  'priority',
  'weighted',
  'cheapest',
  'fastest',
  'best',
  'least-busy',
  'sticky',
  'conditional',
  'auto',
] as const satisfies readonly string[]

/** One of them. */
export type Strategy = (typeof STRATEGIES)[number]

/** Kinds of task that cheap facts of a request tell. */
export const TASK_KINDS = ['chat', 'code', 'tools', 'schema', 'images', 'long'] as const satisfies readonly string[]

/** One of them. */
export type TaskKind = (typeof TASK_KINDS)[number]

/** What a model can do. What is absent is not known, and rules nothing out. */
export interface Capabilities {
  /** Tokens of input and output together. */
  readonly context?: number | undefined
  /** Most tokens of output. */
  readonly output?: number | undefined
  readonly tools?: boolean | undefined
  readonly images?: boolean | undefined
  readonly audio?: boolean | undefined
  readonly schema?: boolean | undefined
  readonly reasoning?: boolean | undefined
  /** Goes on with an assistant's message that stands last. */
  readonly prefill?: boolean | undefined
}

/** What a request needs of a model, and what it is about: its texts are looked through. */
export interface RequestShape extends RequestNeeds {
  readonly kinds: readonly TaskKind[]
  readonly isHard: boolean
  /** The end user, as the wire has a field for it. */
  readonly user?: string | undefined
  /** What the caller names its prompt cache by (`prompt_cache_key`). */
  readonly cacheKey?: string | undefined
  /** Hash of the beginning of the conversation: the same for each of its turns. */
  readonly opening?: string | undefined
}

/** What a choice is made from, besides the state of the targets. */
export interface RequestFacts {
  readonly principal: Principal
  readonly isStream: boolean
  readonly promptHash: string | undefined
  /** Read when it is first asked for, as `shape` is: many routes need none of it. */
  readonly needs: RequestNeeds
  readonly shape: RequestShape
  /** What the client names its session by, in a header or as the key of its prompt cache. */
  readonly session: string | undefined
}

/** A condition of a target; all that is written must hold. */
export interface Condition {
  readonly describe: string
  readonly holds: (facts: RequestFacts) => boolean
}

/** A model as a target of a route. */
export interface ModelTarget {
  readonly type: 'model'
  readonly name: string
  /** One for each key of its provider; at least one. Their timeouts are those of the route. */
  readonly lanes: readonly [Target, ...Target[]]
  readonly price: Price | undefined
  readonly can: Capabilities
  readonly weight: number
  readonly when: Condition | undefined
  readonly goodAt: readonly TaskKind[]
  readonly scores: Scores
}

/** A route as a target of a route: its own strategy orders what is in it. */
export interface NestedRoute {
  readonly type: 'route'
  readonly name: string
  readonly strategy: Strategy
  readonly targets: readonly RouteTarget[]
  readonly stickyBy: StickyBy
  readonly firstTokenWithinMs: number | undefined
  readonly weight: number
  readonly when: Condition | undefined
  readonly goodAt: readonly TaskKind[]
  readonly scores: Scores
}

/** How good a target is, by kind of task; `default` for the kinds that are not there. Higher is better. */
export type Scores = Readonly<Partial<Record<TaskKind | 'default', number>>>

/** What stands in a route. */
export type RouteTarget = ModelTarget | NestedRoute

/** What keeps a conversation at one target: the first that a call has. */
export type StickyBy = readonly ('label' | 'session' | 'user' | 'conversation' | 'prompt')[]

/** A part of the calls that goes elsewhere. `share` is from 0 to 1. */
export interface Share {
  readonly target: ModelTarget
  readonly share: number
}

/** A part of the calls that is copied. */
export interface Shadow extends Share {
  /** The team that the copies are charged to. */
  readonly account: string
}

/** When a second attempt starts beside the first. */
export interface HedgeRules {
  /** `p95`: of the target's first token. */
  readonly afterMs: number | 'p95'
  /** Of the calls, at the most: 0 to 1. */
  readonly share: number
  /** Of the route's spend, at the most: 0 to 1. */
  readonly spendShare: number
}

/** A route, ready to choose from. */
export interface Route extends Omit<NestedRoute, 'type' | 'weight' | 'when' | 'goodAt' | 'scores'> {
  /** Set where a model was named directly: a route of this one target, which is not told as a choice. */
  readonly only: ModelTarget | undefined
  readonly retries: RetryRules
  /** Names of the guards of the route and of every model that it may come to. */
  readonly guards: readonly string[]
  /** How answers are cached; undefined where they are not. */
  readonly cache: CacheSettings | undefined
  readonly canary: Share | undefined
  readonly shadow: Shadow | undefined
  readonly hedge: HedgeRules | undefined
  /** Whether text goes on at another target after a stream broke. */
  readonly continues: boolean
  /** Whether a refusal of a provider's content filter goes to the next target. */
  readonly retriesFiltered: boolean
  /** Slower than usual by this factor: goes last. */
  readonly degradedFactor: number
}

/** A target that was left out, and why. `request`: it cannot serve this request at all; `state`: not now; `limit`: not now, by a rate limit of the provider. */
export interface RuledOut {
  readonly target: string
  readonly why: string
  readonly cause: 'request' | 'state' | 'limit'
  /** Milliseconds since the epoch when it may be used again, where that is known. */
  readonly untilMs?: number
}

/** What a route decided for one call. */
export interface Choice {
  /** Best first. */
  readonly order: readonly ModelTarget[]
  readonly ruledOut: readonly RuledOut[]
  /** Why the first is first, in a sentence without a full stop. */
  readonly why: string
}
