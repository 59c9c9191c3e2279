import { GatewayError } from '../core/errors.ts'
import type { Event } from '../core/events.ts'
import type { TallyProjection, TallyQuery, TallyReader, TallySum, TallyTable } from '../core/ports.ts'
import type { CancelTimer, World } from '../core/world.ts'
import { type BatchSource, decodeEvents, type WrittenBatch } from './batch.ts'
import { causeText } from './cause-text.ts'
import { inSlices, type Steps } from './in-slices.ts'
import { SumBy, type TallyProgress, type TallyStore } from './tally-store.ts'

const FLUSH_MS = 1000
/** While the log is folded again, rows are stored after this many events: storing is what costs, and memory is what bounds it. */
const STORE_EVENTS = 50_000

/** Makes a projection that has folded nothing yet. */
export type MakeProjection = () => TallyProjection

interface Fed {
  readonly make: MakeProjection
  readonly projection: TallyProjection
  /** Number of the last batch that was folded. */
  folded: number
  /** Number of the last batch that is stored. */
  stored: number
  base: number
}

/** What feeding projections needs. */
export interface ProjectionFeedOptions {
  readonly world: World
  readonly source: BatchSource
  readonly store: TallyStore
  readonly projections: readonly MakeProjection[]
  /** `read` stores nothing: what the log has beyond the stored state is folded in memory only. */
  readonly mode: 'keep' | 'read'
  readonly report: (problem: GatewayError) => void
}

/** Feeds projections with the log: each batch once, in order, and stores what they came to about every second. */
export class ProjectionFeed implements TallyReader {
  readonly #options: ProjectionFeedOptions
  readonly #fed: readonly Fed[]
  #cancelFlush: CancelTimer | undefined

  constructor(options: ProjectionFeedOptions) {
    this.#options = options
    this.#fed = options.projections.map((make) => this.#open(make))
  }

  /** Takes a batch that was just written. A projection that is behind (a rebuild runs) comes to it by itself. */
  take(seq: number, events: readonly Event[]): void {
    for (const fed of this.#fed) {
      if (fed.folded === seq - 1) this.#fold(fed, seq, events)
    }
    if (this.#fed.length > 0) this.#scheduleFlush()
  }

  /** Folds what the log has and a projection has not, up to the end of the log. */
  *catchUp(): Steps<void> {
    for (const fed of this.#fed) {
      let unstored = 0
      for (let batches = this.#options.source.batchesAfter(fed.folded); batches.length > 0; ) {
        for (const batch of batches) unstored += foldBatch(fed.projection, batch)
        fed.folded = batches.at(-1)?.seq ?? fed.folded
        if (unstored >= STORE_EVENTS) {
          this.#storeCaughtUp()
          unstored = 0
        }
        yield
        batches = this.#options.source.batchesAfter(fed.folded)
      }
    }
    this.#storeCaughtUp()
  }

  /** Drops what is stored, but for the base, and folds the log again. Until it is done, queries see a part. */
  async rebuild(): Promise<void> {
    for (const fed of this.#fed) {
      fed.projection.clear()
      Object.assign(fed, positions(this.#options.store.reset(fed.projection)))
    }
    await inSlices(this.catchUp(), this.#options.world)
  }

  /**
   * Folds batches that will be removed into the base. Returns false where the stored state does not reach past them yet: then they must stay.
   */
  *foldIntoBase(firstSeq: number, lastSeq: number): Steps<boolean> {
    this.#store()
    for (const fed of this.#fed) {
      if (fed.stored < lastSeq) return false
      if (fed.base >= lastSeq) continue
      const copy = fed.make()
      let seq = Math.max(firstSeq - 1, fed.base)
      while (seq < lastSeq) {
        for (const batch of this.#options.source.batchesAfter(seq)) {
          seq = batch.seq
          if (seq > lastSeq) break
          foldBatch(copy, batch)
        }
        yield
      }
      // A rebuild began meanwhile: it needs these batches still.
      if (fed.stored < lastSeq) return false
      this.#options.store.addToBase(copy, lastSeq)
      fed.base = lastSeq
    }
    return true
  }

  /** Stores what was folded. A failure is reported, and tried again a second later; nothing is lost, the log has it. */
  flush(): void {
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    try {
      this.#store()
    } catch (thrown) {
      this.#options.report(new GatewayError('internal', `Spend could not be stored; it is tried again. ${causeText(thrown)}`))
      this.#scheduleFlush()
    }
  }

  /** Stops the timer. */
  close(): void {
    this.#cancelFlush?.()
  }

  async sum(query: TallyQuery): Promise<readonly TallySum[]> {
    const { projection, table } = this.#find(query.table)
    // What is one text too many is known once it is stored: an answer must not name what the next one does not.
    if (table.bound !== undefined && this.#options.mode === 'keep') this.flush()
    const sums = new SumBy(table, query)
    for (const stored of this.#options.store.sum(table, query)) sums.add(stored)
    for (const row of projection.rows(table.name)) sums.addRow(row)
    return sums.result()
  }

  #find(name: string): { readonly projection: TallyProjection; readonly table: TallyTable } {
    for (const { projection } of this.#fed) {
      const table = projection.tables.find((table) => table.name === name)
      if (table !== undefined) return { projection, table }
    }
    throw new Error(`No projection keeps a tally named ${name}.`)
  }

  /** A reader beside a server folds in memory only. */
  #storeCaughtUp(): void {
    if (this.#options.mode === 'keep') this.#store()
  }

  #open(make: MakeProjection): Fed {
    const { source, store, report, mode } = this.#options
    const projection = make()
    let progress = store.open(projection)
    const isElsewhere = progress.kept > source.lastSeq || (progress.kept > 0 && this.#differs(progress))
    if (isElsewhere && mode === 'keep') {
      report(new GatewayError('conflict', `The projection ${projection.name} belongs to another log than the folder holds; it is rebuilt.`))
      progress = store.reset(projection)
    }
    // Where nothing was folded yet, the log begins where it begins.
    const beforeLog = source.firstSeq - 1
    const { folded, stored, base } = positions(progress)
    return { make, projection, folded: Math.max(folded, beforeLog), stored, base: Math.max(base, beforeLog) }
  }

  #differs(progress: TallyProgress): boolean {
    const hash = this.#options.source.hashAt(progress.kept)
    return hash !== undefined && progress.hash !== undefined && hash !== progress.hash
  }

  #fold(fed: Fed, seq: number, events: readonly Event[]): void {
    try {
      for (const event of events) fed.projection.fold(event)
      fed.folded = seq
    } catch (thrown) {
      // The events are on disk: their writers must not hear of this. The next start folds from the stored state again.
      fed.projection.clear()
      fed.folded = fed.stored
      const message = `The projection ${fed.projection.name} failed on batch ${seq}; it stands still until the next start.`
      this.#options.report(new GatewayError('internal', message, { cause: thrown }))
    }
  }

  #store(): void {
    const behind = this.#fed.filter((fed) => fed.folded > fed.stored)
    if (behind.length === 0) return
    const { source, store } = this.#options
    store.add(behind.map((fed) => ({ projection: fed.projection, kept: fed.folded, hash: source.hashAt(fed.folded) })))
    for (const fed of behind) {
      fed.projection.clear()
      fed.stored = fed.folded
    }
  }

  #scheduleFlush(): void {
    this.#cancelFlush ??= this.#options.world.after(FLUSH_MS, () => this.flush())
  }
}

/** Returns how many events it were. */
function foldBatch(projection: TallyProjection, batch: WrittenBatch): number {
  const events = decodeEvents(batch.text)
  for (const event of events) projection.fold(event)
  return events.length
}

function positions(progress: TallyProgress): { folded: number; stored: number; base: number } {
  return { folded: progress.kept, stored: progress.kept, base: progress.base }
}
