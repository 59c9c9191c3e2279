import { GatewayError } from '../core/errors.ts'
import type { LimitWindow } from './limit-window.ts'
import type { Moment } from './moment.ts'
import { perTimeText, scopeText } from './refusal.ts'
import type { Limit } from './rules.ts'

/** What a call was let in with: what it gives back at its end. */
export interface Admission {
  readonly windows: readonly LimitWindow[]
  /** What it holds of limits on tokens. */
  readonly tokens: number
}

/** Why a call was not let in: the limit with the longest wait. */
interface Blocked {
  readonly window: LimitWindow
  readonly limit: Limit
  /** Undefined: until a running call ends. */
  readonly waitMs: number | undefined
}

/** What came of asking: let in, or not for now. */
export type Admitted = { readonly type: 'admitted'; readonly admission: Admission } | ({ readonly type: 'blocked' } & Blocked)

/**
 * Counts a call on every limit that applies, or on none. Nothing runs between the look and the count, so that a limit of 600 lets in 600.
 * @param tokens what it is estimated to use
 */
export function admit(windows: readonly LimitWindow[], tokens: number, at: Moment): Admitted {
  const blocked = findBlocked(windows, tokens, at)
  if (blocked !== undefined) return { type: 'blocked', ...blocked }
  for (const window of windows) {
    if (window.unit === 'requests') window.count(at, 1)
    else window.held += amountOn(window, tokens)
  }
  return { type: 'admitted', admission: { windows, tokens } }
}

/** The end of a call: what it held is given back, and the tokens that it used are counted. */
export function leave({ windows, tokens }: Admission, usedTokens: number, at: Moment): void {
  for (const window of windows) {
    if (window.unit === 'requests') continue
    window.held -= amountOn(window, tokens)
    if (window.unit === 'tokens') window.count(at, usedTokens)
  }
}

/** The refusal of a call that was not let in. */
export function rateLimited({ window, limit, waitMs }: Blocked, windows: readonly LimitWindow[], at: Moment): GatewayError {
  const seconds = Math.max(1, Math.ceil((waitMs ?? 1000) / 1000))
  const what = limit.unit === 'concurrent' ? 'calls at a time' : `${limit.unit} ${perTimeText(limit.per)}`
  const rest =
    waitMs === undefined && limit.unit === 'concurrent' ? 'There is room when one of them ends.' : `There is room again in ${seconds} s.`
  const used = `${window.used(at)} are ${limit.unit === 'concurrent' ? 'running' : 'used'}`
  const held = window.unit === 'tokens' && window.held > 0 ? `, ${window.held} of them held by running calls` : ''
  return new GatewayError(
    'rate_limited',
    `The limit of ${window.account}${scopeText(window.scope?.name)} is reached: ${limit.limit} ${what}, and ${used}${held}. ${rest}`,
    {
      retryAfterSeconds: seconds,
      headers: limitHeaders(windows, at),
    },
  )
}

/**
 * How the limits stand, in the headers that OpenAI's clients read: of requests and of tokens, the tightest each.
 * @param into may hold those of other limits: what is tighter stays
 */
export function limitHeaders(windows: readonly LimitWindow[], at: Moment, into: Record<string, string> = {}): Record<string, string> {
  for (const unit of UNITS) {
    let tightest: LimitWindow | undefined
    const known = into[REMAINING_HEADERS[unit]]
    let least = known === undefined ? Number.POSITIVE_INFINITY : Number(known)
    for (const window of windows) {
      if (window.unit !== unit) continue
      const left = window.leastLimit - window.used(at)
      if (left >= least) continue
      least = left
      tightest = window
    }
    if (tightest === undefined) continue
    into[LIMIT_HEADERS[unit]] = String(tightest.leastLimit)
    into[REMAINING_HEADERS[unit]] = String(least > 0 ? least : 0)
    into[RESET_HEADERS[unit]] = `${tightest.resetsIn(at) / 1000}s`
  }
  return into
}

const UNITS = ['requests', 'tokens'] as const
const LIMIT_HEADERS = { requests: 'x-ratelimit-limit-requests', tokens: 'x-ratelimit-limit-tokens' } as const
const REMAINING_HEADERS = { requests: 'x-ratelimit-remaining-requests', tokens: 'x-ratelimit-remaining-tokens' } as const
const RESET_HEADERS = { requests: 'x-ratelimit-reset-requests', tokens: 'x-ratelimit-reset-tokens' } as const

function findBlocked(windows: readonly LimitWindow[], tokens: number, at: Moment): Blocked | undefined {
  let worst: Blocked | undefined
  for (const window of windows) {
    const amount = amountOn(window, tokens)
    const used = window.used(at)
    for (const limit of window.limits) {
      if (used + amount <= limit.limit) continue
      const waitMs = window.waitFor(at, limit.limit, amount)
      if (worst === undefined || longer(waitMs, worst.waitMs)) worst = { window, limit, waitMs }
    }
  }
  return worst
}

function amountOn({ unit }: LimitWindow, tokens: number): number {
  return unit === 'tokens' ? tokens : 1
}

function longer(one: number | undefined, other: number | undefined): boolean {
  return (one ?? Number.POSITIVE_INFINITY) > (other ?? Number.POSITIVE_INFINITY)
}
