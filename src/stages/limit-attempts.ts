import type { Call } from '../core/call.ts'
import type { Usage } from '../core/events.ts'
import type { Ending } from '../core/reply.ts'
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
    let usage: Usage | undefined
    let hasBegun = false
    const usedTokens = (_call: Call, { outcome }: Ending): number | undefined => {
      if (usage !== undefined && outcome === 'ok') return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
      // Broken off, or never told: the estimate stays. What the provider refused used nothing.
      return hasBegun || outcome === 'cancelled' ? undefined : 0
    }
    const watched = () =>
      next(call, input).then((reply) => {
        hasBegun = true
        return tap(reply, (part) => {
          usage = deps.usageOf(part) ?? usage
        })
      })
    const tokens = windows.some(({ unit }) => unit === 'tokens') ? deps.tokensOf(input) : 0
    const attempt = { id: deps.idOf(input), model: name, provider, tokens }
    return admitted({ deps, call, windows, tokens, waiting, attempt, usedTokens }, watched, at)
  }
}
