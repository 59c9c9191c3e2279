import type { Usage } from '../core/events.ts'
import type { NanoUsd } from '../core/money.ts'
import { type Stage, tap, whenEnded } from '../core/stage.ts'

/** What a usage costs: its amount and the version of the price, or `unpriced` where no price is known. */
export type Charge = { readonly type: 'priced'; readonly costNanoUsd: NanoUsd; readonly version: string } | { readonly type: 'unpriced' }

interface MeterDeps<In, Part> {
  /** The usage that a part reports; the last one of an attempt counts. */
  readonly usageOf: (part: Part) => Usage | undefined
  readonly sizeOf: (part: Part) => number
  readonly price: (input: In, usage: Usage) => Charge
}

/**
 * Stands inside `route`, so that every attempt is metered. Nothing leaves the process before the call's start is on disk.
 * Adds usage and cost to the record and the ending.
 * @throws log_unavailable
 */
export function meter<In, Part>(deps: MeterDeps<In, Part>): Stage<In, Part> {
  return async (call, input, next) => {
    const { facts } = call.record
    await call.record.start()
    facts.attempts++
    let sizeBytes = 0
    const reply = await next(call, input)
    tap(reply, (part) => {
      sizeBytes += deps.sizeOf(part)
      const usage = deps.usageOf(part)
      if (usage === undefined) return
      facts.usage = usage
      const charge = deps.price(input, usage)
      if (charge.type === 'unpriced') {
        facts.isUnpriced = true
      } else {
        facts.costNanoUsd = charge.costNanoUsd
        facts.priceVersion = charge.version
      }
    })
    return whenEnded(reply, (ending) => {
      facts.sizeOutBytes = sizeBytes
      // The provider did the work and did not say how much: not known is not free.
      if (ending.outcome === 'ok' && facts.usage === undefined) facts.isUnpriced = true
      return facts.costNanoUsd === undefined ? undefined : { ...ending, costNanoUsd: facts.costNanoUsd }
    })
  }
}
