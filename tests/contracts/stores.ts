import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMemoryStore } from '../../src/storage/memory/store.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import { FillableDisk } from './full-disk.ts'
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
