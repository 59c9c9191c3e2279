import type { Labels } from './call.ts'
import type { JsonObject } from './json.ts'

/** A call that nobody makes: where would it go? */
export interface RouteQuestion {
  /** A route or a model; left out: what the request itself names. */
  readonly model?: string | undefined
  /** The body of a request, of any wire. */
  readonly request: JsonObject
  readonly team?: string | undefined
  readonly user?: string | undefined
  readonly labels?: Labels | undefined
}

/** Where a call would go now, and why. */
export interface RouteExplanation {
  readonly model: string
  readonly strategy: string
  /** Why the first target is first; absent where none is left. */
  readonly why?: string
  /** Best first. */
  readonly order: readonly {
    readonly model: string
    readonly provider: string
    readonly target: string
    readonly expectedCostUsd?: string
    /** Calls that are under way to it. */
    readonly inFlight: number
  }[]
  readonly ruledOut: readonly { readonly target: string; readonly why: string }[]
  /** What was read of the request. */
  readonly request: {
    readonly inputTokens: number
    readonly leastInputTokens: number
    readonly maxOutputTokens?: number | undefined
    readonly hasTools: boolean
    readonly hasImages: boolean
    readonly hasAudio: boolean
    readonly wantsSchema: boolean
    readonly wantsReasoning: boolean
    readonly hasPrefill: boolean
    readonly kinds: readonly string[]
    readonly isHard: boolean
    readonly user?: string | undefined
    readonly cacheKey?: string | undefined
    readonly opening?: string | undefined
  }
  /** The refusal that the caller would get, where no target is left. */
  readonly refusal?: { readonly code: string; readonly status: number; readonly message: string }
}
