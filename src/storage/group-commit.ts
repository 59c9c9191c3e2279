import { GatewayError } from '../core/errors.ts'
import type { Event } from '../core/events.ts'
import type { EventLog } from '../core/ports.ts'
import type { CancelTimer, World } from '../core/world.ts'
import { type Batch, type BatchWriter, encodeEvent } from './batch.ts'
import { ByteLines } from './byte-lines.ts'
import { Gap } from './gap.ts'

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
  /** Hears once of each time in which nothing can be written, when it begins. */
  readonly report: (failure: GatewayError) => void
  /** Takes what could not be written before the end, one JSON event a line, so that it is not lost unseen. */
  readonly lastResort: (line: string) => void
  /** Called after each commit, in order, with the number of the batch. */
  readonly onCommitted: (seq: number, events: readonly Event[]) => void
}

/** The events of one turn of the event loop. */
class Group implements Batch {
  readonly #lines: ByteLines
  readonly events: Event[] = []
  /** Those of them that must not be lost. */
  readonly kept: Event[] = []
  /** One promise for all that were appended: the group is written whole or not at all. */
  shared: PromiseWithResolvers<void> | undefined

  /** @param lines memory for the lines; one group at a time has it */
  constructor(lines: ByteLines, kept: readonly Event[] = []) {
    this.#lines = lines
    lines.clear()
    for (const event of kept) this.keep(event)
  }

  get bytes(): Uint8Array {
    return this.#lines.bytes
  }

  /** How many were appended. */
  get appended(): number {
    return this.events.length - this.kept.length
  }

  add(event: Event): void {
    this.#lines.add(encodeEvent(event))
    this.events.push(event)
  }

  keep(event: Event): void {
    this.add(event)
    this.kept.push(event)
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
  readonly #lines = new ByteLines()
  #group = new Group(this.#lines)
  #isScheduled = false
  #isClosed = false
  #failure: GatewayError | undefined
  #cancelRetry: CancelTimer | undefined
  #retryMs = RETRY_FIRST_MS

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
    group.add(event)
    group.shared ??= Promise.withResolvers<void>()
    this.#schedule()
    return group.shared.promise
  }

  keep(event: Event): void {
    if (this.#isClosed) {
      this.#options.lastResort(encodeEvent(event))
      return
    }
    this.#group.keep(event)
    this.#schedule()
  }

  countUnrecorded(): void {
    this.#gap.count(this.#failure ?? this.#fullError())
    if (this.#failure === undefined && !this.#isClosed) this.#schedule()
  }

  flush(timeoutMs: number): Promise<void> {
    this.#commit()
    if (this.#group.events.length === 0) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onTimeout = () => {
      this.#waiters.delete(waiter)
      reject(this.#failure ?? closedError())
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
    for (const waiter of this.#waiters) waiter.cancelTimer()
    const gap = this.#gap.event()
    const unwritten = gap === undefined ? this.#group.kept : [...this.#group.kept, gap]
    for (const event of unwritten) this.#options.lastResort(encodeEvent(event))
    this.#group = new Group(this.#lines)
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#options.world.atEndOfTurn(this.#commit)
  }

  readonly #commit = (): void => {
    this.#isScheduled = false
    const group = this.#group
    const gap = this.#gap.event()
    if (this.#isClosed || (group.events.length === 0 && gap === undefined)) return
    // Not kept: where this commit fails too, the next one tells of a longer gap.
    if (gap !== undefined) group.add(gap)
    let seq: number
    try {
      seq = this.#options.writer.write(group)
    } catch (thrown) {
      this.#onRefused(this.#options.explain(thrown))
      return
    }
    this.#onWritten(seq, group)
  }

  #onWritten(seq: number, group: Group): void {
    this.#group = new Group(this.#lines)
    this.#gap.close()
    this.#failure = undefined
    this.#retryMs = RETRY_FIRST_MS
    this.#cancelRetry?.()
    this.#options.onCommitted(seq, group.events)
    group.shared?.resolve()
    for (const waiter of this.#waiters) {
      waiter.cancelTimer()
      waiter.resolve()
    }
    this.#waiters.clear()
  }

  #onRefused(failure: GatewayError): void {
    const { shared, kept } = this.#group
    if (this.#failure === undefined) this.#options.report(failure)
    this.#failure = failure
    this.#gap.open(failure)
    this.#group = new Group(this.#lines, kept)
    shared?.reject(failure)
    this.#cancelRetry?.()
    this.#cancelRetry = this.#options.world.after(this.#retryMs, this.#commit)
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LAST_MS)
  }

  #fullError(): GatewayError {
    const { queueEvents } = this.#options
    return new GatewayError('log_unavailable', `The queue of the event log is full (${queueEvents} events). Send fewer calls at a time.`)
  }
}

function closedError(): GatewayError {
  return new GatewayError('log_unavailable', 'The event log is closed: the gateway is stopping.')
}
