import type { Finding, Guard, Judges } from '../stages/guards/types.ts'
import type { SearchReply, SearchRequest } from './guard-worker.ts'

type Found = Awaited<ReturnType<NonNullable<Judges['search']>>>

/** A thread that searches long texts, so that one caller's book does not hold up the calls of others. Begun with the first; one a process. */
export class GuardThread {
  readonly #waiting = new Map<number, PromiseWithResolvers<Found>>()
  #worker: Worker | undefined
  #next = 0

  readonly search = (guards: readonly Guard[], texts: readonly string[]): Promise<Found> => {
    const id = this.#next++
    const waiter = Promise.withResolvers<Found>()
    this.#waiting.set(id, waiter)
    try {
      this.#worker ??= this.#begin()
      this.#worker.postMessage({ id, sources: guards.map(({ source }) => source), texts } satisfies SearchRequest)
    } catch (thrown) {
      this.#fail(thrown)
    }
    return waiter.promise
  }

  /** Ends the thread. What waits for it fails. */
  close(): void {
    this.#worker?.terminate()
    this.#fail(new Error('the thread was ended'))
  }

  #begin(): Worker {
    const worker = new Worker(new URL('./guard-worker.ts', import.meta.url), { smol: true })
    worker.onmessage = ({ data }: MessageEvent<SearchReply>) => this.#take(data)
    worker.onerror = ({ message }) => this.#fail(new Error(message))
    // It is no reason for the process to stay.
    worker.unref()
    return worker
  }

  #take(reply: SearchReply): void {
    const waiter = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (reply.type === 'found') waiter?.resolve(reply.found satisfies readonly (readonly (readonly (readonly Finding[])[])[])[])
    else waiter?.reject(new Error(reply.reason))
  }

  #fail(thrown: unknown): void {
    this.#worker = undefined
    for (const waiter of this.#waiting.values()) waiter.reject(thrown)
    this.#waiting.clear()
  }
}
