import type { AttemptFacts, CallEnded, CallFacts, CallStarted, LimitedAttempt, Outcome, Usage } from '../core/events.ts'
import type { Accounts } from './accounts.ts'
import { isOfAttempt, isOfCall } from './limit-scope.ts'
import type { LimitWindow } from './limit-window.ts'
import { momentOfEvent } from './moment.ts'

// What limits counted is not written down by itself. After a crash it is counted again from the events of the calls.

/**
 * The tokens that count of a call that has ended: of all its attempts. Undefined where one began to answer, or may have, and nobody said what
 * it used: then what was held for the call counts.
 */
export function tokensOfCall(
  facts: Pick<CallFacts, 'usage' | 'bookings' | 'attempts' | 'sizeOutBytes'>,
  outcome: Outcome,
): number | undefined {
  const { usage, bookings, attempts, sizeOutBytes } = facts
  const said = tokensOf(usage)
  if (bookings !== undefined) {
    let booked = 0
    for (const { tokens } of bookings) booked += tokens
    return Math.max(said, booked)
  }
  if (attempts === 0 || (outcome === 'ok' && usage !== undefined)) return said
  return outcome === 'cancelled' || sizeOutBytes !== undefined ? undefined : said
}

function tokensOf(usage: Usage | undefined): number {
  return (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0)
}

/** Counts the beginning of a call again, and the attempt that was about to be sent. */
export function recountStarted(accounts: Accounts, event: CallStarted): void {
  const { limitTokens, limitAttempt } = event
  if (limitTokens !== undefined) countCalls(windowsOfCall(accounts, event), event.atMs)
  if (limitAttempt !== undefined) countCalls(windowsOfAttempt(accounts, event, limitAttempt), event.atMs)
}

/** Counts what a call used, and the attempts that its beginning did not know of. */
export function recountEnded(accounts: Accounts, event: CallEnded): void {
  // As the start after the crash counted it: what its holds were booked with is another estimate.
  if (event.errorCode === 'crashed') {
    recountCrashed(accounts, { ...event, atMs: event.startedAtMs })
    return
  }
  const { limitTokens, limitAttempt, attemptLog, atMs } = event
  if (limitTokens !== undefined) {
    countTokens(windowsOfCall(accounts, event), atMs, tokensOfCall(event, event.outcome) ?? limitTokens)
  }
  if (!accounts.hasScopedLimits) return
  if (limitAttempt !== undefined) {
    const told = attemptLog === undefined ? event : attemptLog.find(({ id }) => id === limitAttempt.id)
    const used = told?.outcome === 'ok' || told?.usage !== undefined ? tokensOf(told.usage) : limitAttempt.tokens
    countTokens(windowsOfAttempt(accounts, event, limitAttempt), atMs, used)
  }
  for (const attempt of attemptLog ?? NONE) {
    // What a limit of ours refused was neither counted nor sent.
    if (attempt.id === limitAttempt?.id || attempt.errorCode === 'rate_limited') continue
    const windows = windowsOfAttempt(accounts, event, attempt)
    countCalls(windows, atMs)
    countTokens(windows, atMs, tokensOf(attempt.usage))
  }
}

/** Counts what a call that a crash ended may have used: as much as was held for it. */
export function recountCrashed(accounts: Accounts, event: Called & Pick<CallStarted, 'limitTokens' | 'limitAttempt'>): void {
  const { limitTokens, limitAttempt, atMs } = event
  if (limitTokens !== undefined) countTokens(windowsOfCall(accounts, event), atMs, limitTokens)
  if (limitAttempt !== undefined) countTokens(windowsOfAttempt(accounts, event, limitAttempt), atMs, limitAttempt.tokens)
}

const NONE: readonly AttemptFacts[] = []

type Called = Pick<CallStarted, 'principal' | 'traceId' | 'atMs' | 'subject'>

function windowsOfCall(accounts: Accounts, event: Called): readonly LimitWindow[] {
  return limitsOf(accounts, event).filter((window) => isOfCall(window, event.subject ?? ''))
}

function windowsOfAttempt(
  accounts: Accounts,
  event: Called,
  { model, provider }: Pick<LimitedAttempt, 'model' | 'provider'>,
): readonly LimitWindow[] {
  const target = { subject: event.subject ?? '', model, provider }
  return limitsOf(accounts, event).filter((window) => isOfAttempt(window, target))
}

function limitsOf(accounts: Accounts, { principal, traceId, atMs }: Called): readonly LimitWindow[] {
  return accounts.isFull ? NO_LIMITS : accounts.of(principal, traceId, momentOfEvent(atMs)).limits
}

const NO_LIMITS: readonly LimitWindow[] = []

function countCalls(windows: readonly LimitWindow[], atMs: number): void {
  for (const window of windows) if (window.unit === 'requests') window.recount(atMs, 1)
}

function countTokens(windows: readonly LimitWindow[], atMs: number, tokens: number): void {
  for (const window of windows) if (window.unit === 'tokens') window.recount(atMs, tokens)
}
