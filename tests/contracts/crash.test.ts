import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpendProjection } from '../../src/control/projections/spend.ts'
import type { CallEnded } from '../../src/core/events.ts'
import { realWorld } from '../../src/platform/world.ts'
import { openReader } from '../../src/storage/sqlite/open-reader.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import { wordsAfter, writeAndKill } from './crash-run.ts'
import { spendState } from './projections.contract.ts'

const KILLS = 5
const folder = mkdtempSync(join(tmpdir(), 'signalbox-crash-'))
const world = realWorld()
const projections = [() => new SpendProjection()]
afterAll(() => rmSync(folder, { recursive: true }))

function countBy(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

describe('kill -9 during 200 concurrent calls, five times', () => {
  test('every acknowledged start is in the log, every start has exactly one ending, the chain and the projections hold', async () => {
    const acknowledged: string[] = []
    let recovered = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const lines = await writeAndKill([folder], 50 + 90 * kill)
      acknowledged.push(...wordsAfter('started', lines))
      recovered += Number(wordsAfter('opened', lines)[0] ?? 0)
    }
    expect(acknowledged.length).toBeGreaterThan(1000)
    const reader = openReader(folder, { world, projections })
    expect(await reader.verify()).toMatchObject({ type: 'intact' })
    const seen = await spendState(reader)
    reader.close()

    const store = await openSqliteStore(folder, { world, version: '0', lastResort: () => {}, report: () => {}, projections })
    recovered += store.recoveredCalls
    const all = (await store.reader.read({ order: 'oldest-first', limit: Number.MAX_SAFE_INTEGER })).map(({ event }) => event)
    const startedIds = all.flatMap((event) => (event.type === 'call.started' ? [event.callId] : []))
    const endings = all.filter((event): event is CallEnded => event.type === 'call.ended')
    expect([...countBy(startedIds).values()].every((count) => count === 1)).toBe(true)
    expect(countBy(endings.map(({ callId }) => callId))).toEqual(countBy(startedIds))
    const logged = new Set(startedIds)
    expect(acknowledged.filter((id) => !logged.has(id))).toEqual([])
    expect(endings.filter(({ errorCode }) => errorCode === 'crashed')).toHaveLength(recovered)
    expect(recovered).toBeGreaterThan(200)
    expect(await store.verify()).toMatchObject({ type: 'intact' })

    const kept = await spendState(store)
    expect(kept.length).toBeGreaterThanOrEqual(seen.length)
    await store.rebuild()
    expect(await spendState(store)).toEqual(kept)
    await store.close()
  }, 60_000)
})
