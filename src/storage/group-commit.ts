import { GatewayError } from '../core/errors.ts'
import type { Event } from '../core/events.ts'
import type { EventLog } from '../core/ports.ts'
import type { CancelTimer, World } from '../core/world.ts'
import { type Batch, type BatchWriter, encodeEvent } from './batch.ts'
import { Gap } from './gap.ts'

/** How long a file that is busy is waited for, and how often it is tried, before that counts as a failure. */
const BUSY_RETRY_MS = 1
const BUSY_LIMIT_MS = 5000
const RETRY_FIRST_MS = 100
const RETRY_LAST_MS = 5000

/** What the log needs of its surroundings. */
export interface GroupCommitOptions {
  readonly world: World
  readonly writer: BatchWriter
  /** Events of `append` that may wait at one time. */
  readonly queueEvents: number
  /** Says what a failure of the writer means and what to do: a `log_unavailable`. */
  readonly explain: (thrown: unknown) => GatewayError
  /** Takes what could not be written before the end, one JSON event a line, so that it is not lost unseen. */
  readonly lastResort: (line: string) => void
  /** Called after each commit, in order, with the number of the batch. */
  readonly onCommitted: (seq: number, events: readonly Event[]) => void
}

class Group implements Batch {
  readonly events: Event[] = []
  readonly lines: string[] = []
  readonly kept: boolean[] = []
  appended = 0
  /** One promise for all that were appended: the group is written whole or not at all. */
  shared: PromiseWithResolvers<void> | undefined

  add(event: Event, line: string, isKept: boolean): void {
    this.events.push(event)
    this.lines.push(line)
    this.kept.push(isKept)
    if (!isKept) this.appended++
  }

  /** A new group of what must not be lost. */
  keptOnly(): Group {
    const rest = new Group()
    for (const [index, event] of this.events.entries()) {
      if (this.kept[index] === true) rest.add(event, this.lines[index] ?? encodeEvent(event), true)
    }
    return rest
  }
}

interface FlushWaiter {
  readonly resolve: () => void
  readonly cancelTimer: CancelTimer
}

/** The event log: gathers what comes in one turn of the event loop and writes it as one batch. Whoever writes batches is given. */
export class GroupCommitLog implements EventLog {
  readonly #options: GroupCommitOptions
  readonly #gap: Gap
  readonly #waiters = new Set<FlushWaiter>()
  #group = new Group()
  #isScheduled = false
  #isClosed = false
  #failure: GatewayError | undefined
  #cancelRetry: CancelTimer | undefined
  #retryMs = RETRY_FIRST_MS
  #busySinceMs: number | undefined

  constructor(options: GroupCommitOptions) {
    this.#options = options
    this.#gap = new Gap(options.world)
  }

  get isWritable(): boolean {
    return this.#failure === undefined && !this.#isClosed && this.#group.appended < this.#options.queueEvents
  }

  append(event: Event): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError())
    const group = this.#group
    if (group.appended >= this.#options.queueEvents) return Promise.reject(this.#fullError())
    group.add(event, encodeEvent(event), false)
    group.shared ??= Promise.withResolvers<void>()
    this.#schedule()
    return group.shared.promise
  }

  keep(event: Event): void {
    if (this.#isClosed) {
      this.#options.lastResort(encodeEvent(event))
      return
    }
    this.#group.add(event, encodeEvent(event), true)
    this.#schedule()
  }

  countUnrecorded(): void {
    this.#gap.count(this.#failure ?? this.#fullError())
    if (this.#failure === undefined && !this.#isClosed) this.#schedule()
  }

  flush(timeoutMs: number): Promise<void> {
    this.#commit()
    if (this.#group.lines.length === 0) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onTimeout = () => {
      this.#waiters.delete(waiter)
      reject(this.#failure ?? busyError(timeoutMs))
    }
    const waiter = { resolve, cancelTimer: this.#options.world.after(timeoutMs, onTimeout) }
    this.#waiters.add(waiter)
    return promise
  }

  /** Writes what is left and the last events, and takes nothing after. What cannot be written goes to `lastResort`. */
  close(last: readonly Event[]): void {
    for (const event of last) this.keep(event)
    this.#commit()
    this.#isClosed = true
    this.#cancelRetry?.()
    const unwritten = this.#group
    this.#group = new Group()
    unwritten.shared?.reject(closedError())
    for (const waiter of this.#waiters) waiter.cancelTimer()
    const gap = this.#gap.event()
    for (const line of unwritten.lines) this.#options.lastResort(line)
    if (gap !== undefined) this.#options.lastResort(encodeEvent(gap))
  }

  #schedule(): void {
    // While the file is busy, the timer alone tries: more often would only hold up whoever has it.
    if (this.#isScheduled || this.#busySinceMs !== undefined) return
    this.#isScheduled = true
    this.#options.world.atEndOfTurn(this.#commit)
  }

  readonly #commit = (): void => {
    this.#isScheduled = false
    const gap = this.#gap.event()
    const group = this.#group
    if (this.#isClosed || (group.lines.length === 0 && gap === undefined)) return
    // The gap is no part of the group: where this commit fails too, the next one tells of a longer gap.
    const batch = gap === undefined ? group : { events: [...group.events, gap], lines: [...group.lines, encodeEvent(gap)] }
    let written: number | 'busy'
    try {
      written = this.#options.writer.write(batch)
    } catch (thrown) {
      this.#onRefused(this.#options.explain(thrown))
      return
    }
    if (written === 'busy') this.#onBusy()
    else this.#onWritten(written, batch)
  }

  #onWritten(seq: number, batch: Batch): void {
    const { shared } = this.#group
    this.#group = new Group()
    this.#gap.close()
    this.#failure = undefined
    this.#busySinceMs = undefined
    this.#retryMs = RETRY_FIRST_MS
    this.#cancelRetry?.()
    this.#options.onCommitted(seq, batch.events)
    shared?.resolve()
    for (const waiter of this.#waiters) {
      waiter.cancelTimer()
      waiter.resolve()
    }
    this.#waiters.clear()
  }

  #onBusy(): void {
    const nowMs = this.#options.world.monotonicMs()
    this.#busySinceMs ??= nowMs
    if (nowMs - this.#busySinceMs > BUSY_LIMIT_MS) this.#onRefused(busyError(BUSY_LIMIT_MS))
    else this.#retryIn(BUSY_RETRY_MS)
  }

  #onRefused(failure: GatewayError): void {
    const { shared } = this.#group
    this.#failure = failure
    this.#busySinceMs = undefined
    this.#gap.open(failure)
    this.#group = this.#group.keptOnly()
    shared?.reject(failure)
    this.#retryIn(this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LAST_MS)
  }

  #retryIn(ms: number): void {
    this.#cancelRetry?.()
    this.#cancelRetry = this.#options.world.after(ms, this.#commit)
  }

  #fullError(): GatewayError {
    const { queueEvents } = this.#options
    return new GatewayError('log_unavailable', `The queue of the event log is full (${queueEvents} events). Send fewer calls at a time.`)
  }
}

function closedError(): GatewayError {
  return new GatewayError('log_unavailable', 'The event log is closed: the gateway is stopping.')
}

function busyError(waitedMs: number): GatewayError {
  return new GatewayError('log_unavailable', `The event log was busy for ${waitedMs} ms: another program holds its file.`)
}
