import type { Call } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { type Stage, whenEnded } from '../core/stage.ts'

/** How many calls a layer takes. */
export interface QueueRules {
  /** Calls that run at once. */
  readonly running: number
  /** Calls that wait for one of them to end. */
  readonly queue: number
  /** Milliseconds that one waits at the most. */
  readonly waitMs: number
}

/** Classes of calls, the one that is served first and shed last at the front. */
const CLASSES = ['high', 'normal', 'low'] as const
type Class = (typeof CLASSES)[number]

interface Waiter {
  readonly admit: () => void
  readonly refuse: (error: GatewayError) => void
}

/** Seconds after which a refused caller may try again: about as long as it takes until others have been served. */
const RETRY_AFTER_SECONDS = 1

/** The calls of a layer that run, and those that wait. One a layer. */
export class CallQueue {
  readonly #waiting: Readonly<Record<Class, Waiter[]>> = { high: [], normal: [], low: [] }
  #running = 0

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return CLASSES.reduce((sum, name) => sum + this.#waiting[name].length, 0)
  }

  /** @throws overloaded; what aborted the call. @returns whether it had to wait */
  async enter(call: Call, rules: QueueRules): Promise<void> {
    if (this.#running < rules.running) {
      this.#running++
      return
    }
    const own = classOf(call)
    if (this.waiting >= rules.queue && !this.#shedBelow(own)) throw overloaded()
    await this.#wait(call, own, rules)
  }

  /** A call that was let in is over. */
  leave(): void {
    const next = CLASSES.map((name) => this.#waiting[name])
      .find((waiters) => waiters.length > 0)
      ?.shift()
    // Its place goes to the next one.
    if (next === undefined) this.#running--
    else next.admit()
  }

  async #wait(call: Call, own: Class, { waitMs }: QueueRules): Promise<void> {
    const { world, signal, record } = call
    const beganMs = world.monotonicMs()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { admit: resolve, refuse: reject }
    const giveUp = (error: GatewayError) => {
      this.#remove(own, waiter)
      reject(error)
    }
    const onAbort = () => giveUp(asGatewayError(signal.reason))
    signal.addEventListener('abort', onAbort, { once: true })
    const cancelTimer = world.after(waitMs, () => giveUp(overloaded()))
    this.#waiting[own].push(waiter)
    try {
      await promise
    } finally {
      cancelTimer()
      signal.removeEventListener('abort', onAbort)
      record.facts.waitedMs = (record.facts.waitedMs ?? 0) + world.monotonicMs() - beganMs
    }
  }

  /** Makes room by refusing the newest waiter of the lowest class below this one. */
  #shedBelow(own: Class): boolean {
    for (const name of CLASSES.slice(CLASSES.indexOf(own) + 1).toReversed()) {
      const shed = this.#waiting[name].pop()
      if (shed === undefined) continue
      shed.refuse(overloaded())
      return true
    }
    return false
  }

  #remove(own: Class, waiter: Waiter): void {
    const at = this.#waiting[own].indexOf(waiter)
    if (at !== -1) this.#waiting[own].splice(at, 1)
  }
}

/**
 * Lets no more calls in than the layer was set to take; the others wait, by class, and not for long.
 * @param rulesOf undefined: as many as come
 * @throws overloaded: nothing was sent
 */
export function queue<In, Part>(calls: CallQueue, rulesOf: () => QueueRules | undefined): Stage<In, Part> {
  return (call, input, next) => {
    const rules = rulesOf()
    if (rules === undefined) return next(call, input)
    return calls.enter(call, rules).then(() =>
      whenEnded(next(call, input), () => {
        calls.leave()
        return undefined
      }),
    )
  }
}

/** The key's label `priority`. What a caller says of itself may lower its class and never raise it. */
function classOf({ principal, sentLabels }: Call): Class {
  const label = principal.labels.priority
  if (label === 'low' || sentLabels?.priority === 'low') return 'low'
  return label === 'high' && sentLabels?.priority !== 'high' ? 'high' : 'normal'
}

function overloaded(): GatewayError {
  return new GatewayError('overloaded', 'The gateway runs as many calls as it was set to, and as many wait. Try again in a moment.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })
}
