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

/** What a request needs of a model: what rules a target out. Costs about as much as parsing the body. */
export interface RequestNeeds {
  /** Estimated from the size of the texts. */
  readonly inputTokens: number
  /** What no tokenizer would count less than: what rules a target out. */
  readonly leastInputTokens: number
  /** What the caller allows; undefined where it does not say. */
  readonly maxOutputTokens?: number | undefined
  readonly hasTools: boolean
  readonly hasImages: boolean
  readonly hasAudio: boolean
  readonly wantsSchema: boolean
  readonly wantsReasoning: boolean
  readonly hasPrefill: boolean
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
  readonly request: RequestNeeds & {
    readonly kinds: readonly string[]
    readonly isHard: boolean
    readonly user?: string | undefined
    readonly cacheKey?: string | undefined
    readonly opening?: string | undefined
  }
  /** The refusal that the caller would get, where no target is left. */
  readonly refusal?: { readonly code: string; readonly status: number; readonly message: string }
}
