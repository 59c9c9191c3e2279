import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realWorld } from '../../src/platform/world.ts'
import { openMemoryStore } from '../../src/storage/memory/store.ts'
import { openPostgresStore } from '../../src/storage/postgres/store.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import { FillableDisk } from './full-disk.ts'
import { newSchema } from './postgres-server.ts'
import type { StoreKind } from './store-contract.ts'

/** Stores in memory. */
export function memoryStores(): StoreKind {
  return {
    name: 'memory',
    open: async (options) => {
      const store = openMemoryStore(options)
      const full = new Error('the memory is full')
      return {
        store,
        setFull: (isFull) => {
          store.journal.failure = isFull ? full : undefined
        },
      }
    },
    cleanUp: () => {},
  }
}

/** Stores in folders of their own. */
export function sqliteStores(): StoreKind {
  const folders: string[] = []
  return {
    name: 'sqlite',
    open: async (options) => {
      const folder = mkdtempSync(join(tmpdir(), 'signalbox-store-'))
      folders.push(folder)
      const files = new FillableDisk()
      const store = await openSqliteStore(folder, { ...options, files })
      return {
        store,
        setFull: (isFull) => {
          files.isFull = isFull
        },
      }
    },
    cleanUp: () => {
      for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
    },
  }
}

/** Stores in schemas of their own of one database. */
export function postgresStores(url: string): StoreKind {
  const folders: string[] = []
  const dropSchemas: (() => Promise<void>)[] = []
  return {
    name: 'postgres',
    // Each run of the property opens a schema.
    propertyRuns: 8,
    open: async (options) => {
      const folder = mkdtempSync(join(tmpdir(), 'signalbox-store-'))
      folders.push(folder)
      const schema = await newSchema(url)
      dropSchemas.push(schema.drop)
      const files = new FillableDisk()
      const store = await openPostgresStore({ ...options, url: schema.url, folder, files, socketWorld: realWorld() })
      return {
        store,
        setFull: (isFull) => {
          files.isFull = isFull
        },
      }
    },
    cleanUp: async () => {
      for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
      for (const drop of dropSchemas.splice(0)) await drop()
    },
  }
}
