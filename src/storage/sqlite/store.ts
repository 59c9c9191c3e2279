import type { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import { atOnce, inSlices } from '../in-slices.ts'
import { LocalLog, type LocalLogOptions } from '../journal/local-log.ts'
import type { Trimmer } from '../journal/trim.ts'
import { ProjectionFeed } from '../projection-feed.ts'
import type { Store } from '../store.ts'
import { SqliteBodyStore } from './body-store.ts'
import { Checkpointer } from './checkpointer.ts'
import { closeDatabase, type Durability, openDatabase } from './database.ts'
import { folderFailure } from './failure.ts'
import { SqliteKeyStore } from './key-store.ts'
import { lockFolder } from './lock.ts'
import { migrate } from './migrate.ts'
import { SqliteObjectStore } from './object-store.ts'
import { type DatabaseName, fileOf } from './schema.ts'
import { SqliteTallyStore } from './tally-store.ts'

const BODY_QUEUE_BYTES = 64 * 1024 * 1024
const OBJECT_BYTES = 1024 * 1024 * 1024

/** How to open a data folder. */
export interface SqliteStoreOptions extends LocalLogOptions {
  /** Closed segments older than this are removed. Left out: the log is kept. */
  readonly retentionMs?: number
  /** Bodies older than this are erased. Left out: they are kept. */
  readonly bodyRetentionMs?: number
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
  const openFile = (name: DatabaseName, durability: Durability) => {
    const database = openDatabase(join(folder, fileOf(name)), durability)
    // After a failure, statements may be open still: it closes with the last of them.
    opened.push(() => database.close())
    migrate(database, name)
    return database
  }
  const journal = openFile('journal', options.durability ?? 'process')
  const main = openFile('signalbox', 'process')
  const bodies = openFile('bodies', 'process')
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
  readonly #local: LocalLog
  readonly #feed: ProjectionFeed
  readonly #bodies: SqliteBodyStore
  readonly #objects: SqliteObjectStore
  #trimmer: Trimmer | undefined
  #closed: Promise<void> | undefined

  constructor(parts: Parts) {
    const { folder, options, journal, main, bodies } = parts
    const { world, report } = options
    this.#parts = parts
    this.#checkpointer = new Checkpointer(world, report)
    const watch = (name: DatabaseName, database: Database) => this.#checkpointer.watch(join(folder, fileOf(name)), database)
    const onBatch = (seq: number, events: readonly Event[]) => this.#feed.take(seq, events)
    this.#local = new LocalLog({ folder, options, database: journal, onSaved: watch('journal', journal), onBatch })
    this.#feed = new ProjectionFeed({
      world,
      source: this.#local.reader,
      store: new SqliteTallyStore(main, 'keep', watch('signalbox', main)),
      projections: options.projections ?? [],
      mode: 'keep',
      report,
    })
    const queueBytes = options.bodyQueueBytes ?? BODY_QUEUE_BYTES
    const onWrote = watch('bodies', bodies)
    const kept = { database: bodies, folder, world, onWrote, report }
    this.#bodies = new SqliteBodyStore({ ...kept, queueBytes, retentionMs: options.bodyRetentionMs })
    this.#objects = new SqliteObjectStore({ ...kept, maxBytes: options.objectBytes ?? OBJECT_BYTES })
  }

  /** Begins the log and catches up. After this, calls may come. */
  start(): SqliteStore {
    const { options, folder, main } = this.#parts
    const identity = this.#local.begin()
    atOnce(this.#feed.catchUp())
    if (options.retentionMs !== undefined) this.#trimmer = this.#makeTrimmer(options.retentionMs)
    this.#bodies.startSweeping()
    const trimmer = this.#trimmer
    return {
      ...identity,
      log: this.#local.log,
      reader: this.#local.reader,
      keys: new SqliteKeyStore(main, folder),
      bodies: this.#bodies,
      objects: this.#objects,
      tallies: this.#feed,
      watchKeys: () => {},
      condition: () => undefined,
      verify: () => this.#local.verify(),
      rebuild: () => this.#feed.rebuild(),
      trim: async () => trimmer?.trim() ?? 0,
      close: () => {
        this.#closed ??= this.#close()
        return this.#closed
      },
    }
  }

  #makeTrimmer(retentionMs: number): Trimmer {
    const { world } = this.#parts.options
    return this.#local.trimmer({
      retentionMs,
      mayRemove: ({ firstSeq, lastSeq }) => inSlices(this.#feed.foldIntoBase(firstSeq, lastSeq), world),
      record: ({ id, events, lastHash }) =>
        this.#local.log.append({ type: 'log.trimmed', atMs: world.now(), segment: id, events, lastHash }),
    })
  }

  async #close(): Promise<void> {
    const { journal, main, bodies, release } = this.#parts
    this.#trimmer?.close()
    await this.#checkpointer.close()
    this.#local.closeLog()
    this.#feed.flush()
    this.#feed.close()
    this.#bodies.close()
    this.#objects.close()
    this.#local.closeFiles()
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
