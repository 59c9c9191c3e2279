// How fast a backlog goes from the journal to PostgreSQL, what that costs this process, and how long reads take after it.
//   SIGNALBOX_TEST_POSTGRES_URL=… node scripts/run-bun.js bench/postgres-shipping.ts [calls] [calls a batch]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpendProjection } from '../src/control/projections/spend.ts'
import { spendBy } from '../src/control/projections/spend-by.ts'
import { realWorld } from '../src/platform/world.ts'
import { openPostgresStore } from '../src/storage/postgres/store.ts'
import { openSqliteStore } from '../src/storage/sqlite/store.ts'
import { endedCall, startedCall } from '../tests/contracts/call-events.ts'
import { newSchema, POSTGRES_URL } from '../tests/contracts/postgres-server.ts'

if (POSTGRES_URL === undefined) throw new Error('Set SIGNALBOX_TEST_POSTGRES_URL; scripts/test-services.sh starts a server.')
const [calls, perBatch] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 20)]
const world = realWorld()
const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
const options = { world, version: 'bench', lastResort: () => {}, report: (problem: Error) => process.stderr.write(`${problem.message}\n`) }
const say = (name: string, value: string) => process.stdout.write(`${name.padEnd(44)} ${value}\n`)

const TEAMS = ['support', 'search', 'sales', 'dev']
const MODELS = ['mini', 'claude', 'large']

async function writeBacklog(): Promise<readonly string[]> {
  const store = await openSqliteStore(folder, options)
  const ids: string[] = []
  for (let written = 0; written < calls; written += perBatch) {
    const batch = Array.from({ length: perBatch }, (_, index) => {
      const principal = {
        organisation: 'acme',
        team: TEAMS[index % 4] ?? '',
        user: `user-${(written + index) % 200}`,
        keyId: `k${(written + index) % 50}`,
        labels: { feature: 'search' },
      }
      return startedCall(world, { principal, subject: MODELS[index % 3] ?? '' })
    })
    await Promise.all(batch.map((call) => store.log.append(call)))
    for (const call of batch) store.log.keep(endedCall(world, call))
    ids.push(batch[0]?.callId ?? '')
  }
  await store.close()
  return ids
}

const ids = await writeBacklog()
const schema = await newSchema(POSTGRES_URL)
const before = process.cpuUsage()
const began = performance.now()
const store = await openPostgresStore({ ...options, url: schema.url, folder, projections: [() => new SpendProjection()] })
while ((store.condition()?.unshippedEvents ?? 0) > 0) await Bun.sleep(5)
const tookMs = performance.now() - began
const cpu = process.cpuUsage(before)
const events = calls * 2
say(`events, ${perBatch} calls a batch`, String(events))
say('shipped, events a second', Math.round((events / tookMs) * 1000).toLocaleString('en'))
say('CPU of this process, µs an event', ((cpu.user + cpu.system) / events).toFixed(1))
say('memory of this process, MB', String(Math.round(process.memoryUsage.rss() / 1e6)))

async function time(name: string, ask: (index: number) => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let index = 0; index < 20; index++) {
    const start = performance.now()
    await ask(index)
    times.push(performance.now() - start)
  }
  times.sort((left, right) => left - right)
  say(name, `${times[10]?.toFixed(1)} ms, slowest of 20 ${times[19]?.toFixed(1)} ms`)
}

await time('spend by team and model', () => spendBy(store.tallies, ['team', 'model']))
await time('the newest 100 events', () => store.reader.read({ order: 'newest-first', limit: 100 }))
await time('the events of one call', (index) => store.reader.readCall(ids[Math.floor((ids.length / 20) * index)] ?? ''))
const [checked, start] = [await store.verify(), performance.now()]
await store.verify()
say(`the chain: ${checked.type}`, `${Math.round(performance.now() - start)} ms`)
const size = await schema.ask(
  `SELECT pg_size_pretty(pg_total_relation_size('batches')) AS size, pg_size_pretty(sum(length(lines))) AS lines FROM batches`,
)
say('size in PostgreSQL, and of its lines', JSON.stringify(size[0]))
await store.close()
await schema.drop()
rmSync(folder, { recursive: true })
