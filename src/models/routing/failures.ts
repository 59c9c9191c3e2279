import type { ErrorCode, GatewayError } from '../../core/errors.ts'

/** What may be done after a failed attempt, while nothing was accepted. */
export type Action =
  /** The same model at the same provider with another of its keys. Not a retry: no wait, no budget. */
  | 'next-key'
  /** The next target in the order that the strategy made. */
  | 'next-target'
  /** The next target whose context is larger, or is not known. */
  | 'larger-target'
  /** Round again, after a wait: full jitter, or what `Retry-After` says. Costs a retry and a part of the retry budget. */
  | 'retry-same'

/** What a failure says of the way that was taken: one provider key with one model. */
export type LaneEffect =
  /** The provider's fault: counts for the circuit breaker. */
  | 'failure'
  /** Too much was asked of it: it rests as long as it says, or for a short while that grows. */
  | 'cool'
  /** The key is no good: it is not used until it, or whatever else the provider is asked with, changes or is reset. */
  | 'park-key'
  /** The key may not use this model: the same, for this model only. */
  | 'park-model'
  /** The request's fault, or nobody's. */
  | 'none'

/** A row of the failure table. */
export interface FailureRow {
  readonly what: string
  readonly matches: (error: GatewayError) => boolean
  /** What is tried, in this order, as far as it is possible; after the last one the failure is the caller's answer. */
  readonly actions: readonly Action[]
  readonly lane: LaneEffect
}

/**
 * Failure × action: what happens after an attempt that failed before anything was accepted. docs/resilience.md is generated from it,
 * tests/scenarios/failure-table.test.ts brings about every row at a provider of every wire. The first row that matches counts.
 */
export const FAILURES = {
  dns: row('The name of the host could not be resolved', unreachable('name'), ['next-target', 'retry-same'], 'failure'),
  refused: row('The connection was refused', unreachable('refused'), ['next-target', 'retry-same'], 'failure'),
  tls: row('The TLS handshake failed', unreachable('tls'), ['next-target'], 'failure'),
  reset: row('The connection was reset or closed before an answer', code('provider_unreachable'), ['next-target', 'retry-same'], 'failure'),
  connect_timeout: row('No connection within `connect`', code('provider_connect_timeout'), ['next-target'], 'failure'),
  first_token_timeout: row('No content within `firstToken`', code('provider_first_token_timeout'), ['next-target'], 'failure'),
  idle_timeout: row(
    'Silence for longer than `idle` before anything was accepted',
    code('provider_idle_timeout'),
    ['next-target'],
    'failure',
  ),
  total_timeout: row('No end within `total`: the caller has waited long enough', code('provider_total_timeout'), [], 'failure'),
  request_timeout: row('408', status(408), ['next-target', 'retry-same'], 'failure'),
  conflict: row('409', status(409), ['next-target', 'retry-same'], 'none'),
  too_early: row('425', status(425), ['next-target', 'retry-same'], 'none'),
  quota: row(
    '402, or a quota that is used up',
    (error) => error.code === 'provider_quota_exhausted' || (error.code === 'provider_auth' && error.extra.providerStatus === 402),
    ['next-key', 'next-target'],
    'park-key',
  ),
  credit_for_less: row(
    '402 that has credit for a request of fewer tokens',
    (error) => error.code === 'provider_rejected' && error.extra.providerStatus === 402,
    ['next-key', 'next-target'],
    'none',
  ),
  forbidden: row(
    '403',
    (error) => error.code === 'provider_auth' && error.extra.providerStatus === 403,
    ['next-key', 'next-target'],
    'park-model',
  ),
  no_credential: row(
    'The credential for a cloud could not be got: its token service, agent or key file gave none',
    (error) => error.code === 'provider_auth' && error.extra.providerStatus === undefined,
    ['next-target', 'retry-same'],
    'failure',
  ),
  auth: row('401', code('provider_auth'), ['next-key', 'next-target'], 'park-key'),
  rate_limited_until: row(
    '429 that says how long',
    (error) => error.code === 'provider_rate_limited' && error.extra.retryAfterSeconds !== undefined,
    ['next-key', 'next-target', 'retry-same'],
    'cool',
  ),
  rate_limited: row('429', code('provider_rate_limited'), ['next-key', 'next-target', 'retry-same'], 'cool'),
  overloaded: row('503, 529', code('provider_overloaded'), ['next-target', 'retry-same'], 'failure'),
  server_error: row('Any other 5xx, or an error inside a reply of 200', code('provider_error'), ['next-target', 'retry-same'], 'failure'),
  malformed: row('A reply that the wire does not allow', code('provider_malformed'), ['next-target', 'retry-same'], 'failure'),
  truncated: row(
    'A reply or a stream that stops before its first content',
    code('provider_truncated'),
    ['next-target', 'retry-same'],
    'failure',
  ),
  model_not_found: row('404: the provider does not know the model', code('provider_model_not_found'), ['next-target'], 'failure'),
  context_too_long: row(
    'The request is longer than the context of the model',
    code('provider_context_too_long'),
    ['larger-target'],
    'none',
  ),
  content_filtered: row("The provider's content filter refused", code('provider_content_filtered'), [], 'none'),
  not_carried: row(
    'The target speaks a wire that cannot carry the request, and is strict',
    code('request_not_carried'),
    ['next-target'],
    'none',
  ),
  no_room: row(
    'A limit or a budget of ours has no room for an attempt at this target, or cannot reckon with it: it has no price, or no bound',
    ({ code: refused }) => OWN_REFUSALS.has(refused),
    ['next-target'],
    'none',
  ),
  rejected: row('Any other 4xx: the request itself', code('provider_rejected'), [], 'none'),
} as const satisfies Record<string, FailureRow>

/** What is refused about one attempt, by limits and budgets: it was not sent, and another target may have room. */
const OWN_REFUSALS: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'budget_exceeded', 'model_unpriced', 'budget_unbounded'])

/** A row of the table of what happens to a stream after its first content. */
interface BrokenRow {
  readonly what: string
  readonly code: ErrorCode
  /** Whether a route with `onBrokenStream: continue` goes on elsewhere; else, and on other routes, the stream ends with an error. */
  readonly continues: boolean
}

/** What breaks a stream after its first content. No second attempt is made, but for routes that opted in to `continue`. */
export const BROKEN_STREAMS = {
  cut: { what: 'The connection is reset or closed in the middle', code: 'provider_truncated', continues: true },
  no_end: { what: 'The stream ends in good order without its terminal event', code: 'provider_truncated', continues: true },
  stalled: { what: 'Silence for longer than `idle`', code: 'provider_idle_timeout', continues: true },
  reported: { what: 'The provider reports an error in the stream', code: 'provider_error', continues: true },
  overloaded: { what: 'The provider reports in the stream that it is overloaded', code: 'provider_overloaded', continues: true },
  limited: { what: 'The provider reports in the stream that its rate limit is reached', code: 'provider_rate_limited', continues: true },
  malformed: { what: 'A frame that the wire does not allow', code: 'provider_malformed', continues: true },
  late: { what: 'No end within `total`', code: 'provider_total_timeout', continues: false },
} as const satisfies Record<string, BrokenRow>

/** Whether a stream that broke so may go on elsewhere. */
export function mayContinueAfter(error: GatewayError): boolean {
  return Object.values(BROKEN_STREAMS).some(({ code: known, continues }) => continues && known === error.code)
}

/** A name of the table. */
export type FailureName = keyof typeof FAILURES

const ROWS: readonly (readonly [FailureName, FailureRow])[] = (Object.keys(FAILURES) as FailureName[]).map((name) => [name, FAILURES[name]])

/** What is not in the table (a fault of ours, a full log, a refusal, a caller who left) is the caller's answer, and says nothing of the target. */
const ANYTHING_ELSE: FailureRow = row('Anything else', () => true, [], 'none')

/** The row of a failure. */
export function rowOf(error: GatewayError): FailureRow {
  for (const [, candidate] of ROWS) if (candidate.matches(error)) return candidate
  return ANYTHING_ELSE
}

function row(what: string, matches: FailureRow['matches'], actions: readonly Action[], lane: LaneEffect): FailureRow {
  return { what, matches, actions, lane }
}

function code(wanted: ErrorCode): FailureRow['matches'] {
  return (error) => error.code === wanted
}

function status(wanted: number): FailureRow['matches'] {
  return (error) => error.code === 'provider_error' && error.extra.providerStatus === wanted
}

function unreachable(reason: 'name' | 'refused' | 'tls'): FailureRow['matches'] {
  return (error) => error.code === 'provider_unreachable' && error.extra.reason === reason
}
