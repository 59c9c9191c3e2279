import type { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import { encodeEvent } from '../batch.ts'
import { ByteLines } from '../byte-lines.ts'
import { GroupCommitLog } from '../group-commit.ts'
import { atOnce, inSlices } from '../in-slices.ts'
import { type JournalFiles, NODE_FILES } from '../journal/files.ts'
import { Journal } from '../journal/journal.ts'
import { JournalIndex } from '../journal/journal-index.ts'
import { JournalReader } from '../journal/journal-reader.ts'
import { Trimmer } from '../journal/trim.ts'
import { verifyChain } from '../journal/verify.ts'
import { crashedEnding } from '../open-calls.ts'
import { ProjectionFeed } from '../projection-feed.ts'
import type { Store, StoreOptions, Verification } from '../store.ts'
import { SqliteBodyStore } from './body-store.ts'
import { Checkpointer } from './checkpointer.ts'
import { closeDatabase, type Durability, openDatabase } from './database.ts'
import { folderFailure } from './failure.ts'
import { SqliteKeyStore } from './key-store.ts'
import { lockFolder } from './lock.ts'
import { migrate } from './migrate.ts'
import { type DatabaseName, fileOf } from './schema.ts'
import { SqliteTallyStore } from './tally-store.ts'

const QUEUE_EVENTS = 20_000
const BODY_QUEUE_BYTES = 64 * 1024 * 1024
const SEGMENT_BYTES = 64 * 1024 * 1024

/** How to open a data folder. */
export interface SqliteStoreOptions extends StoreOptions {
  /** `process` unless said. */
  readonly durability?: Durability
  /** A segment of the log closes at this size, or after a day. 64 MB unless said. */
  readonly segmentBytes?: number
  /** Closed segments older than this are removed. Left out: the log is kept. */
  readonly retentionMs?: number
  /** Bodies older than this are erased. Left out: they are kept. */
  readonly bodyRetentionMs?: number
  /** The file system of the log: a test's may be full. */
  readonly files?: JournalFiles
}

/** A store in a data folder. */
export interface SqliteStore extends Store {
  /** Removes segments past their retention now, rather than at the next hour. Returns how many went. */
  trim(): Promise<number>
}

/**
 * Opens a data folder, alone: brings it up to date, ends the calls that a crash left open, and folds what the projections have not seen.
 * @throws conflict where another process has the folder, or a newer Signalbox wrote it; log_unavailable where it cannot be written
 */
export async function openSqliteStore(folder: string, options: SqliteStoreOptions): Promise<SqliteStore> {
  const opened: (() => void)[] = []
  try {
    return await open(folder, options, opened)
  } catch (thrown) {
    for (const close of opened.toReversed()) close()
    throw folderFailure(folder, thrown)
  }
}

async function open(folder: string, options: SqliteStoreOptions, opened: (() => void)[]): Promise<SqliteStore> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = lockFolder(folder)
  opened.push(() => lock.release())
  const openFile = async (name: DatabaseName, durability: Durability) => {
    const database = openDatabase(join(folder, fileOf(name)), durability)
    // After a failure, statements may be open still: it closes with the last of them.
    opened.push(() => database.close())
    await migrate(database, name)
    return database
  }
  const journal = await openFile('journal', options.durability ?? 'process')
  const main = await openFile('signalbox', 'process')
  const bodies = await openFile('bodies', 'process')
  bodies.run('PRAGMA secure_delete = ON')
  const store = new OpenStore({ folder, options, journal, main, bodies, release: () => lock.release() })
  return store.start()
}

interface Parts {
  readonly folder: string
  readonly options: SqliteStoreOptions
  readonly journal: Database
  readonly main: Database
  readonly bodies: Database
  readonly release: () => void
}

class OpenStore {
  readonly #parts: Parts
  readonly #checkpointer: Checkpointer
  readonly #index: JournalIndex
  readonly #files: JournalFiles
  readonly #journal: Journal
  readonly #reader: JournalReader
  readonly #feed: ProjectionFeed
  readonly #log: GroupCommitLog
  readonly #bodies: SqliteBodyStore
  #trimmer: Trimmer | undefined
  #epoch = 0
  #closed: Promise<void> | undefined

  constructor(parts: Parts) {
    const { folder, options, journal, main, bodies } = parts
    const { world, report } = options
    this.#parts = parts
    this.#checkpointer = new Checkpointer(world, report)
    const watch = (name: DatabaseName, database: Database) => this.#checkpointer.watch(join(folder, fileOf(name)), database)
    this.#index = new JournalIndex(journal)
    this.#files = options.files ?? NODE_FILES
    this.#journal = new Journal({
      folder,
      index: this.#index,
      files: this.#files,
      world,
      durability: options.durability ?? 'process',
      segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
      onSaved: watch('journal', journal),
      report,
    })
    this.#reader = new JournalReader({ folder, index: this.#index, files: this.#files, end: this.#journal })
    this.#feed = new ProjectionFeed({
      world,
      source: this.#reader,
      store: new SqliteTallyStore(main, 'keep', watch('signalbox', main)),
      projections: options.projections ?? [],
      mode: 'keep',
      report,
    })
    this.#log = this.#makeLog()
    const queueBytes = options.bodyQueueBytes ?? BODY_QUEUE_BYTES
    this.#bodies = new SqliteBodyStore({
      database: bodies,
      folder,
      world,
      queueBytes,
      retentionMs: options.bodyRetentionMs,
      onWrote: watch('bodies', bodies),
      report,
    })
  }

  /** Writes the beginning, with the endings that a crash left out, and catches up. After this, calls may come. */
  start(): SqliteStore {
    const { options, folder, main } = this.#parts
    const { nodeId, epoch } = this.#index.begin(options.world)
    this.#epoch = epoch
    const recoveredCalls = this.#recover()
    atOnce(this.#feed.catchUp())
    if (options.retentionMs !== undefined) this.#trimmer = this.#makeTrimmer(options.retentionMs)
    this.#bodies.startSweeping()
    const trimmer = this.#trimmer
    return {
      nodeId,
      epoch,
      recoveredCalls,
      log: this.#log,
      reader: this.#reader,
      keys: new SqliteKeyStore(main, folder),
      bodies: this.#bodies,
      tallies: this.#feed,
      verify: () => this.#verify(),
      rebuild: () => this.#feed.rebuild(),
      trim: async () => trimmer?.trim() ?? 0,
      close: () => {
        this.#closed ??= this.#close()
        return this.#closed
      },
    }
  }

  /** One batch: the start of this process, and an ending for each call that the last one left. Either all of it is there or none. */
  #recover(): number {
    const { world, version } = this.#parts.options
    const nowMs = world.now()
    const endings = this.#journal.openCalls.map((started) => crashedEnding(started, { lastSignMs: this.#journal.state.atMs, nowMs }))
    const events: readonly Event[] = [{ type: 'writer.started', atMs: nowMs, epoch: this.#epoch, version }, ...endings]
    const lines = new ByteLines()
    for (const event of events) lines.add(encodeEvent(event))
    this.#journal.write({ events, bytes: lines.bytes })
    return endings.length
  }

  #makeLog(): GroupCommitLog {
    const { folder, options } = this.#parts
    const { world, onCommitted, lastResort, report } = options
    return new GroupCommitLog({
      world,
      writer: this.#journal,
      queueEvents: options.queueEvents ?? QUEUE_EVENTS,
      explain: (thrown) => folderFailure(folder, thrown),
      ...{ lastResort, report },
      onCommitted: (seq, events) => {
        this.#feed.take(seq, events)
        if (onCommitted !== undefined) for (const event of events) onCommitted(event)
      },
    })
  }

  #makeTrimmer(retentionMs: number): Trimmer {
    const { folder, options } = this.#parts
    const { world, report } = options
    const [index, files, feed, log] = [this.#index, this.#files, this.#feed, this.#log] as const
    return new Trimmer({ folder, index, files, feed, log, world, retentionMs, report })
  }

  #verify(): Promise<Verification> {
    const { folder, options } = this.#parts
    const [index, files, { state }] = [this.#index, this.#files, this.#journal] as const
    const knownEnds = [{ seq: state.seq, source: 'the writer' }]
    return inSlices(verifyChain({ folder, index, files, state, knownEnds }), options.world)
  }

  async #close(): Promise<void> {
    const { options, journal, main, bodies, release } = this.#parts
    this.#trimmer?.close()
    await this.#checkpointer.close()
    this.#log.close([{ type: 'writer.stopped', atMs: options.world.now(), epoch: this.#epoch }])
    this.#feed.flush()
    this.#feed.close()
    this.#bodies.close()
    this.#attempt(() => this.#journal.save())
    this.#attempt(() => this.#journal.close())
    for (const database of [journal, main, bodies]) this.#attempt(() => closeDatabase(database))
    release()
  }

  /** On the way out, one failure must not keep the rest from being closed. */
  #attempt(step: () => void): void {
    try {
      step()
    } catch (thrown) {
      const failure: GatewayError = folderFailure(this.#parts.folder, thrown)
      this.#parts.options.report(failure)
    }
  }
}
