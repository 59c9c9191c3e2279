import { afterEach } from 'bun:test'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpendProjection } from '../../src/control/projections/spend.ts'
import type { GatewayError } from '../../src/core/errors.ts'
import { realWorld } from '../../src/platform/world.ts'
import { openPostgresStore, type PostgresStore, type PostgresStoreOptions } from '../../src/storage/postgres/store.ts'
import { newSchema, type TestSchema } from './postgres-server.ts'

/** A store of one test, with what it reported. */
export interface Replica {
  readonly store: PostgresStore
  readonly folder: string
  readonly problems: readonly GatewayError[]
}

/** Stores and schemas of the tests of one file, in real time. They are closed and removed after each test. */
export interface Replicas {
  newFolder(): string
  schema(server: string): Promise<TestSchema>
  /** @param folder left out, a new one */
  open(url: string, options?: Partial<PostgresStoreOptions>): Promise<Replica>
  /** A folder as a process that dies now leaves it. */
  crashedCopy(folder: string): string
}

/** Makes them. */
export function replicaMaker(): Replicas {
  const stores: PostgresStore[] = []
  const folders: string[] = []
  const schemas: TestSchema[] = []
  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-replica-'))
    folders.push(folder)
    return folder
  }
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
    for (const schema of schemas.splice(0)) await schema.drop()
  })
  return {
    newFolder,
    schema: async (server) => {
      const schema = await newSchema(server)
      schemas.push(schema)
      return schema
    },
    open: async (url, options = {}) => {
      const folder = options.folder ?? newFolder()
      const problems: GatewayError[] = []
      const store = await openPostgresStore({
        ...{ world: realWorld(), version: '0.0.0-test', lastResort: () => {} },
        projections: [() => new SpendProjection()],
        report: (problem) => problems.push(problem),
        ...options,
        ...{ url, folder },
      })
      stores.push(store)
      return { store, folder, problems }
    },
    crashedCopy: (folder) => {
      const copy = newFolder()
      cpSync(folder, copy, { recursive: true })
      return copy
    },
  }
}
