import type { Call } from '../../core/call.ts'
import { asGatewayError, type GatewayError } from '../../core/errors.ts'
import type { Reply } from '../../core/reply.ts'
import { CallAbort } from '../../core/signal.ts'
import { whenEnded } from '../../core/stage.ts'
import type { ModelPart } from '../types.ts'

/** An attempt that can be broken off alone. */
export interface Apart {
  readonly reply: Promise<Reply<ModelPart>>
  /** Resolves when it is over: what it used and cost is known then as far as it will be. Never rejects. */
  breakOff(reason: GatewayError): Promise<void>
}

/** Makes an attempt under a signal of its own, which aborts with the call's. */
export function makeApart(call: Call, make: (own: Call) => Promise<Reply<ModelPart>>): Apart {
  const signal = new CallAbort()
  const onAbort = () => signal.abort(asGatewayError(call.signal.reason))
  if (call.signal.aborted) onAbort()
  else call.signal.addEventListener('abort', onAbort, { once: true })
  const abort = (reason: GatewayError) => signal.abort(reason)
  const reply = whenEnded(make({ ...call, signal, abort }), () => {
    call.signal.removeEventListener('abort', onAbort)
    return undefined
  })
  // The failure of one that was broken off is in its line of the attempts; nobody else waits for it.
  reply.catch(() => {})
  const breakOff = (reason: GatewayError) => {
    abort(reason)
    // It may have been accepted at the same moment.
    return reply.then(
      (accepted) => accepted.leave(reason),
      () => {},
    )
  }
  return { reply, breakOff }
}
