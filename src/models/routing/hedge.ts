import type { Call } from '../../core/call.ts'
import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { Reply } from '../../core/reply.ts'
import { CallAbort } from '../../core/signal.ts'
import { whenEnded } from '../../core/stage.ts'
import type { Attempt, ModelPart } from '../types.ts'
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
  const first = start(call, (own) => options.make(own, attempt, 'first'))
  const isSlow = await isPendingAfter(call, options.afterMs, first.reply)
  if (!isSlow || call.signal.aborted || !options.account.take(options.rules)) return first.reply
  const second = options.beside()
  if (second === undefined) {
    options.account.giveBack()
    return first.reply
  }
  const other = start(call, (own) => options.make(own, second, 'hedge'))
  const winner = await firstAccepted(first, other)
  await cancel(call, winner === first ? other : first)
  return winner.reply
}

/** An attempt that can be broken off alone. */
interface Racer {
  readonly reply: Promise<Reply<ModelPart>>
  readonly abort: (reason: GatewayError) => void
}

function start(call: Call, make: (own: Call) => Promise<Reply<ModelPart>>): Racer {
  const signal = new CallAbort()
  const onAbort = () => signal.abort(asGatewayError(call.signal.reason))
  if (call.signal.aborted) onAbort()
  else call.signal.addEventListener('abort', onAbort, { once: true })
  const abort = (reason: GatewayError) => signal.abort(reason)
  const reply = whenEnded(make({ ...call, signal, abort }), () => {
    call.signal.removeEventListener('abort', onAbort)
    return undefined
  })
  // A loser's failure is in its line of the attempts; nobody else waits for it.
  reply.catch(() => {})
  return { reply, abort }
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
async function firstAccepted(one: Racer, other: Racer): Promise<Racer> {
  let last = one
  const accepted = (racer: Racer) =>
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

async function cancel(call: Call, loser: Racer): Promise<void> {
  const reason = new GatewayError('client_closed', 'Another attempt of the same call answered first.', { isSuperseded: true })
  loser.abort(reason)
  // It may have been accepted at the same moment.
  const over = loser.reply.then(
    (reply) => reply.leave(reason),
    () => {},
  )
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancelTimer = call.world.after(LOSER_MS, resolve)
  await Promise.race([over, promise]).finally(cancelTimer)
}
