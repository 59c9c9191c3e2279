import { asGatewayError, GatewayError } from './errors.ts'
import type { Outcome } from './events.ts'
import type { NanoUsd } from './money.ts'
import type { CallSignal } from './signal.ts'

/** What is needed to go on with a paused call. */
export interface ResumeToken {
  readonly token: string
  /** Who must act: an approver's queue, or the caller. */
  readonly waitsFor: 'approval' | 'input'
}

/** How a reply ended. `costNanoUsd` is absent while unknown. */
export type Ending =
  | { readonly outcome: 'ok'; readonly costNanoUsd?: NanoUsd }
  | { readonly outcome: 'refused' | 'broken' | 'cancelled'; readonly error: GatewayError; readonly costNanoUsd?: NanoUsd }
  | { readonly outcome: 'paused'; readonly resume: ResumeToken; readonly costNanoUsd?: NanoUsd }

/** Looks at an ending, and may add to it by returning a changed one. */
export type OnEnd = (ending: Ending) => Ending | undefined

/** Where parts come from. A reply calls `pull` one at a time, and after `cancel` never again. */
export interface PartSource<Part> {
  /**
   * The next part, or undefined at the end: at once where it is there, else as a promise.
   * A rejection ends the reply `broken` (or as its error's code says).
   */
  pull(): Part | undefined | Promise<Part | undefined>
  /** Whether `pull` would give a part at once. Left out: nobody knows. */
  isReady?(): boolean
  /** How it ended, asked once after `pull` gave undefined. Left out: `ok`. */
  ending?(): Ending
  /** The consumer left, or the call was aborted: stop the work. Must not throw. Called at most once, and not after the end. */
  cancel(reason: GatewayError): void
  /** What the work has cost where that is known: asked once after `cancel`, so that a reply that was left still says it. */
  costNanoUsd?(): NanoUsd | undefined
}

/** The outcome that an error means: the caller's or a rule's `no` is refused, a fault is broken, somebody leaving is cancelled. */
export function outcomeOf(error: GatewayError): Exclude<Outcome, 'ok' | 'paused'> {
  if (error.code === 'client_closed') return 'cancelled'
  if (error.code === 'shutting_down' || error.code === 'log_unavailable') return 'refused'
  return error.source === 'caller' || error.source === 'policy' ? 'refused' : 'broken'
}

/** The ending that a thrown error means. */
export function endingOf(thrown: unknown): Ending & { readonly error: GatewayError } {
  const error = asGatewayError(thrown)
  return { outcome: outcomeOf(error), error }
}

/**
 * The answer to a call, from the moment that something was accepted: parts as they come, then exactly one ending.
 * One consumer. Ends by itself when the signal aborts, also when nobody ever reads.
 * Watch it with the four verbs of core/stage.ts; never with a generator, whose clean-up a consumer that leaves early would skip.
 */
export class Reply<Part> {
  readonly #source: PartSource<Part>
  readonly #taps: ((part: Part) => void)[] = []
  readonly #onEnds: OnEnd[] = []
  readonly signal: CallSignal
  #waiter: ((part: Part | undefined) => void) | undefined
  #ending: Ending | undefined
  #ended: PromiseWithResolvers<Ending> | undefined

  constructor(source: PartSource<Part>, signal: CallSignal) {
    this.#source = source
    this.signal = signal
    if (signal.aborted) this.#onAbort()
    else signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Set once the reply has ended. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /** Resolves with the ending; never rejects. */
  get ended(): Promise<Ending> {
    if (this.#ending !== undefined) return Promise.resolve(this.#ending)
    this.#ended ??= Promise.withResolvers<Ending>()
    return this.#ended.promise
  }

  /** The next part, or undefined when the reply has ended; then `ending` says how. Never rejects. One call at a time. */
  next(): Promise<Part | undefined> {
    if (this.#ending !== undefined) return Promise.resolve(undefined)
    if (this.#waiter !== undefined) return Promise.reject(new Error('Reply.next was called while another call of it waits'))
    let pulled: ReturnType<PartSource<Part>['pull']>
    try {
      pulled = this.#source.pull()
    } catch (thrown) {
      this.#onFailed(thrown)
      return Promise.resolve(undefined)
    }
    if (!(pulled instanceof Promise)) return Promise.resolve(this.#take(pulled))
    pulled.then(this.#onPulled, this.#onFailed)
    // The pull may have ended this very reply, by aborting its call: then nobody would answer a waiter.
    if (this.#ending !== undefined) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#waiter = resolve
    })
  }

  /** The next part where it is there already, so that parts that came together can go on together; undefined where it is not, or is no part. */
  takeReady(): Part | undefined {
    if (this.#ending !== undefined || this.#waiter !== undefined || this.#source.isReady?.() !== true) return undefined
    try {
      const pulled = this.#source.pull()
      if (pulled instanceof Promise) throw new Error('A source that was ready had no part.')
      return this.#take(pulled)
    } catch (thrown) {
      this.#onFailed(thrown)
      return undefined
    }
  }

  /** The consumer wants no more. Ends the reply `cancelled` unless it has ended. */
  leave(reason: GatewayError = new GatewayError('client_closed', 'The client left before the reply was complete.')): void {
    this.#stop({ outcome: 'cancelled', error: reason })
  }

  /** For `tap`: shows each part to `see` before the consumer gets it. */
  addTap(see: (part: Part) => void): void {
    this.#taps.push(see)
  }

  /** For `whenEnded`: runs `onEnd` once, in the order in which they were added; at once where the reply has ended already. */
  addOnEnd(onEnd: OnEnd): void {
    if (this.#ending === undefined) this.#onEnds.push(onEnd)
    else this.#ending = applyOnEnd(this.#ending, onEnd)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Part, void> {
    // For tests and collectors only: a consumer that never reads is covered by the signal, not by this `finally`.
    try {
      for (let part = await this.next(); part !== undefined; part = await this.next()) yield part
    } finally {
      this.leave()
    }
  }

  readonly #onAbort = (): void => {
    // Only GatewayErrors are given to a call's abort; anything else is a fault of ours and is reported as one.
    this.#stop({ outcome: 'cancelled', error: asGatewayError(this.signal.reason) })
  }

  readonly #onPulled = (part: Part | undefined): void => {
    const taken = this.#take(part)
    // Where there is none, the ending has answered the waiter.
    if (taken === undefined) return
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.(taken)
  }

  /** A part on its way to the consumer: shown to the taps. Undefined where it is, or brings about, the end. */
  #take(part: Part | undefined): Part | undefined {
    if (this.#ending !== undefined) return undefined
    if (part === undefined) {
      this.#finish(this.#naturalEnding())
      return undefined
    }
    try {
      for (const see of this.#taps) see(part)
    } catch (thrown) {
      this.#stop(endingOf(thrown))
      return undefined
    }
    return part
  }

  readonly #onFailed = (thrown: unknown): void => {
    if (this.#ending === undefined) this.#finish(endingOf(thrown))
  }

  #naturalEnding(): Ending {
    try {
      return this.#source.ending?.() ?? { outcome: 'ok' }
    } catch (thrown) {
      return endingOf(thrown)
    }
  }

  /** Ends a reply whose source still works: the source first, so that what is inside of it ends before what is around it. */
  #stop(ending: Ending & { readonly error: GatewayError }): void {
    if (this.#ending !== undefined) return
    // Set at once: whatever the source does on being cancelled, there is one ending.
    this.#ending = ending
    try {
      this.#source.cancel(ending.error)
    } finally {
      const costNanoUsd = this.#source.costNanoUsd?.()
      this.#finish(costNanoUsd === undefined ? ending : { ...ending, costNanoUsd })
    }
  }

  #finish(ending: Ending): void {
    this.signal.removeEventListener('abort', this.#onAbort)
    // Set before the callbacks run: whatever they do, there is one ending.
    this.#ending = ending
    for (const onEnd of this.#onEnds) this.#ending = applyOnEnd(this.#ending, onEnd)
    this.#taps.length = 0
    this.#onEnds.length = 0
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.(undefined)
    this.#ended?.resolve(this.#ending)
  }
}

/** Runs one `onEnd`. One that throws neither keeps the others from running nor lets the call pass as a success. */
export function applyOnEnd(ending: Ending, onEnd: OnEnd): Ending {
  try {
    return onEnd(ending) ?? ending
  } catch (thrown) {
    if (ending.outcome !== 'ok' && ending.outcome !== 'paused') return ending
    const cost = ending.costNanoUsd === undefined ? {} : { costNanoUsd: ending.costNanoUsd }
    return { outcome: 'broken', error: asGatewayError(thrown), ...cost }
  }
}
