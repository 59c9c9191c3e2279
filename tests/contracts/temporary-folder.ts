import { afterEach } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GatewayError } from '../../src/core/errors.ts'
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from '../../src/storage/sqlite/store.ts'
import { type FakeWorld, fakeWorld } from '../../src/testing/fake-world.ts'

/** A data folder of one test. */
export interface TemporaryFolder {
  readonly path: string
  readonly world: FakeWorld
  readonly problems: readonly GatewayError[]
  /** Opens it; it is closed after the test. */
  open(options?: Partial<SqliteStoreOptions>): Promise<SqliteStore>
}

/** Makes data folders for the tests of one file, and removes them after each. */
export function folderMaker(): () => TemporaryFolder {
  const stores: SqliteStore[] = []
  const paths: string[] = []
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    for (const path of paths.splice(0)) rmSync(path, { recursive: true })
  })
  return () => {
    const path = mkdtempSync(join(tmpdir(), 'signalbox-folder-'))
    paths.push(path)
    const world = fakeWorld()
    const problems: GatewayError[] = []
    const open = async (options: Partial<SqliteStoreOptions> = {}) => {
      const report = (problem: GatewayError) => problems.push(problem)
      const store = await openSqliteStore(path, { world, version: '0.0.0-test', lastResort: () => {}, report, ...options })
      stores.push(store)
      return store
    }
    return { path, world, problems, open }
  }
}
