import type { EventReader, KeyStore, TallyReader } from '../../core/ports.ts'
import type { World } from '../../core/world.ts'
import type { MakeProjection } from '../projection-feed.ts'
import type { Verification } from '../store.ts'
import { PostgresKeyStore } from './key-store.ts'
import { PostgresLogReader } from './log-reader.ts'
import { checkVersion } from './migrate.ts'
import { Pool } from './pool.ts'
import { PostgresTallies } from './tallies.ts'
import { verifyChains } from './verify.ts'

/** What a reader of a database is given. */
export interface DatabaseReaderOptions {
  readonly url: string
  readonly world: World
  readonly projections?: readonly MakeProjection[]
}

/** A database, for reading: what was shipped to it. */
export interface DatabaseReader {
  readonly reader: EventReader
  readonly keys: Pick<KeyStore, 'list'>
  readonly tallies: TallyReader
  verify(): Promise<Verification>
  close(): Promise<void>
}

/**
 * Opens a database for reading, beside its gateways or without one, and writes nothing.
 * @throws not_found where no gateway has used it yet; conflict where another version wrote it; store_unavailable where it does not answer
 */
export async function openDatabaseReader({ url, world, projections = [] }: DatabaseReaderOptions): Promise<DatabaseReader> {
  const pool = new Pool({ url, world })
  try {
    await pool.use((sql) => checkVersion(sql, pool.place))
  } catch (thrown) {
    await pool.close()
    throw thrown
  }
  const beforeRead = async () => {}
  return {
    reader: new PostgresLogReader({ pool, beforeRead }),
    keys: new PostgresKeyStore(pool),
    tallies: new PostgresTallies({ pool, projections, beforeRead }),
    verify: () => verifyChains(pool),
    close: () => pool.close(),
  }
}
