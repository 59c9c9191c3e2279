// Writes calls until it is killed: two hundred at a time, each acknowledged on stdout once its start is on disk. Run by crash.test.ts and,
// with the URL of a database, by postgres-crash.test.ts.
import { writeSync } from 'node:fs'
import { SpendProjection } from '../../src/control/projections/spend.ts'
import { realWorld } from '../../src/platform/world.ts'
import type { LocalLogOptions } from '../../src/storage/journal/local-log.ts'
import { openPostgresStore } from '../../src/storage/postgres/store.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import { endedCall, startedCall } from './call-events.ts'

const STREAMS = 200
const STDOUT = 1
const [folder = '', url] = process.argv.slice(2)
const world = realWorld()
const options: LocalLogOptions = {
  world,
  version: '0.0.0-test',
  segmentBytes: 200_000,
  projections: [() => new SpendProjection()],
  lastResort: () => {},
  report: (problem) => process.stderr.write(`${problem.message}\n`),
}
const store = await (url === undefined ? openSqliteStore(folder, options) : openPostgresStore({ ...options, folder, url }))
writeSync(STDOUT, `opened ${store.recoveredCalls}\n`)

async function stream(): Promise<void> {
  for (;;) {
    const started = startedCall(world)
    await store.log.append(started)
    writeSync(STDOUT, `started ${started.callId}\n`)
    await Bun.sleep(world.random() * 30)
    store.log.keep(endedCall(world, started))
  }
}

await Promise.all(Array.from({ length: STREAMS }, stream))
