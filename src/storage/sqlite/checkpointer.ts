import type { Database } from 'bun:sqlite'
import { GatewayError } from '../../core/errors.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { causeText } from '../cause-text.ts'
import { type CheckpointReply, type CheckpointRequest, runCheckpoint } from './run-checkpoint.ts'

/** A checkpoint is asked for when this much was written: a small write-ahead file is written over and over, which is three times as fast as growing it. */
const CHECKPOINT_BYTES = 4 * 1024 * 1024
/** Without a thread they are made here, so fewer of them. */
const INLINE_BYTES = 16 * 1024 * 1024
const IDLE_CHECK_MS = 30_000
/** SQLite writes whole pages, and at least two a commit. */
const PAGE_BYTES = 4096
const CLOSE_WAIT_MS = 2000

interface Watched {
  readonly file: string
  readonly database: Database
  pendingBytes: number
  isRunning: boolean
  /** Whether something was written since the last look. */
  isActive: boolean
  isTruncated: boolean
}

/** Told of each commit to one database. */
export type CountBytes = (bytes: number) => void

/** Has checkpoints made, in a thread of its own where there is one. */
export class Checkpointer {
  readonly #world: World
  readonly #report: (problem: GatewayError) => void
  readonly #watched = new Map<string, Watched>()
  /** Started with the first checkpoint: a quiet gateway spares its memory. */
  #worker: Worker | undefined
  #isWorkerBroken = false
  #closed: PromiseWithResolvers<void> | undefined
  #cancelIdle: CancelTimer | undefined

  constructor(world: World, report: (problem: GatewayError) => void) {
    this.#world = world
    this.#report = report
  }

  /** Watches a database; call what it returns after each commit. */
  watch(file: string, database: Database): CountBytes {
    const watched: Watched = { file, database, pendingBytes: 0, isRunning: false, isActive: false, isTruncated: true }
    this.#watched.set(file, watched)
    return (bytes) => {
      watched.isActive = true
      watched.pendingBytes += bytes + 2 * PAGE_BYTES
      if (watched.pendingBytes >= CHECKPOINT_BYTES && !watched.isRunning) this.#ask(watched, 'busy')
      this.#cancelIdle ??= this.#world.after(IDLE_CHECK_MS, this.#onIdle)
    }
  }

  /** Ends the thread. Resolves when it holds no file any more. */
  async close(): Promise<void> {
    this.#cancelIdle?.()
    const worker = this.#worker
    if (worker === undefined) return
    this.#closed = Promise.withResolvers<void>()
    // It did not keep the process alive until now; its answer must be waited for.
    worker.ref()
    worker.postMessage({ type: 'close' })
    const cancel = this.#world.after(CLOSE_WAIT_MS, () => this.#closed?.resolve())
    await this.#closed.promise
    cancel()
    worker.terminate()
    this.#worker = undefined
  }

  /** Cuts the files of databases that were quiet for a while; looks again only after something was written. */
  readonly #onIdle = (): void => {
    this.#cancelIdle = undefined
    for (const watched of this.#watched.values()) {
      if (!watched.isActive && !watched.isTruncated && !watched.isRunning) this.#ask(watched, 'idle')
      if (watched.isActive) watched.isTruncated = false
      watched.isActive = false
    }
    const hasMore = [...this.#watched.values()].some((watched) => !watched.isTruncated)
    if (hasMore) this.#cancelIdle = this.#world.after(IDLE_CHECK_MS, this.#onIdle)
  }

  #ask(watched: Watched, pace: CheckpointRequest['pace']): void {
    if (!this.#isWorkerBroken) this.#worker ??= this.#startWorker()
    if (this.#worker === undefined) {
      this.#runHere(watched, pace)
      return
    }
    watched.isRunning = true
    watched.pendingBytes = 0
    watched.isTruncated = pace === 'idle'
    this.#worker.postMessage({ type: 'checkpoint', file: watched.file, pace } satisfies CheckpointRequest)
  }

  #runHere(watched: Watched, pace: CheckpointRequest['pace']): void {
    if (pace === 'busy' && watched.pendingBytes < INLINE_BYTES) return
    watched.pendingBytes = 0
    watched.isTruncated = pace === 'idle'
    try {
      runCheckpoint(watched.database, pace)
    } catch (thrown) {
      this.#reportFailure(watched.file, causeText(thrown))
    }
  }

  #startWorker(): Worker | undefined {
    try {
      const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { smol: true })
      worker.unref()
      worker.onmessage = (message: MessageEvent<CheckpointReply | { readonly type: 'closed' }>) => this.#onReply(message.data)
      worker.onerror = (event) => this.#onWorkerFailed(event.message)
      return worker
    } catch (thrown) {
      this.#onWorkerFailed(causeText(thrown))
      return undefined
    }
  }

  #onReply(reply: CheckpointReply | { readonly type: 'closed' }): void {
    if (reply.type === 'closed') {
      this.#closed?.resolve()
      return
    }
    const watched = this.#watched.get(reply.file)
    if (watched !== undefined) watched.isRunning = false
    if (reply.problem !== undefined) this.#reportFailure(reply.file, reply.problem)
  }

  #onWorkerFailed(reason: string): void {
    this.#worker = undefined
    this.#isWorkerBroken = true
    this.#closed?.resolve()
    for (const watched of this.#watched.values()) watched.isRunning = false
    this.#report(new GatewayError('internal', `Checkpoints run on the main thread, because their own failed: ${reason}`))
  }

  #reportFailure(file: string, problem: string): void {
    this.#report(new GatewayError('internal', `A checkpoint of ${file} failed and is made again later: ${problem}`))
  }
}
