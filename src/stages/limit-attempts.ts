import type { Call } from '../core/call.ts'
import type { Usage } from '../core/events.ts'
import type { Ending, Reply } from '../core/reply.ts'
import { type Stage, tap } from '../core/stage.ts'
import { isOfAttempt } from '../ledger/limit-scope.ts'
import type { LimitWindow } from '../ledger/limit-window.ts'
import type { MoneyDeps } from './hold.ts'
import { admitted } from './limit.ts'

/** What limiting attempts needs. */
interface LimitAttemptsDeps<In, Part> extends MoneyDeps {
  /** The configured name of the model, and who serves it. */
  readonly targetOf: (input: In) => { readonly name: string; readonly provider: string }
  readonly idOf: (input: In) => string
  /** What the attempt will probably use, in tokens. */
  readonly tokensOf: (input: In) => number
  /** The usage that a part reports; the last one counts. */
  readonly usageOf: (part: Part) => Usage | undefined
}

/**
 * How often, of limits that name providers, or models that the caller did not: which one a call goes to is known with each attempt only. An
 * attempt that is refused here was not sent, and routing may go on to the next target.
 * @throws rate_limited
 */
export function limitAttempts<In, Part>(deps: LimitAttemptsDeps<In, Part>): Stage<In, Part> {
  const waiting = new Map<LimitWindow, number>()
  return (call, input, next) => {
    if (!deps.ledger.hasScopedLimits) return next(call, input)
    const at = deps.moment()
    const { name, provider } = deps.targetOf(input)
    const subject = call.record.facts.subject ?? name
    const windows = deps.ledger
      .accountsOf(call.principal, call.trace.traceId, at)
      .limits.filter((window) => isOfAttempt(window, { subject, model: name, provider }))
    if (windows.length === 0) return next(call, input)
    const seen = seenOf()
    const watched = () => next(call, input).then((reply) => watch(reply, seen, deps.usageOf))
    const tokens = windows.some(({ unit }) => unit === 'tokens') ? deps.tokensOf(input) : 0
    const attempt = { id: deps.idOf(input), model: name, provider, tokens }
    return admitted({ deps, call, windows, tokens, waiting, attempt, usedTokens: seen.usedTokens }, watched, at)
  }
}

/** What was seen of an attempt. Made apart from the stage: a stream lives long, and must not keep what was sent for it. */
interface Seen {
  usage: Usage | undefined
  hasBegun: boolean
  readonly usedTokens: (call: Call, ending: Ending) => number | undefined
}

function seenOf(): Seen {
  const seen: Seen = {
    usage: undefined,
    hasBegun: false,
    usedTokens: (_call, { outcome }) => {
      const { usage, hasBegun } = seen
      if (usage !== undefined && outcome === 'ok') return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
      // Broken off, or never told: the estimate stays. What the provider refused used nothing.
      return hasBegun || outcome === 'cancelled' ? undefined : 0
    },
  }
  return seen
}

function watch<Part>(reply: Reply<Part>, seen: Seen, usageOf: (part: Part) => Usage | undefined): Reply<Part> {
  seen.hasBegun = true
  return tap(reply, (part) => {
    seen.usage = usageOf(part) ?? seen.usage
  })
}
