import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { SpendProjection } from '../../src/control/projections/spend.ts'
import { spendBy } from '../../src/control/projections/spend-by.ts'
import type { Event } from '../../src/core/events.ts'
import { TALLY_REST } from '../../src/core/ports.ts'
import { realWorld } from '../../src/platform/world.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import type { Store } from '../../src/storage/store.ts'
import { ALICE, endedCall, startedCall } from './call-events.ts'
import { cuttingProxy } from './cutting-proxy.ts'
import { POSTGRES_URL } from './postgres-server.ts'
import { spendState } from './projections.contract.ts'
import { type Replica, replicaMaker } from './replicas.ts'
import { SpendByTeam } from './spend-by-team.ts'

const world = realWorld()
const COST = 780_000n

/** Calls of one turn each. */
async function writeCalls({ log }: Pick<Store, 'log'>, count: number): Promise<void> {
  for (let call = 0; call < count; call++) {
    const started = startedCall(world)
    await log.append(started)
    log.keep(endedCall(world, started))
  }
  await log.flush(1000)
}

async function eventsOf({ reader }: Pick<Store, 'reader'>): Promise<readonly Event[]> {
  const all = await reader.read({ order: 'oldest-first', limit: Number.MAX_SAFE_INTEGER })
  return all.map(({ event }) => event)
}

/** What stands in the files of a folder, past the store. */
async function eventsIn(folder: string): Promise<readonly Event[]> {
  const lines = readdirSync(join(folder, 'journal'))
    .sort()
    .flatMap((name) => readFileSync(join(folder, 'journal', name), 'utf8').split('\n'))
  return lines.filter((line) => line.startsWith('{"type"')).map((line) => JSON.parse(line) as Event)
}

async function totals(store: Pick<Store, 'tallies'>): Promise<readonly [calls: number, costNanoUsd: bigint]> {
  const [row] = await spendBy(store.tallies, [])
  return [row?.calls ?? 0, row?.costNanoUsd ?? 0n]
}

function shippingTests(server: string): void {
  const replicas = replicaMaker()

  describe('postgres: shipping', () => {
    test('a shipment whose acknowledgement is lost changes nothing when it is sent again', async () => {
      const schema = await replicas.schema(server)
      const proxy = cuttingProxy(Number(new URL(server).port))
      const url = new URL(schema.url)
      url.port = String(proxy.port)
      const { store, folder } = await replicas.open(url.href)
      await writeCalls(store, 20)
      await store.ship()
      for (let cut = 1; cut <= 5; cut++) {
        proxy.cutNextCommit()
        await writeCalls(store, 20)
        await store.ship().catch(() => {})
        await store.ship()
        expect(proxy.cuts).toBe(cut)
      }
      expect(await totals(store)).toEqual([120, 120n * COST])
      expect(await eventsOf(store)).toEqual([...(await eventsIn(folder))])
      expect(await store.verify()).toMatchObject({ type: 'intact', events: 241 })
      const kept = await spendState(store)
      await store.rebuild()
      expect(await spendState(store)).toEqual(kept)
      await store.close()
      proxy.stop()
    })

    test('two writers that add to the same rows at one time come to the exact sum, and each reads what both wrote', async () => {
      const { url } = await replicas.schema(server)
      const [first, second] = await Promise.all([replicas.open(url), replicas.open(url)])
      const write = async (store: Store) => {
        for (let round = 0; round < 15; round++) {
          await writeCalls(store, 20)
          // Each ships for itself, in between.
          await totals(store)
        }
      }
      await Promise.all([write(first.store), write(second.store)])
      await second.store.ship()
      expect(await totals(first.store)).toEqual([600, 600n * COST])
      expect(await totals(second.store)).toEqual([600, 600n * COST])
      const all = await eventsOf(first.store)
      expect(await eventsOf(second.store)).toEqual([...all])
      const own = await eventsIn(first.folder)
      const isOwn = new Set(own.map((event) => JSON.stringify(event)))
      // The order of each writer is kept.
      expect(all.filter((event) => isOwn.has(JSON.stringify(event)))).toEqual([...own])
      expect(await first.store.verify()).toMatchObject({ type: 'intact', events: 1202 })
    })

    test('a reader that follows the log from a cursor misses nothing of any writer', async () => {
      const { url } = await replicas.schema(server)
      const [first, second] = await Promise.all([replicas.open(url), replicas.open(url)])
      const seen: Event[] = []
      let after = { batch: 0, index: 0 }
      const follow = async () => {
        for (const { position, event } of await first.store.reader.read({ order: 'oldest-first', limit: 50, after })) {
          seen.push(event)
          after = position
        }
      }
      const writing = Promise.all([writeCalls(first.store, 300), writeCalls(second.store, 300)])
      let isWriting = true
      void writing.finally(() => {
        isWriting = false
      })
      while (isWriting) await follow()
      await second.store.ship()
      for (let before = -1; before !== seen.length; ) {
        before = seen.length
        await follow()
      }
      expect(seen).toEqual([...(await eventsOf(first.store))])
      expect(seen).toHaveLength(1202)
    })

    test('texts that PostgreSQL cannot hold or index are shipped, and counted', async () => {
      const { url } = await replicas.schema(server)
      const { store } = await replicas.open(url)
      const subjects = ['a\u0000b', 'half \ud83d', 'half \ud83e', 'x'.repeat(20_000), 'größe 模型 🚦']
      for (const subject of subjects) store.log.keep(endedCall(world, startedCall(world, { subject })))
      await store.log.flush(1000)
      const rows = await spendBy(store.tallies, ['model'])
      expect(rows.reduce((sum, { calls }) => sum + calls, 0)).toBe(5)
      expect(await spendBy(store.tallies, [], { filter: { model: 'a\u0000b' } })).toMatchObject([{ calls: 1 }])
      expect(store.condition()).toEqual({ unshippedEvents: 0 })
    })
  })

  describe('postgres: a journal that is not what was shipped', () => {
    test('because a crash came after the shipment: the next start goes on where it was, and ends the open calls once', async () => {
      const { url } = await replicas.schema(server)
      const { store, folder } = await replicas.open(url)
      await writeCalls(store, 10)
      const open = startedCall(world)
      await store.log.append(open)
      await store.ship()
      const copy = replicas.crashedCopy(folder)
      const next = await replicas.open(url, { folder: copy })
      expect(next.store.recoveredCalls).toBe(1)
      expect(next.problems).toEqual([])
      expect(await totals(next.store)).toEqual([11, 10n * COST])
      expect((await next.store.reader.readCall(open.callId)).map(({ event }) => event.type)).toEqual(['call.started', 'call.ended'])
      expect(await next.store.verify()).toMatchObject({ type: 'intact', events: 24 })
    })

    test('because its end was lost after it was shipped: nothing is lost there, nothing is counted twice', async () => {
      const { url } = await replicas.schema(server)
      const first = await replicas.open(url)
      await writeCalls(first.store, 10)
      await first.store.ship()
      const copy = replicas.crashedCopy(first.folder)
      await first.store.close()
      const file = join(copy, 'journal', '00000001.jsonl')
      const text = readFileSync(file, 'utf8')
      truncateSync(file, text.indexOf('\n', text.indexOf('{"seal":10,')) + 1)
      const { store, problems } = await replicas.open(url, { folder: copy })
      await writeCalls(store, 5)
      // Of batch 11 on, the journal knows nothing; PostgreSQL has it, and the call that was open for the journal is ended once more there.
      const [, cost] = await totals(store)
      expect(cost).toBe(15n * COST)
      expect(problems.map(({ message }) => message).join()).toContain('from batch 11 on')
      expect(await store.verify()).toMatchObject({ type: 'intact' })
      const kept = await spendState(store)
      await store.rebuild()
      expect(await spendState(store)).toEqual(kept)
    })

    test('because its folder was copied: what both had is counted once, and both go on', async () => {
      const { url } = await replicas.schema(server)
      const first = await replicas.open(url)
      await writeCalls(first.store, 10)
      await first.store.ship()
      const copy = replicas.crashedCopy(first.folder)
      await writeCalls(first.store, 5)
      await first.store.ship()
      const second = await replicas.open(url, { folder: copy })
      await writeCalls(second.store, 7)
      await writeCalls(first.store, 3)
      await Promise.all([first.store.ship(), second.store.ship()])
      expect(await totals(first.store)).toEqual([25, 25n * COST])
      await first.store.close()
      const again = await replicas.open(url, { folder: first.folder })
      await writeCalls(again.store, 1)
      expect(await totals(again.store)).toEqual([26, 26n * COST])
      expect(again.problems).toEqual([])
      expect(await again.store.verify()).toMatchObject({ type: 'intact' })
    })

    test('because the database was put back from a backup: it gets what it has not, once more', async () => {
      const schema = await replicas.schema(server)
      const { store, folder } = await replicas.open(schema.url)
      await writeCalls(store, 10)
      await store.close()
      const before = await eventsIn(folder)
      // An empty database is the oldest backup there is.
      const { url } = await replicas.schema(server)
      const next = await replicas.open(url, { folder })
      expect(await totals(next.store)).toEqual([10, 10n * COST])
      expect((await eventsOf(next.store)).slice(0, before.length)).toEqual([...before])
    })
  })

  describe('postgres: the journal', () => {
    test('loses no segment that was not shipped, and those that were after a week', async () => {
      const { url } = await replicas.schema(server)
      let now = world.now()
      const moved = { ...realWorld(), now: () => now }
      const { store, folder } = await replicas.open(url, { segmentBytes: 2000, world: moved })
      await writeCalls(store, 40)
      await store.ship()
      const files = () => readdirSync(join(folder, 'journal')).length
      const before = files()
      expect(before).toBeGreaterThan(5)
      now += 8 * 24 * 3_600_000
      await store.trim()
      expect(files()).toBeLessThan(3)
      expect(await totals(store)).toEqual([40, 40n * COST])
      expect((await eventsOf(store)).filter(({ type }) => type === 'log.trimmed')).toEqual([])
      expect(await store.verify()).toMatchObject({ type: 'intact', events: 81 })
      await store.close()
      const next = await replicas.open(url, { folder, world: moved })
      await writeCalls(next.store, 1)
      expect(await totals(next.store)).toEqual([41, 41n * COST])
      expect(next.store.condition()).toEqual({ unshippedEvents: 0 })
    })
  })

  describe('postgres: retention', () => {
    test('takes the batches of every writer, keeps their spend, and the chains hold', async () => {
      const schema = await replicas.schema(server)
      let now = world.now()
      const moved = { ...realWorld(), now: () => now }
      const options = { world: moved, retentionMs: 30 * 24 * 3_600_000 }
      const gone = await replicas.open(schema.url, options)
      await writeCalls(gone.store, 20)
      await gone.store.close()
      const { store } = await replicas.open(schema.url, options)
      await writeCalls(store, 20)
      await store.ship()
      now += 31 * 24 * 3_600_000
      await writeCalls(store, 5)
      const kept = await spendState(store)
      expect(await store.trim()).toBeGreaterThan(40)
      const events = await eventsOf(store)
      expect(events.filter(({ type }) => type === 'call.ended')).toHaveLength(5)
      expect(events.filter(({ type }) => type === 'log.trimmed')).toMatchObject([{ events: 42 }, { events: 41 }])
      expect(await totals(store)).toEqual([45, 45n * COST])
      expect(await store.verify()).toMatchObject({ type: 'intact' })
      await store.rebuild()
      expect(await spendState(store)).toEqual(kept)
      await writeCalls(store, 5)
      expect(await totals(store)).toEqual([50, 50n * COST])
    })
  })

  describe('postgres: labels that callers make up', () => {
    test('have one bound for all replicas, which a rebuild and retention keep to', async () => {
      const schema = await replicas.schema(server)
      let now = world.now()
      const moved = { ...realWorld(), now: () => now }
      const options = { world: moved, retentionMs: 30 * 24 * 3_600_000, projections: [() => new SpendProjection(2)] }
      const [left, right] = [await replicas.open(schema.url, options), await replicas.open(schema.url, options)]
      const write = async ({ store }: Replica, values: readonly string[]) => {
        for (const end_user of values) {
          const started = startedCall(moved, { principal: { ...ALICE, labels: { end_user } } })
          await store.log.append(started)
          store.log.keep(endedCall(moved, started))
          await store.log.flush(1000)
          await store.ship()
        }
      }
      const calls = async () =>
        new Map((await spendBy(left.store.tallies, ['label:end_user'])).map((row) => [row['label:end_user'], row.calls]))
      await write(left, ['ann'])
      await write(right, ['ben', 'cem', 'ann'])
      await write(left, ['dan', 'ben', 'b\u0000d'])
      const kept = new Map([
        ['ann', 2],
        ['ben', 2],
        [TALLY_REST, 3],
      ])
      expect(await calls()).toEqual(kept)
      await left.store.rebuild()
      expect(await calls()).toEqual(kept)
      now += 31 * 24 * 3_600_000
      expect(await left.store.trim()).toBeGreaterThan(7)
      await right.store.rebuild()
      expect(await calls()).toEqual(kept)
    })
  })

  describe('postgres: the chain', () => {
    const damages: readonly [string, string][] = [
      ['a changed cost', `UPDATE batches SET lines = replace(lines, '"costNanoUsd":780000', '"costNanoUsd":780001') WHERE seq = 6`],
      ['a changed time of a batch', 'UPDATE batches SET at_ms = at_ms + 1 WHERE seq = 6'],
      ['a changed hash', `UPDATE batches SET hash = repeat('0', 64) WHERE seq = 6`],
      ['a missing batch', 'DELETE FROM batches WHERE seq = 6'],
      ['an end that was cut off', 'DELETE FROM batches WHERE seq >= 6'],
    ]
    for (const [name, damage] of damages) {
      test(`shows ${name}, with the number of the batch`, async () => {
        const schema = await replicas.schema(server)
        const { store } = await replicas.open(schema.url)
        await writeCalls(store, 10)
        expect(await store.verify()).toMatchObject({ type: 'intact' })
        await schema.ask(damage)
        const found = await store.verify()
        expect(found).toMatchObject({ type: 'broken', batch: 6 })
        expect(found).toHaveProperty('reason', expect.stringContaining(`Batch 6 of ${store.nodeId} in PostgreSQL`))
      })
    }
  })

  describe('postgres: versions', () => {
    test('a database of a later version is refused, and nothing in it is changed', async () => {
      const schema = await replicas.schema(server)
      const { store } = await replicas.open(schema.url)
      await store.close()
      await schema.ask('UPDATE signalbox_schema SET version = 99')
      const refusal = await replicas.open(schema.url).catch((error) => error)
      expect(refusal).toMatchObject({ code: 'conflict' })
      expect(refusal.message).toContain('schema 99, this one knows 3')
      expect(await schema.ask('SELECT count(*)::int AS writers FROM writers')).toEqual([{ writers: 1 }])
    })

    test('ten that start at one time on an empty database make it once', async () => {
      const schema = await replicas.schema(server)
      const all = await Promise.all(Array.from({ length: 10 }, () => replicas.open(schema.url)))
      const last = (await replicas.open(schema.url)).store
      await Promise.all(all.map(({ store }) => writeCalls(store, 2)))
      await Promise.all(all.map(({ store }) => store.ship()))
      expect(await totals(last)).toEqual([20, 20n * COST])
    })

    test('sums of another shape are made anew from the log, and from what was trimmed of it', async () => {
      const { url } = await replicas.schema(server)
      let now = world.now()
      const options = { world: { ...realWorld(), now: () => now }, retentionMs: 30 * 24 * 3_600_000 }
      const first = await replicas.open(url, options)
      await writeCalls(first.store, 10)
      now += 31 * 24 * 3_600_000
      await writeCalls(first.store, 10)
      await first.store.ship()
      expect(await first.store.trim()).toBeGreaterThan(10)
      await first.store.close()
      const { store } = await replicas.open(url, { ...options, folder: first.folder, projections: [() => new SpendByTeam()] })
      const query = { table: 'spend', by: ['team', 'region'] }
      expect(await store.tallies.sum(query)).toEqual([{ time: 0, dimensions: ['support', ''], sums: [20n, 20n * COST] }])
      await writeCalls(store, 1)
      expect(await store.tallies.sum(query)).toEqual([{ time: 0, dimensions: ['support', ''], sums: [21n, 21n * COST] }])
    })

    test('the journal of a data folder that was SQLite is shipped whole', async () => {
      const { url } = await replicas.schema(server)
      const folder = replicas.newFolder()
      const options = { version: '0', lastResort: () => {}, report: () => {}, segmentBytes: 3000 }
      const old = await openSqliteStore(folder, { ...options, world })
      await writeCalls(old, 30)
      await old.close()
      const { store, problems } = await replicas.open(url, { folder })
      expect(await totals(store)).toEqual([30, 30n * COST])
      expect(await eventsOf(store)).toEqual([...(await eventsIn(folder))])
      expect(problems).toEqual([])
    })

    test('events wait in the journal while a newer version keeps the sums', async () => {
      const schema = await replicas.schema(server)
      const { store } = await replicas.open(schema.url)
      await writeCalls(store, 3)
      await store.ship()
      await schema.ask('UPDATE projections SET version = 99')
      await writeCalls(store, 3)
      const refusal = await store.ship().catch((error) => error)
      expect(refusal.message).toContain('A newer Signalbox keeps the sums of spend')
      expect(store.condition()).toMatchObject({ unshippedEvents: 6, detail: expect.stringContaining('6 events wait') })
      await schema.ask(`UPDATE projections SET version = ${new SpendProjection().version}`)
      expect(await totals(store)).toEqual([6, 6n * COST])
    })
  })
}

if (POSTGRES_URL !== undefined) shippingTests(POSTGRES_URL)
