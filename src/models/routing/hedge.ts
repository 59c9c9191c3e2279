import type { Call } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Reply } from '../../core/reply.ts'
import type { Attempt, ModelPart } from '../types.ts'
import { type Apart, makeApart } from './apart.ts'
import type { HedgeAccount } from './hedge-account.ts'
import type { HedgeRules } from './types.ts'

interface HedgeOptions {
  readonly rules: HedgeRules
  readonly account: HedgeAccount
  /** Milliseconds after which the first attempt is slow. */
  readonly afterMs: number
  /** The attempt to make beside the first; undefined where there is none. */
  readonly beside: () => Attempt | undefined
  readonly make: (call: Call, attempt: Attempt, of: 'first' | 'hedge') => Promise<Reply<ModelPart>>
}

/**
 * Makes an attempt, and another one beside it where the first is slow. The first that is accepted answers; the other is cancelled.
 * Rejects where both failed, with the failure that came last.
 */
export async function hedge(call: Call, attempt: Attempt, options: HedgeOptions): Promise<Reply<ModelPart>> {
  const first = makeApart(call, (own) => options.make(own, attempt, 'first'))
  const isSlow = await isPendingAfter(call, options.afterMs, first.reply)
  if (!isSlow || call.signal.aborted || !options.account.take(options.rules)) return first.reply
  const second = options.beside()
  if (second === undefined) {
    options.account.giveBack()
    return first.reply
  }
  const other = makeApart(call, (own) => options.make(own, second, 'hedge'))
  const winner = await firstAccepted(first, other)
  await cancel(call, winner === first ? other : first)
  return winner.reply
}

async function isPendingAfter(call: Call, ms: number, reply: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const cancelTimer = call.world.after(ms, () => resolve(true))
  reply.then(
    () => resolve(false),
    () => resolve(false),
  )
  return promise.finally(cancelTimer)
}

/** The racer that was accepted first; where none was, the one that failed last. */
async function firstAccepted(one: Apart, other: Apart): Promise<Apart> {
  let last = one
  const accepted = (racer: Apart) =>
    racer.reply.then(
      () => racer,
      (thrown: unknown) => {
        last = racer
        throw thrown
      },
    )
  try {
    return await Promise.any([accepted(one), accepted(other)])
  } catch {
    return last
  }
}

/** What a loser has used and cost belongs to the call, so its end is waited for: hardly a millisecond, and no longer than this. */
const LOSER_MS = 50

async function cancel(call: Call, loser: Apart): Promise<void> {
  const reason = new GatewayError('client_closed', 'Another attempt of the same call answered first.', { isSuperseded: true })
  const over = loser.breakOff(reason)
  // Where the client had left before, the loser may be read on, to learn what it cost: the ending of the call has it all the same.
  call.record.awaitWork(over)
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancelTimer = call.world.after(LOSER_MS, resolve)
  await Promise.race([over, promise]).finally(cancelTimer)
}
