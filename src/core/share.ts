import { asGatewayError, GatewayError } from './errors.ts'
import { type Ending, type PartSource, Reply } from './reply.ts'
import type { CallSignal } from './signal.ts'

/** How much of a shared reply is kept for those who join late. */
export interface ShareBounds<Part> {
  readonly maxBytes: number
  readonly sizeOf: (part: Part) => number
}

/** One piece of work with several readers. */
export interface Shared<Part> {
  /**
   * A reply of one's own, from the first part on. Undefined once the first parts are no longer kept, or the work is over and failed:
   * then do the work yourself. Rejects as the work does where nothing was accepted.
   */
  join(signal: CallSignal): Promise<Reply<Part>> | undefined
}

/**
 * Single-flight: does the work once for all who join, and aborts it when the last of them leaves. The work has a signal of its own,
 * so that the reader who began it may leave. While the kept parts fit the bound, readers go at their own pace;
 * past it, parts that every reader has seen are dropped, nobody may join, and the slowest reader sets the pace.
 * The cost stays with the work: a reader's ending carries none.
 */
export function share<Part>(work: (signal: AbortSignal) => Promise<Reply<Part>>, bounds: ShareBounds<Part>): Shared<Part> {
  return new SharedWork(work, bounds)
}

class SharedWork<Part> implements Shared<Part> {
  readonly #work: (signal: AbortSignal) => Promise<Reply<Part>>
  readonly #bounds: ShareBounds<Part>
  readonly #controller = new AbortController()
  #accepted: Promise<Reply<Part>> | undefined
  #reply: Reply<Part> | undefined
  #kept: Part[] = []
  /** Index, in the whole reply, of the first part that is still kept. */
  #firstKept = 0
  #keptBytes = 0
  #isPulling = false
  #hasFailed = false
  readonly #readers = new Set<SharedReader<Part>>()

  constructor(work: (signal: AbortSignal) => Promise<Reply<Part>>, bounds: ShareBounds<Part>) {
    this.#work = work
    this.#bounds = bounds
  }

  join(signal: CallSignal): Promise<Reply<Part>> | undefined {
    if (this.#firstKept > 0 || this.#hasFailed || this.#controller.signal.aborted) return undefined
    if (signal.aborted) return Promise.reject(asGatewayError(signal.reason))
    const reader = new SharedReader<Part>(this)
    this.#readers.add(reader)
    return this.#joinWith(reader, signal)
  }

  async #joinWith(reader: SharedReader<Part>, signal: CallSignal): Promise<Reply<Part>> {
    // A reader may leave before anything was accepted: its reply is there from the start and listens to its signal.
    const own = new Reply<Part>(reader, signal)
    this.#accepted ??= this.#begin()
    const left = own.ended.then((ending) => {
      if ('error' in ending) throw ending.error
      throw new GatewayError('internal', 'A shared reply ended before it began.')
    })
    left.catch(() => {})
    try {
      await Promise.race([this.#accepted, left])
    } catch (thrown) {
      own.leave(asGatewayError(thrown))
      throw thrown
    }
    return own
  }

  async #begin(): Promise<Reply<Part>> {
    try {
      const reply = await this.#work(this.#controller.signal)
      this.#reply = reply
      // Also when it ends while nobody reads it, because a slower reader holds the others back.
      void reply.ended.then(this.#onWorkEnded)
      if (this.#controller.signal.aborted) reply.leave(asGatewayError(this.#controller.signal.reason))
      return reply
    } catch (thrown) {
      this.#hasFailed = true
      throw thrown
    }
  }

  /** The part at this index of the whole reply, `wait` where it has not come, or `end`. */
  partAt(index: number): { readonly part: Part } | 'wait' | 'end' {
    const kept = index - this.#firstKept
    const part = this.#kept[kept]
    if (kept < this.#kept.length && part !== undefined) return { part }
    return this.#reply?.ending === undefined ? 'wait' : 'end'
  }

  get ending() {
    return this.#reply?.ending
  }

  /** Reads on from the work, unless the bound is reached and a slower reader still needs what is kept. */
  pump(): void {
    const reply = this.#reply
    if (this.#isPulling || reply === undefined || reply.ending !== undefined) return
    this.#dropSeen()
    if (this.#kept.length > 0 && this.#keptBytes >= this.#bounds.maxBytes) return
    this.#isPulling = true
    void reply.next().then((part) => {
      this.#isPulling = false
      if (part === undefined) return
      this.#kept.push(part)
      this.#keptBytes += this.#bounds.sizeOf(part)
      this.#wakeReaders()
    })
  }

  readonly #onWorkEnded = (ending: Ending): void => {
    this.#hasFailed = ending.outcome !== 'ok'
    this.#wakeReaders()
  }

  #wakeReaders(): void {
    for (const reader of [...this.#readers]) reader.wake()
  }

  /** A reader has moved on: one that waits for room may be served now. */
  pumpForWaiting(): void {
    for (const reader of this.#readers) {
      if (reader.isWaiting) this.pump()
    }
  }

  leave(reader: SharedReader<Part>, reason: GatewayError): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0) {
      // The one who left may have been the slowest, for whom the others waited.
      this.#wakeReaders()
      return
    }
    if (this.#hasFailed || this.#reply?.ending !== undefined) return
    this.#controller.abort(reason)
    this.#reply?.leave(reason)
  }

  /** Past the bound, what all readers have seen goes; below it, all is kept for those who join late. */
  #dropSeen(): void {
    if (this.#keptBytes < this.#bounds.maxBytes) return
    let slowest = Number.POSITIVE_INFINITY
    for (const reader of this.#readers) slowest = Math.min(slowest, reader.index)
    const seen = this.#kept.splice(0, Math.max(0, Math.min(slowest - this.#firstKept, this.#kept.length)))
    this.#firstKept += seen.length
    for (const part of seen) this.#keptBytes -= this.#bounds.sizeOf(part)
  }
}

class SharedReader<Part> implements PartSource<Part> {
  readonly #shared: SharedWork<Part>
  index = 0
  #waiter: ((part: Part | undefined) => void) | undefined

  constructor(shared: SharedWork<Part>) {
    this.#shared = shared
  }

  get isWaiting(): boolean {
    return this.#waiter !== undefined
  }

  pull(): Promise<Part | undefined> {
    return new Promise((resolve) => {
      this.#waiter = resolve
      this.wake()
    })
  }

  ending() {
    const ending = this.#shared.ending
    if (ending === undefined || ending.outcome === 'ok') return { outcome: 'ok' as const }
    const { costNanoUsd: _costOfTheWork, ...own } = ending
    return own
  }

  cancel(reason: GatewayError): void {
    this.#waiter = undefined
    this.#shared.leave(this, reason)
  }

  /** Gives the waiting consumer its part, where there is one now. */
  wake(): void {
    if (this.#waiter === undefined) return
    const next = this.#shared.partAt(this.index)
    if (next === 'wait') {
      this.#shared.pump()
      return
    }
    const waiter = this.#waiter
    this.#waiter = undefined
    if (next === 'end') {
      waiter(undefined)
      return
    }
    this.index++
    waiter(next.part)
    this.#shared.pumpForWaiting()
  }
}
