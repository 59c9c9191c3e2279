/** How often and how long is waited before a call goes round its targets again. */
export interface RetryRules {
  /** Rounds after the first one. */
  readonly max: number
  readonly baseMs: number
  readonly longestMs: number
  /** Retries that calls may earn: this many a call (0.2 is one retry for five calls). */
  readonly perCall: number
}

/** The wait before a retry: full jitter, so that many callers who failed together do not come back together. A `Retry-After` is the least. */
export function backoffMs(retry: number, rules: RetryRules, random: number, retryAfterMs = 0): number {
  const most = Math.min(rules.longestMs, rules.baseMs * 2 ** Math.min(30, retry))
  return Math.max(retryAfterMs, Math.floor(random * most))
}

/** Whether a wait that the provider asks for is worth it; a longer one is the caller's to know. */
export function isWorthWaiting(retryAfterMs: number, rules: RetryRules): boolean {
  return retryAfterMs <= rules.longestMs
}

/** Retries and hedges of one route are paid from this: when much fails at once, trying again makes it worse. */
export interface RetryBudget {
  readonly tokens: number
}

/** A few for routes that are seldom used. */
const LEAST_TOKENS = 10
const MOST_TOKENS = 100

/** What a route begins with. */
export const FULL_BUDGET: RetryBudget = { tokens: LEAST_TOKENS }

/** A call earns its part. */
export function earn({ tokens }: RetryBudget, perCall: number): RetryBudget {
  return { tokens: Math.min(MOST_TOKENS, tokens + perCall) }
}

/** The budget after one more is spent; undefined where there is none left. */
export function spend({ tokens }: RetryBudget): RetryBudget | undefined {
  return tokens < 1 ? undefined : { tokens: tokens - 1 }
}
