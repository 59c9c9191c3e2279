import type { GatewayError } from '../../../src/core/errors.ts'
import type { Usage } from '../../../src/core/events.ts'
import { Reply } from '../../../src/core/reply.ts'
import type { CallSignal } from '../../../src/core/signal.ts'
import type { ModelPart } from '../../../src/models/types.ts'

const FRAME = Buffer.alloc(80)

/** A provider's side of one attempt: it does what the script says, when the script says it. */
export class ScriptedAttempt {
  readonly provider: string
  readonly #signal: CallSignal
  readonly #answered = Promise.withResolvers<Reply<ModelPart>>()
  readonly #parts: (ModelPart | undefined | GatewayError)[] = []
  #waiter: PromiseWithResolvers<ModelPart | undefined> | undefined

  /** @param isDeaf does not hear that nobody waits any more, as one that waits for something else */
  constructor(provider: string, signal: CallSignal, { isDeaf = false } = {}) {
    this.provider = provider
    this.#signal = signal
    // A deaf one rejects late, when the script says so.
    if (!isDeaf) signal.addEventListener('abort', () => this.#answered.reject(signal.reason), { once: true })
  }

  get answer(): Promise<Reply<ModelPart>> {
    return this.#answered.promise
  }

  /** Something was accepted. */
  accept(): void {
    this.#answered.resolve(new Reply<ModelPart>({ pull: () => this.#pull(), cancel: () => {} }, this.#signal))
  }

  /** Nothing was. */
  refuse(error: GatewayError): void {
    this.#answered.reject(error)
  }

  /** A frame, with what it says of the usage so far. */
  frame(usage?: Usage): void {
    this.#give({ type: 'frame', bytes: FRAME, isLast: false, isHidden: false, ...(usage === undefined ? {} : { usage }) })
  }

  /** The frame with which the answer is complete, and all of its usage. */
  finish(usage: Usage): void {
    this.#give({ type: 'frame', bytes: FRAME, isLast: false, isHidden: false, usage, finishReason: 'stop' })
  }

  /** The good end. */
  end(): void {
    this.#give(undefined)
  }

  /** The bad one. */
  cut(error: GatewayError): void {
    this.#give(error)
  }

  #give(part: ModelPart | undefined | GatewayError): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter === undefined) this.#parts.push(part)
    else settle(waiter, part)
  }

  #pull(): Promise<ModelPart | undefined> {
    const waiter = Promise.withResolvers<ModelPart | undefined>()
    if (this.#parts.length === 0) this.#waiter = waiter
    else settle(waiter, this.#parts.shift())
    return waiter.promise
  }
}

function settle(waiter: PromiseWithResolvers<ModelPart | undefined>, part: ModelPart | undefined | GatewayError): void {
  if (part instanceof Error) waiter.reject(part)
  else waiter.resolve(part)
}
