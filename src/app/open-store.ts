import type { StoragePlace } from '../core/places.ts'
import { openSqliteStore } from '../storage/sqlite/store.ts'
import type { Store, StoreOptions } from '../storage/store.ts'
import { dataFolder } from './data-folder.ts'
import type { Config } from './sections.ts'

/**
 * Opens the store that a configuration names, as its log and bodies say.
 * @throws as openSqliteStore and openPostgresStore do
 */
export async function openStore(config: Config, options: StoreOptions): Promise<Store> {
  const { storage, log, bodies } = config
  const kept = {
    ...options,
    durability: log.durability,
    segmentBytes: log.segment,
    queueEvents: log.queue,
    ...(config.models === undefined ? {} : { objectBytes: config.models.responses.maxTotal }),
    ...(log.retention === 'forever' ? {} : { retentionMs: log.retention }),
    ...(bodies.retention === 'forever' ? {} : { bodyRetentionMs: bodies.retention }),
  }
  if (storage.type === 'sqlite') return openSqliteStore(dataFolder(config), kept)
  // Loaded only where it is used: the driver costs a start some milliseconds and megabytes.
  const { openPostgresStore } = await import('../storage/postgres/store.ts')
  return openPostgresStore({ ...kept, url: databaseUrl(storage), folder: dataFolder(config) })
}

/** The URL of a database, with its password where it has one. */
export function databaseUrl({ url }: Extract<StoragePlace, { type: 'postgres' }>): string {
  return typeof url === 'string' ? url : url.reveal()
}
