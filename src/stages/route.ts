import type { Call } from '../core/call.ts'
import { asGatewayError, type GatewayError } from '../core/errors.ts'
import type { Reply } from '../core/reply.ts'
import type { Handler } from '../core/stage.ts'

/** What is done next with a call. */
export type RouteStep<Attempt> =
  | { readonly type: 'send'; readonly attempt: Attempt }
  /** Waits, and then asks again. */
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'stop'; readonly error: GatewayError }

/** The way of one call through its targets. It decides and does nothing: the state of one call, and reads of what it was made from. */
export interface Way<Attempt> {
  /** The first step, and the one after each wait. */
  begin(): RouteStep<Attempt>
  /** The step after an attempt that failed before anything was accepted. */
  after(failure: GatewayError): RouteStep<Attempt>
}

/**
 * Joins the stages that a call meets once with those that each of its attempts meets. Another attempt is made only while nothing was accepted;
 * which one, and whether, the way decides.
 * @param wayOf may throw a refusal
 * @param attempt never throws: what goes wrong is a rejection
 */
export function route<In, Attempt, Part, Own extends Way<Attempt>>(
  wayOf: (call: Call, input: In) => Own & Way<Attempt>,
  attempt: (call: Call, attempt: Attempt, way: Own) => Promise<Reply<Part>>,
): Handler<In, Part> {
  // Not an async function with a loop: nearly every call takes one step, and pays for no more.
  const take = (call: Call, way: Own, step: RouteStep<Attempt>): Promise<Reply<Part>> => {
    if (step.type === 'stop') return Promise.reject(step.error)
    if (step.type === 'wait') return wait(call, step.ms).then(() => take(call, way, way.begin()))
    return attempt(call, step.attempt, way).catch((thrown: unknown) => {
      const failure = asGatewayError(thrown)
      if (call.signal.aborted) throw failure
      return take(call, way, way.after(failure))
    })
  }
  return (call, input) => {
    const way = wayOf(call, input)
    return take(call, way, way.begin())
  }
}

async function wait({ world, signal, record }: Call, ms: number): Promise<void> {
  const beganMs = world.monotonicMs()
  try {
    await world.sleep(ms, signal)
  } finally {
    record.facts.waitedMs = (record.facts.waitedMs ?? 0) + world.monotonicMs() - beganMs
  }
}
