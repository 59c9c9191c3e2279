import { constants, Database } from 'bun:sqlite'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import type { EventReader, KeyStore, TallyReader } from '../../core/ports.ts'
import type { World } from '../../core/world.ts'
import { causeText } from '../cause-text.ts'
import { atOnce, inSlices } from '../in-slices.ts'
import { NODE_FILES } from '../journal/files.ts'
import { JournalIndex } from '../journal/journal-index.ts'
import { JournalReader } from '../journal/journal-reader.ts'
import { loadTail } from '../journal/load-tail.ts'
import { StateKeeper } from '../journal/state-keeper.ts'
import { type KnownEnd, verifyChain } from '../journal/verify.ts'
import { type MakeProjection, ProjectionFeed } from '../projection-feed.ts'
import type { KeptState, Verification } from '../store.ts'
import { closeDatabase } from './database.ts'
import { SqliteKeyStore } from './key-store.ts'
import { checkVersion } from './migrate.ts'
import { type DatabaseName, fileOf } from './schema.ts'
import { SqliteTallyStore } from './tally-store.ts'

/** What a reader of a data folder is given. */
export interface ReaderOptions {
  readonly world: World
  readonly projections?: readonly MakeProjection[]
  /** Filled with what was kept of it, and with the log since. */
  readonly state?: KeptState
}

/** A data folder, for reading. Close it soon: what it sees must be kept for it. */
export interface FolderReader {
  readonly reader: EventReader
  readonly keys: Pick<KeyStore, 'list'>
  /** Up to the last event of the log, also where a crash came before it was stored. */
  readonly tallies: TallyReader
  /** Also finds an end that was cut off, as far as the projections and the saved state know it. */
  verify(): Promise<Verification>
  close(): void
}

/**
 * Opens a data folder for reading, beside a server or without one, and writes nothing.
 * @throws not_found where there is no data folder of ours; conflict where another version wrote it
 */
export function openReader(folder: string, options: ReaderOptions): FolderReader {
  const opened: Database[] = []
  const openFile = (name: DatabaseName) => {
    const database = openForReading(folder, name)
    opened.push(database)
    checkVersion(database, name)
    // What is stored and the position that it reaches to must be of one moment, whatever a server writes meanwhile.
    database.run('BEGIN')
    return database
  }
  try {
    const main = openFile('signalbox')
    // A first read begins the transaction; signalbox.db first, so that the log is never behind it.
    const reached = reachedBy(main)
    const index = new JournalIndex(openFile('journal'))
    const { state, blocks, cutOffSeq } = loadTail(folder, index, NODE_FILES)
    const journal = new JournalReader({ folder, index, files: NODE_FILES, end: { state, openBlocks: blocks.all }, world: options.world })
    const feed = new ProjectionFeed({
      world: options.world,
      source: journal,
      store: new SqliteTallyStore(main, 'read', () => {}),
      projections: options.projections ?? [],
      mode: 'read',
      report: () => {},
    })
    const saved = cutOffSeq === undefined ? [] : [{ seq: cutOffSeq, source: 'the saved state' }]
    const check = { folder, index, files: NODE_FILES, state, knownEnds: [...reached, ...saved] }
    atOnce(feed.catchUp())
    if (options.state !== undefined) new StateKeeper({ state: options.state, index, source: journal, onSaved: () => {}, report: () => {} })
    return {
      reader: journal,
      keys: new SqliteKeyStore(main, folder),
      tallies: feed,
      verify: () => inSlices(verifyChain(check), options.world),
      close: () => closeAll(opened),
    }
  } catch (thrown) {
    closeAll(opened)
    throw thrown
  }
}

function openForReading(folder: string, name: DatabaseName): Database {
  const path = join(folder, fileOf(name))
  if (!existsSync(path)) {
    throw new GatewayError(
      'not_found',
      `There is no ${fileOf(name)} in ${folder}. Is that the data folder (\`storage\` in the configuration)?`,
    )
  }
  try {
    const database = new Database(path, { readonly: true })
    // The first read needs a file for the index of the write-ahead log beside it: a folder that cannot be written has no place for one.
    database.query('PRAGMA user_version').get()
    return database
  } catch (thrown) {
    if (existsSync(`${path}-wal`)) throw readError(path, thrown)
    return new Database(`file:${encodeURI(path)}?immutable=1`, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI)
  }
}

function readError(path: string, thrown: unknown): GatewayError {
  return new GatewayError(
    'conflict',
    `${path} cannot be read: ${causeText(thrown)}. Its folder must be writable, or the server stopped in good order.`,
    {
      cause: thrown,
    },
  )
}

function reachedBy(main: Database): readonly KnownEnd[] {
  return main
    .query<{ seq: number; name: string }, []>('SELECT kept AS seq, name FROM projections')
    .all()
    .map(({ seq, name }) => ({ seq, source: `the projection ${name}` }))
}

function closeAll(databases: readonly Database[]): void {
  for (const database of databases) closeDatabase(database)
}
