import type { Call } from './call.ts'
import { asGatewayError, type GatewayError } from './errors.ts'
import type { NanoUsd } from './money.ts'
import { applyOnEnd, type Ending, endingOf, type OnEnd, type PartSource, Reply } from './reply.ts'
import type { CallSignal } from './signal.ts'

/**
 * Does one call. It resolves when something was accepted: before that another attempt is allowed, after it none.
 * It rejects with a GatewayError where nothing was accepted.
 */
export type Handler<In, Part> = (call: Call, input: In) => Promise<Reply<Part>>

/** Wraps a handler: may refuse, answer early, change call or input, watch the reply, or try again. */
export type Stage<In, Part> = (call: Call, input: In, next: Handler<In, Part>) => Promise<Reply<Part>>

/** Nests stages outside-in: the first listed sees the call first and its ending last. */
export function pipeline<In, Part>(stages: readonly Stage<In, Part>[], send: Handler<In, Part>): Handler<In, Part> {
  return stages.reduceRight<Handler<In, Part>>((next, stage) => rejecting((call, input) => stage(call, input, next)), rejecting(send))
}

/** A stage that throws before it has a promise would pass by the `whenEnded` of the stages around it: here it rejects. */
function rejecting<In, Part>(handler: Handler<In, Part>): Handler<In, Part> {
  return (call, input) => {
    try {
      return handler(call, input)
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }
}

/** Shows each part to `see` before the consumer gets it. A `see` that throws ends the reply. */
export function tap<Part>(reply: Reply<Part>, see: (part: Part) => void): Reply<Part> {
  reply.addTap(see)
  return reply
}

/**
 * Runs `onEnd` exactly once: when the reply has ended, or when it never began. Inner stages run theirs before outer ones.
 * What `onEnd` returns replaces the ending of a reply; of a call that never began, the error stands.
 * @param onAccepted sees the reply when there is one; must not throw
 */
export function whenEnded<Part>(reply: Reply<Part>, onEnd: OnEnd): Reply<Part>
export function whenEnded<Part>(
  pending: Promise<Reply<Part>>,
  onEnd: OnEnd,
  onAccepted?: (reply: Reply<Part>) => void,
): Promise<Reply<Part>>
export function whenEnded<Part>(
  pending: Reply<Part> | Promise<Reply<Part>>,
  onEnd: OnEnd,
  onAccepted?: (reply: Reply<Part>) => void,
): Reply<Part> | Promise<Reply<Part>> {
  if (pending instanceof Reply) {
    pending.addOnEnd(onEnd)
    return pending
  }
  return pending.then(
    (reply) => {
      onAccepted?.(reply)
      return whenEnded(reply, onEnd)
    },
    (thrown: unknown) => {
      applyOnEnd(endingOf(thrown), onEnd)
      throw thrown
    },
  )
}

/** What `transform` does with the parts of one reply. It holds the state of that one reply. */
export interface PartTransform<In, Out> {
  /** What goes on in place of this part: none (held back or hidden), one, or several. */
  part(part: In): readonly Out[] | Promise<readonly Out[]>
  /** What was held back, given out at the end. Called once, and only where the reply ended `ok`. */
  flush?(): readonly Out[] | Promise<readonly Out[]>
}

/**
 * Changes the parts of a reply on their way. A transform that throws ends the reply with that error and stops the work behind it;
 * what the work behind cost stays on the ending.
 */
export function transform<In, Out>(reply: Reply<In>, change: PartTransform<In, Out>): Reply<Out> {
  return new Reply(new TransformSource(reply, change), reply.signal)
}

class TransformSource<In, Out> implements PartSource<Out> {
  readonly #inner: Reply<In>
  readonly #change: PartTransform<In, Out>
  #ready: readonly Out[] = []
  #position = 0
  #isFlushed = false
  #failure: GatewayError | undefined

  constructor(inner: Reply<In>, change: PartTransform<In, Out>) {
    this.#inner = inner
    this.#change = change
  }

  async pull(): Promise<Out | undefined> {
    while (this.#position >= this.#ready.length) {
      const part = await this.#inner.next()
      const ready = part === undefined ? await this.#atEnd() : await this.#changed(part)
      if (ready === undefined) return undefined
      this.#ready = ready
      this.#position = 0
    }
    return this.#ready[this.#position++]
  }

  ending(): Ending {
    const inner: Ending = this.#inner.ending ?? { outcome: 'ok' }
    if (this.#failure === undefined) return inner
    const cost = inner.costNanoUsd === undefined ? {} : { costNanoUsd: inner.costNanoUsd }
    return { ...endingOf(this.#failure), ...cost }
  }

  costNanoUsd(): NanoUsd | undefined {
    return this.#inner.ending?.costNanoUsd
  }

  cancel(reason: GatewayError): void {
    this.#inner.leave(reason)
  }

  async #changed(part: In): Promise<readonly Out[] | undefined> {
    try {
      return await this.#change.part(part)
    } catch (thrown) {
      return this.#fail(thrown)
    }
  }

  async #atEnd(): Promise<readonly Out[] | undefined> {
    if (this.#isFlushed || this.#failure !== undefined || this.#inner.ending?.outcome !== 'ok') return undefined
    this.#isFlushed = true
    try {
      return (await this.#change.flush?.()) ?? []
    } catch (thrown) {
      return this.#fail(thrown)
    }
  }

  #fail(thrown: unknown): undefined {
    this.#failure = asGatewayError(thrown)
    this.#inner.leave(this.#failure)
    return undefined
  }
}

/** The parts of a reply that ended well, gathered. Throws the error of any other ending but `paused`, whose parts it returns. */
export async function collect<Part>(reply: Reply<Part>): Promise<{ readonly parts: readonly Part[]; readonly ending: Ending }> {
  const parts: Part[] = []
  for (let part = await reply.next(); part !== undefined; part = await reply.next()) parts.push(part)
  const ending = await reply.ended
  if (ending.outcome !== 'ok' && ending.outcome !== 'paused') throw ending.error
  return { parts, ending }
}

/** A reply of parts that are there already: a cached answer, a refusal in the shape of an answer, a test. */
export function replyOf<Part>(parts: readonly Part[], signal: CallSignal, ending: Ending = { outcome: 'ok' }): Reply<Part> {
  let position = 0
  return new Reply({ pull: () => parts[position++], ending: () => ending, cancel: () => {} }, signal)
}
