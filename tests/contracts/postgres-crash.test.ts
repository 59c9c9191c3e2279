import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spendBy } from '../../src/control/projections/spend-by.ts'
import type { CallEnded } from '../../src/core/events.ts'
import { wordsAfter, writeAndKill } from './crash-run.ts'
import { POSTGRES_URL } from './postgres-server.ts'
import { spendState } from './projections.contract.ts'
import { replicaMaker } from './replicas.ts'

const KILLS = 4
const FOLDERS = 2

/** Two writers over one database, each killed after some time. Returns the calls that were acknowledged. */
async function killBoth(folders: readonly string[], url: string, afterMs: number): Promise<readonly string[]> {
  const said = await Promise.all(folders.map((folder, index) => writeAndKill([folder, url], afterMs + 70 * index)))
  return said.flatMap((lines) => wordsAfter('started', lines))
}

function crashTests(server: string): void {
  const replicas = replicaMaker()

  describe(`postgres: kill -9 of ${FOLDERS} writers on one database, ${KILLS} times`, () => {
    test('every acknowledged call is in the log of all, with exactly one ending, and the sums are those of the log', async () => {
      const { url } = await replicas.schema(server)
      const folders = Array.from({ length: FOLDERS }, () => mkdtempSync(join(tmpdir(), 'signalbox-crash-')))
      const acknowledged: string[] = []
      for (let kill = 0; kill < KILLS; kill++) acknowledged.push(...(await killBoth(folders, url, 50 + 110 * kill)))
      expect(acknowledged.length).toBeGreaterThan(1000)
      const stores = []
      for (const folder of folders) stores.push((await replicas.open(url, { folder })).store)
      const [store] = stores
      if (store === undefined) throw new Error('No store was opened.')
      const all = (await store.reader.read({ order: 'oldest-first', limit: Number.MAX_SAFE_INTEGER })).map(({ event }) => event)
      const started = all.flatMap((event) => (event.type === 'call.started' ? [event.callId] : []))
      const endings = all.filter((event): event is CallEnded => event.type === 'call.ended')
      expect(new Set(started).size).toBe(started.length)
      expect(endings.map(({ callId }) => callId).sort()).toEqual([...started].sort())
      const logged = new Set(started)
      expect(acknowledged.filter((id) => !logged.has(id))).toEqual([])
      const costNanoUsd = endings.reduce((sum, { costNanoUsd = 0 }) => sum + BigInt(costNanoUsd), 0n)
      expect(await spendBy(store.tallies, [])).toMatchObject([{ calls: endings.length, costNanoUsd }])
      expect(await store.verify()).toMatchObject({ type: 'intact', events: all.length })
      const kept = await spendState(store)
      await store.rebuild()
      expect(await spendState(store)).toEqual(kept)
      await Promise.all(stores.map((each) => each.close()))
      for (const folder of folders) rmSync(folder, { recursive: true })
    }, 60_000)
  })
}

if (POSTGRES_URL !== undefined) crashTests(POSTGRES_URL)
