import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SpendProjection } from '../../src/control/projections/spend.ts'
import { spendBy } from '../../src/control/projections/spend-by.ts'
import type { CallStarted } from '../../src/core/events.ts'
import { TALLY_REST } from '../../src/core/ports.ts'
import { openReader } from '../../src/storage/sqlite/open-reader.ts'
import type { SqliteStore } from '../../src/storage/sqlite/store.ts'
import { ALICE, endedCall, startedCall } from './call-events.ts'
import { spendState } from './projections.contract.ts'
import { SpendByTeam } from './spend-by-team.ts'
import { folderMaker, type TemporaryFolder } from './temporary-folder.ts'

const makeFolder = folderMaker()
const DAY_MS = 24 * 3_600_000
const options = { segmentBytes: 3000, retentionMs: 7 * DAY_MS, projections: [() => new SpendProjection()] }

/** One call a day for twenty days. */
async function writeDays({ world }: TemporaryFolder, store: SqliteStore): Promise<readonly CallStarted[]> {
  const calls: CallStarted[] = []
  for (let day = 0; day < 20; day++) {
    const started = startedCall(world)
    await store.log.append(started)
    store.log.keep(endedCall(world, started))
    await store.log.flush(1000)
    calls.push(started)
    await world.advance(DAY_MS)
  }
  return calls
}

function files({ path }: TemporaryFolder): number {
  return readdirSync(join(path, 'journal')).length
}

describe('a segment past its retention', () => {
  test('goes by itself; the chain holds, the log says so, and what it came to stays', async () => {
    const folder = makeFolder()
    const store = await folder.open(options)
    const calls = await writeDays(folder, store)
    expect(await store.reader.readCall(calls[0]?.callId ?? '')).toEqual([])
    expect(await store.reader.readCall(calls[19]?.callId ?? '')).toHaveLength(2)
    const trimmed = await store.reader.read({ order: 'oldest-first', limit: 99, matches: ({ type }) => type === 'log.trimmed' })
    expect(trimmed.length).toBeGreaterThan(2)
    expect(files(folder)).toBeLessThan(12)
    expect(await store.verify()).toMatchObject({ type: 'intact' })
    expect(await store.tallies.sum({ table: 'spend', by: [] })).toMatchObject([
      { sums: [20n, 24_000n, 16_000n, 0n, 4800n, 0n, 15_600_000n] },
    ])
  })

  test.each([
    ['the hash that it goes on from', "previous_hash = 'f00d'"],
    ['where it begins', 'first_seq = first_seq + 1'],
  ])('shows it where its row says something else of %s', async (_what, change) => {
    const folder = makeFolder()
    const store = await folder.open(options)
    await writeDays(folder, store)
    await store.close()
    using database = new Database(join(folder.path, 'journal.db'))
    const id = 2
    database.run(`UPDATE segments SET ${change} WHERE id = ${id}`)
    const reader = openReader(folder.path, { world: folder.world })
    const verified = await reader.verify().finally(() => reader.close())
    expect(verified).toMatchObject({ type: 'broken', reason: `Segment ${id}, which was trimmed, does not follow segment 1.` })
  })

  test('loses no spend when the projections are rebuilt', async () => {
    const folder = makeFolder()
    const store = await folder.open(options)
    await writeDays(folder, store)
    const kept = await spendState(store)
    await store.rebuild()
    expect(await spendState(store)).toEqual(kept)
    await store.close()
    const next = await folder.open(options)
    expect(await spendState(next)).toEqual(kept)
    expect(await next.verify()).toMatchObject({ type: 'intact' })
  })

  test('keeps the labels that had rows of their own, also over a rebuild; a higher bound shows more of what the log still has', async () => {
    const folder = makeFolder()
    const bounded = { ...options, projections: [() => new SpendProjection(1)] }
    const store = await folder.open(bounded)
    for (let day = 0; day < 20; day++) {
      for (const end_user of [`first${day}`, `second${day}`]) {
        const started = startedCall(folder.world, { principal: { ...ALICE, labels: { end_user } } })
        await store.log.append(started)
        store.log.keep(endedCall(folder.world, started, { costNanoUsd: 1 }))
        await store.log.flush(1000)
      }
      await folder.world.advance(DAY_MS)
    }
    const byUser = async ({ tallies }: Pick<SqliteStore, 'tallies'>) =>
      new Map((await spendBy(tallies, ['label:end_user'])).map((row) => [row['label:end_user'], row.costNanoUsd]))
    const kept = await spendState(store)
    expect((await byUser(store)).get('first0')).toBe(1n)
    expect((await byUser(store)).get(TALLY_REST)).toBe(20n)
    await store.rebuild()
    expect(await spendState(store)).toEqual(kept)
    await store.close()
    const wider = await folder.open({ ...options, projections: [() => new SpendProjection(2)] })
    expect(await spendState(wider)).toEqual(kept)
    await wider.rebuild()
    const rebuilt = await byUser(wider)
    expect(rebuilt.get('second19')).toBe(1n)
    expect(rebuilt.has('second0')).toBe(false)
    expect([...rebuilt.values()].reduce((sum, costNanoUsd) => sum + costNanoUsd, 0n)).toBe(40n)
  })

  test('loses no spend when the projection gets another shape', async () => {
    const folder = makeFolder()
    const store = await folder.open(options)
    await writeDays(folder, store)
    await store.close()
    const next = await folder.open({ ...options, projections: [() => new SpendByTeam()] })
    expect(await next.tallies.sum({ table: 'spend', by: ['team', 'region'] })).toEqual([
      { time: 0, dimensions: ['support', ''], sums: [20n, 15_600_000n] },
    ])
  })

  test('goes in the middle of a rebuild without taking spend with it', async () => {
    const folder = makeFolder()
    const store = await folder.open({ ...options, retentionMs: 30 * DAY_MS, world: slowWorld(folder) })
    await writeDays(folder, store)
    const before = files(folder)
    const kept = await spendState(store)
    const rebuilding = store.rebuild()
    expect((await spendState(store)).length).toBeLessThan(kept.length)
    await folder.world.advance(0)
    Object.assign(folder.world, { now: () => Date.UTC(2027, 10, 21) })
    const trimming = store.trim()
    await folder.world.advance(1000)
    await Promise.all([rebuilding, trimming])
    expect(files(folder)).toBeLessThan(before)
    expect(await spendState(store)).toEqual(kept)
    const again = store.rebuild()
    await folder.world.advance(1000)
    await again
    expect(await spendState(store)).toEqual(kept)
  })
})

/** The folder's world, in which every step of long work takes a slice of its own. */
function slowWorld({ world }: TemporaryFolder): TemporaryFolder['world'] {
  let ms = 0
  return Object.assign(world, { monotonicMs: () => (ms += 10) })
}
