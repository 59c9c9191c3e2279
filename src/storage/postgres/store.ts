import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import type { World } from '../../core/world.ts'
import { LocalLog, type LocalLogOptions } from '../journal/local-log.ts'
import type { Trimmer } from '../journal/trim.ts'
import { Checkpointer } from '../sqlite/checkpointer.ts'
import { closeDatabase, openDatabase } from '../sqlite/database.ts'
import { folderFailure } from '../sqlite/failure.ts'
import { lockFolder } from '../sqlite/lock.ts'
import { migrate as migrateFile } from '../sqlite/migrate.ts'
import { fileOf } from '../sqlite/schema.ts'
import type { Store, Verification } from '../store.ts'
import { atMost } from './at-most.ts'
import { PostgresBodyStore } from './body-store.ts'
import { isAway } from './failure.ts'
import { PostgresKeyStore } from './key-store.ts'
import { KeyWatch } from './key-watch.ts'
import { PostgresLogReader } from './log-reader.ts'
import { migrate } from './migrate.ts'
import { PostgresObjectStore } from './object-store.ts'
import { Pool } from './pool.ts'
import { rebuildInside, rebuildTallies } from './rebuild.ts'
import { PostgresRetention } from './retention.ts'
import { Shipper } from './shipper.ts'
import { PostgresTallies } from './tallies.ts'
import { verifyChains } from './verify.ts'

const BODY_QUEUE_BYTES = 64 * 1024 * 1024
const OBJECT_BYTES = 1024 * 1024 * 1024
/** How long a start waits for PostgreSQL, which may be starting too. */
const CONNECT_MS = 10_000
const CONNECT_PAUSE_MS = 500
const CLOSE_WAIT_MS = 5000
/** The first start after an upgrade may have to fold the whole log again. */
const MIGRATE_MS = 3_600_000
/** What was shipped stays in the journal for so long: a database that was put back from a backup gets it once more. */
const JOURNAL_KEPT_MS = 7 * 24 * 3_600_000

/** How to open a store in PostgreSQL. */
export interface PostgresStoreOptions extends LocalLogOptions {
  /** `postgres://user@host/database`, with its password where it has one. */
  readonly url: string
  /** Where the journal of this process stands. One process has it. */
  readonly folder: string
  /** Batches older than this are removed from the database. Left out: the log is kept. */
  readonly retentionMs?: number
  /** Bodies older than this are erased. Left out: they are kept. */
  readonly bodyRetentionMs?: number
  /** Whose time the deadlines of connections run in: a test's own goes by hand, and a database's does not. */
  readonly socketWorld?: World
  /** How long a question to the database may take. 15 seconds unless said. */
  readonly patienceMs?: number
  /** How long to wait for the database at the start. 10 seconds unless said. */
  readonly connectMs?: number
}

/** A store in PostgreSQL, and the journal before it. */
export interface PostgresStore extends Store {
  /** Removes what is past its retention now. Returns how many batches went from the database. */
  trim(): Promise<number>
  /** Ships what is in the journal now. @throws store_unavailable */
  ship(): Promise<void>
}

/**
 * Opens a store whose truth stands in PostgreSQL, for any number of replicas. Events go to the journal of this process first, and are
 * shipped in the background; hence calls go on while PostgreSQL is away.
 * @throws store_unavailable where PostgreSQL does not answer at the start: keys are not known then
 * @throws conflict where another process has the folder, or a newer Signalbox wrote there; log_unavailable where the folder cannot be written
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const closers: (() => void | Promise<void>)[] = []
  try {
    return await open(options, closers)
  } catch (thrown) {
    for (const close of closers.toReversed()) await close()
    throw thrown instanceof GatewayError ? thrown : folderFailure(options.folder, thrown)
  }
}

async function open(options: PostgresStoreOptions, closers: (() => void | Promise<void>)[]): Promise<PostgresStore> {
  const { folder, url, world, report } = options
  const socketWorld = options.socketWorld ?? world
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = lockFolder(folder)
  closers.push(() => lock.release())
  const path = join(folder, fileOf('journal'))
  const database = openDatabase(path, options.durability ?? 'process')
  closers.push(() => closeDatabase(database))
  await migrateFile(database, 'journal')
  const pool = new Pool({ url, world: socketWorld, ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }) })
  closers.push(() => pool.close())
  const tallies = new PostgresTallies({ pool, projections: options.projections ?? [], beforeRead: () => shipper.catchUp() })
  await untilAnswered(pool, socketWorld, options.connectMs ?? CONNECT_MS)
  await prepare(pool, tallies)
  const checkpointer = new Checkpointer(world, report)
  closers.push(() => checkpointer.close())
  const onSaved = checkpointer.watch(path, database)
  const local: LocalLog = new LocalLog({ folder, options, database, onSaved, onBatch: () => shipper.wake() })
  closers.push(() => local.closeFiles())
  const identity = local.begin()
  const { nodeId } = identity
  const shipper: Shipper = new Shipper({ pool, local, nodeId, tallies: () => tallies, world, socketWorld, report })
  closers.push(() => shipper.abandon())
  await shipper.catchUp()
  const keys = new PostgresKeyStore(pool)
  const watch = new KeyWatch({ pool, keys, world, after: await keys.lastChange() })
  const queueBytes = options.bodyQueueBytes ?? BODY_QUEUE_BYTES
  const bodies = new PostgresBodyStore({ pool, world, queueBytes, retentionMs: options.bodyRetentionMs, report })
  const objects = new PostgresObjectStore({ pool, world, maxBytes: options.objectBytes ?? OBJECT_BYTES })
  const trimmer = makeTrimmer(local, shipper, options)
  const retention = makeRetention(pool, tallies, local, options)
  const close = async () => {
    trimmer.close()
    retention?.close()
    watch.close()
    objects.close()
    await atMost(CLOSE_WAIT_MS, socketWorld, bodies.close())
    local.closeLog()
    await shipper.close()
    for (const closer of closers.toReversed()) await closer()
  }
  let closed: Promise<void> | undefined
  return {
    ...identity,
    log: local.log,
    reader: new PostgresLogReader({ pool, beforeRead: () => shipper.catchUp() }),
    keys,
    bodies,
    objects,
    tallies,
    watchKeys: (hear) => watch.start(hear),
    condition: () => shipper.condition(),
    verify: () => verifyBoth(pool, local, shipper),
    rebuild: () => rebuildTallies(pool, tallies),
    trim: async () => {
      await trimmer.trim()
      return (await retention?.trim()) ?? 0
    },
    ship: () => shipper.catchUp(),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

/** Brings the database up to date, with the sums of projections whose fold was changed. */
function prepare(pool: Pool, tallies: PostgresTallies): Promise<void> {
  return pool.transaction(async (sql) => {
    await migrate(sql)
    const changed = await tallies.prepare(sql)
    if (changed.length > 0) await rebuildInside(sql, tallies)
  }, MIGRATE_MS)
}

/** A start must end, one way or the other: keys stand in the database, and without them nobody could be let in. */
async function untilAnswered(pool: Pool, world: World, patienceMs: number): Promise<void> {
  const untilMs = world.monotonicMs() + patienceMs
  for (;;) {
    try {
      await pool.use((sql) => sql.unsafe('SELECT 1'), patienceMs)
      return
    } catch (thrown) {
      const isWorthAnother = thrown instanceof GatewayError && isAway(thrown.cause) && world.monotonicMs() < untilMs
      if (!isWorthAnother) throw thrown
      await world.sleep(CONNECT_PAUSE_MS, new AbortController().signal)
    }
  }
}

/** Removes what the database has from the journal. Nothing goes from the log by that, so nothing is written down. */
function makeTrimmer(local: LocalLog, shipper: Shipper, { retentionMs }: PostgresStoreOptions): Trimmer {
  return local.trimmer({
    retentionMs: Math.min(retentionMs ?? JOURNAL_KEPT_MS, JOURNAL_KEPT_MS),
    mayRemove: async ({ lastSeq }) => shipper.shippedSeq >= lastSeq,
    record: async () => {},
  })
}

function makeRetention(
  pool: Pool,
  tallies: PostgresTallies,
  { log }: LocalLog,
  options: PostgresStoreOptions,
): PostgresRetention | undefined {
  const { retentionMs, world, report } = options
  return retentionMs === undefined ? undefined : new PostgresRetention({ pool, tallies, log, world, retentionMs, report })
}

/** The chain of the journal, then the chains of all writers in the database. */
async function verifyBoth(pool: Pool, local: LocalLog, shipper: Shipper): Promise<Verification> {
  const own = await local.verify()
  if (own.type === 'broken') return own
  await shipper.catchUp()
  return verifyChains(pool)
}
