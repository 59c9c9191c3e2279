import type { Database } from 'bun:sqlite'
import type { Event } from '../../core/events.ts'
import { encodeEvent } from '../batch.ts'
import { ByteLines } from '../byte-lines.ts'
import { GroupCommitLog } from '../group-commit.ts'
import { inSlices } from '../in-slices.ts'
import { crashedEnding } from '../open-calls.ts'
import type { Durability } from '../sqlite/database.ts'
import { folderFailure } from '../sqlite/failure.ts'
import type { StoreOptions, Verification } from '../store.ts'
import { type JournalFiles, NODE_FILES } from './files.ts'
import { Journal } from './journal.ts'
import { JournalIndex } from './journal-index.ts'
import { JournalReader } from './journal-reader.ts'
import { StateKeeper } from './state-keeper.ts'
import { Trimmer, type TrimOptions } from './trim.ts'
import { verifyChain } from './verify.ts'

const QUEUE_EVENTS = 20_000
const SEGMENT_BYTES = 64 * 1024 * 1024

/** How a log of a folder is kept. */
export interface LocalLogOptions extends StoreOptions {
  /** `process` unless said. */
  readonly durability?: Durability
  /** A segment of the log closes at this size, or after a day. 64 MB unless said. */
  readonly segmentBytes?: number
  /** The file system of the log: a test's may be full. */
  readonly files?: JournalFiles
}

/** What a log needs of its surroundings. */
export interface LocalLogParts {
  readonly folder: string
  readonly options: LocalLogOptions
  /** journal.db of the folder, migrated. */
  readonly database: Database
  /** Told how much each save of the index came to. */
  readonly onSaved: (bytes: number) => void
  /** Hears of each batch when it is on disk, before the store's own observer does. */
  readonly onBatch: (seq: number, events: readonly Event[]) => void
}

/** Who this process is in its log, once it has begun. */
export interface WriterIdentity {
  readonly nodeId: string
  readonly epoch: number
  /** Calls that a crash had left without an ending, and that were ended now. */
  readonly recoveredCalls: number
}

/** The event log of a data folder: its journal, its group commit, and the calls that a crash left open. */
export class LocalLog {
  readonly #parts: LocalLogParts
  readonly #index: JournalIndex
  readonly #files: JournalFiles
  readonly #journal: Journal
  readonly #keeper: StateKeeper | undefined
  readonly log: GroupCommitLog
  readonly reader: JournalReader
  #epoch = 0

  /** Finds the end of the log, and cuts off what was not finished there. */
  constructor(parts: LocalLogParts) {
    const { folder, options, database, onSaved } = parts
    const { world, report } = options
    this.#parts = parts
    this.#index = new JournalIndex(database)
    this.#files = options.files ?? NODE_FILES
    this.#journal = new Journal({
      folder,
      index: this.#index,
      files: this.#files,
      world,
      durability: options.durability ?? 'process',
      segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
      onSaved,
      report,
    })
    this.reader = new JournalReader({ folder, index: this.#index, files: this.#files, end: this.#journal, world })
    const { state } = options
    if (state !== undefined) this.#keeper = new StateKeeper({ state, index: this.#index, source: this.reader, onSaved, report })
    this.log = this.#makeLog()
  }

  /** Writes the beginning, with the endings that a crash left out, in one batch: either all of it is there or none. */
  begin(): WriterIdentity {
    const { world, version } = this.#parts.options
    const { nodeId, epoch } = this.#index.begin(world)
    this.#epoch = epoch
    const nowMs = world.now()
    const booked = Map.groupBy(this.#keeper?.resolveCrashed(this.#journal.openCalls) ?? [], ({ callId }) => callId)
    const times = { lastSignMs: this.#journal.state.atMs, nowMs }
    const endings = this.#journal.openCalls.map((started) => crashedEnding(started, times, booked.get(started.callId) ?? []))
    for (const { callId } of endings) booked.delete(callId)
    // What is left was held for calls that had ended: a reply that was being read on after its client had left.
    const events: readonly Event[] = [{ type: 'writer.started', atMs: nowMs, epoch, version }, ...endings, ...[...booked.values()].flat()]
    const lines = new ByteLines()
    for (const event of events) lines.add(encodeEvent(event))
    this.#journal.write({ events, bytes: lines.bytes })
    this.#keeper?.take(events)
    return { nodeId, epoch, recoveredCalls: endings.length }
  }

  /** Events that were ever written to this log, trimmed ones included. */
  get eventCount(): number {
    return this.#index.segments().reduce((sum, { events }) => sum + events, this.#journal.state.segment.events)
  }

  /** Those of them that were trimmed. */
  get trimmedEventCount(): number {
    const gone = this.#index.segments().filter(({ state }) => state !== 'closed')
    return gone.reduce((sum, { events }) => sum + events, 0)
  }

  /** Hash of the batch before the first one that is still there. */
  get hashBeforeFirst(): string {
    const kept = this.#index.segments().find(({ state }) => state === 'closed')
    return kept?.previousHash ?? this.#journal.state.segment.previousHash
  }

  /** Removes segments past their retention, from now on. */
  trimmer(options: Pick<TrimOptions, 'retentionMs' | 'mayRemove' | 'record'>): Trimmer {
    const { folder, options: given } = this.#parts
    return new Trimmer({ ...options, folder, index: this.#index, files: this.#files, world: given.world, report: given.report })
  }

  /** Walks the chain of hashes, in slices. */
  verify(): Promise<Verification> {
    const { folder, options } = this.#parts
    const [index, files, { state }] = [this.#index, this.#files, this.#journal] as const
    const knownEnds = [{ seq: state.seq, source: 'the writer' }]
    return inSlices(verifyChain({ folder, index, files, state, knownEnds }), options.world)
  }

  /** Writes what is left, and the end. Nothing is taken after. */
  closeLog(): void {
    this.log.close([{ type: 'writer.stopped', atMs: this.#parts.options.world.now(), epoch: this.#epoch }])
  }

  /** Lets go of the files. The database is its owner's to close. */
  closeFiles(): void {
    this.#attempt(() => this.#keeper?.save())
    this.#attempt(() => this.#journal.save())
    this.#attempt(() => this.#journal.close())
  }

  #makeLog(): GroupCommitLog {
    const { folder, options, onBatch } = this.#parts
    const { world, onCommitted, lastResort, report } = options
    return new GroupCommitLog({
      world,
      writer: this.#journal,
      queueEvents: options.queueEvents ?? QUEUE_EVENTS,
      explain: (thrown) => folderFailure(folder, thrown),
      ...{ lastResort, report },
      onCommitted: (seq, events) => {
        onBatch(seq, events)
        this.#keeper?.take(events)
        if (onCommitted !== undefined) for (const event of events) onCommitted(event)
      },
    })
  }

  /** On the way out, one failure must not keep the rest from being closed. */
  #attempt(step: () => void): void {
    try {
      step()
    } catch (thrown) {
      this.#parts.options.report(folderFailure(this.#parts.folder, thrown))
    }
  }
}
