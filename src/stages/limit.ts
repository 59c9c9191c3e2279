import type { Call } from '../core/call.ts'
import type { GatewayError } from '../core/errors.ts'
import type { LimitedAttempt } from '../core/events.ts'
import type { Ending, Reply } from '../core/reply.ts'
import { type Stage, whenEnded } from '../core/stage.ts'
import { isOfCall } from '../ledger/limit-scope.ts'
import type { LimitWindow } from '../ledger/limit-window.ts'
import { type Admission, type Admitted, admit, leave, limitHeaders, rateLimited } from '../ledger/limiter.ts'
import type { Moment } from '../ledger/moment.ts'
import { tokensOfCall } from '../ledger/recount.ts'
import type { MoneyDeps } from './hold.ts'

/** What limiting needs. */
export interface LimitDeps<In> extends MoneyDeps {
  /** The configured name of what is asked for, which limits may be about. */
  readonly subjectOf: (input: In) => string
  /** What the call will probably use, in tokens. Left out: none. */
  readonly tokensOf?: (call: Call, input: In) => number
  /** Whether the call counts at all. Left out: each does. */
  readonly isCounted?: (input: In) => boolean
}

/**
 * How often: counts the call on every limit that applies, or refuses it. Where a limit lets calls wait, it waits for its turn first.
 * @throws rate_limited
 */
export function limit<In, Part>(deps: LimitDeps<In>): Stage<In, Part> {
  // Calls that wait, by the window that keeps them waiting. Owned by this stage, and as short as the queues are allowed to be.
  const waiting = new Map<LimitWindow, number>()
  return (call, input, next) => {
    if (!deps.ledger.hasRules) return next(call, input)
    const at = deps.moment()
    const { limits, isScoped } = deps.ledger.accountsOf(call.principal, call.trace.traceId, at)
    const windows = isScoped ? limits.filter((window) => isOfCall(window, deps.subjectOf(input))) : limits
    if (windows.length === 0 || deps.isCounted?.(input) === false) return next(call, input)
    const tokens = windows.some(({ unit }) => unit === 'tokens') ? (deps.tokensOf?.(call, input) ?? 0) : 0
    return admitted({ deps, call, windows, tokens, waiting, usedTokens: usedByCall }, () => next(call, input), at)
  }
}

function usedByCall({ record }: Call, { outcome }: Ending): number | undefined {
  return tokensOfCall(record.facts, outcome)
}

/** What is let in by limits. */
export interface Limited {
  readonly deps: MoneyDeps
  readonly call: Call
  readonly windows: readonly LimitWindow[]
  /** What it will probably use, in tokens. */
  readonly tokens: number
  readonly waiting: Map<LimitWindow, number>
  /** The attempt; undefined: it is the call itself. */
  readonly attempt?: LimitedAttempt
  /** What it used, once it has ended; undefined where nobody said. */
  readonly usedTokens: (call: Call, ending: Ending) => number | undefined
}

/** Lets something in, now or when it is its turn, and counts its end. @throws rate_limited */
export function admitted<Part>(limited: Limited, next: () => Promise<Reply<Part>>, at: Moment): Promise<Reply<Part>> {
  const asked = admit(limited.windows, limited.tokens, at)
  if (asked.type === 'admitted') return go(limited, asked.admission, next, at)
  return wait(limited, asked).then((admission) => go(limited, admission, next, limited.deps.moment()))
}

function go<Part>(
  { deps, call, attempt, usedTokens }: Limited,
  admission: Admission,
  next: () => Promise<Reply<Part>>,
  at: Moment,
): Promise<Reply<Part>> {
  const { record } = call
  record.replyHeaders ??= {}
  limitHeaders(admission.windows, at, record.replyHeaders)
  if (attempt !== undefined) record.facts.limitAttempt = attempt
  // How many run at a time is not remembered: after a crash none do.
  else if (admission.windows.some(({ unit }) => unit !== 'concurrent')) record.facts.limitTokens = admission.tokens
  return whenEnded(started(next), (ending) => {
    leave(admission, usedTokens(call, ending) ?? admission.tokens, deps.moment())
    return undefined
  })
}

/** A stage behind this one that throws before it has a promise must not keep what was counted here. */
function started<Part>(next: () => Promise<Reply<Part>>): Promise<Reply<Part>> {
  try {
    return next()
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}

/** How often a call that waits for the end of another one looks again, in milliseconds. */
const LOOK_AGAIN_MS = 20

/** Waits for room, where the limit allows it: not longer than it says, and not with more calls than it says. */
async function wait({ deps, call, windows, tokens, waiting }: Limited, first: Admitted & { type: 'blocked' }): Promise<Admission> {
  const { window, limit } = first
  const others = waiting.get(window) ?? 0
  const refuse = (blocked: Admitted & { type: 'blocked' }): GatewayError => rateLimited(blocked, windows, deps.moment())
  if (limit.waitMs === undefined || others >= (limit.queue ?? 0) || (first.waitMs ?? 0) > limit.waitMs) throw refuse(first)
  waiting.set(window, others + 1)
  const untilMs = call.world.monotonicMs() + limit.waitMs
  try {
    for (let asked: Admitted = first; ; asked = admit(windows, tokens, deps.moment())) {
      if (asked.type === 'admitted') return asked.admission
      const leftMs = untilMs - call.world.monotonicMs()
      const nextMs = asked.waitMs ?? LOOK_AGAIN_MS
      if (leftMs <= 0 || nextMs > leftMs) throw refuse(asked)
      await call.world.sleep(Math.max(1, nextMs), call.signal)
    }
  } finally {
    const left = (waiting.get(window) ?? 1) - 1
    if (left === 0) waiting.delete(window)
    else waiting.set(window, left)
  }
}
