import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpendProjection } from '../../../src/control/projections/spend.ts'
import type { Event } from '../../../src/core/events.ts'
import type { TallyProjection, TallyRow, TallyTable } from '../../../src/core/ports.ts'
import { atOnce } from '../../../src/storage/in-slices.ts'
import { segmentPath } from '../../../src/storage/journal/load-tail.ts'
import { spendState } from '../projections.contract.ts'
import { makeSpend } from './crash-point.ts'
import type { MoneyLife } from './life.ts'
import { RecordedLog, StoredSpend, storedAfterEach } from './recorded-log.ts'
import { liveThrough } from './script.ts'

// A new version of the sums finds those of an older one, is killed in the middle of making them anew, and starts again.

const folder = mkdtempSync(join(tmpdir(), 'signalbox-money-upgrade-'))
let life: MoneyLife
let log: RecordedLog
let rows: readonly string[]

beforeAll(async () => {
  life = await liveThrough(folder)
  log = new RecordedLog(readFileSync(segmentPath(folder, 1)))
  using whole = new StoredSpend(log, makeSpend)
  atOnce(whole.feed.catchUp())
  rows = await spendState({ tallies: whole.feed })
})
afterAll(async () => {
  await life.store.close()
  rmSync(folder, { recursive: true })
})

/** An older version: it knew neither routes nor what was read from a cache, and counted every call twice. */
class OlderSpend implements TallyProjection {
  readonly name = 'spend'
  readonly version = 1
  readonly tables: readonly TallyTable[]
  readonly #now = new SpendProjection()

  constructor() {
    this.tables = this.#now.tables.map((table) => ({
      ...table,
      dimensions: table.dimensions.filter((name) => name !== 'route'),
      sums: table.sums.filter((name) => name !== 'cached_input'),
    }))
  }

  fold(event: Event): void {
    for (const _ of [1, 2]) this.#now.fold(event)
  }

  *rows(table: string): Iterable<TallyRow> {
    const now = this.#now.tables.find(({ name }) => name === table)
    for (const { hour, dimensions, sums } of this.#now.rows(table)) {
      yield {
        hour,
        dimensions: dimensions.filter((_, column) => now?.dimensions[column] !== 'route'),
        sums: sums.filter((_, column) => now?.sums[column] !== 'cached_input'),
      }
    }
  }

  clear(): void {
    this.#now.clear()
  }
}

/** A newer version of the same sums. */
function makeNewer(): TallyProjection {
  const spend = new SpendProjection()
  return {
    ...{ name: spend.name, version: spend.version + 1, tables: spend.tables },
    fold: (event) => spend.fold(event),
    rows: (table) => spend.rows(table),
    clear: () => spend.clear(),
  }
}

/** What the older version says, by what it knows. */
function olderSums({ feed }: StoredSpend) {
  return feed.sum({ table: 'spend', by: ['team', 'model', 'outcome'], per: 'hour' })
}

test('killed behind every batch of the rebuild that a new version begins, and started again: nothing of the old sums is left', async () => {
  const older = storedAfterEach(log, () => new OlderSpend())
  let points = 0
  for (const begin of [older[0], older[1], older[log.lastSeq >> 1], older[log.lastSeq]]) {
    for (const left of storedAfterEach(log, makeSpend, begin)) {
      using again = new StoredSpend(log, makeSpend, left)
      atOnce(again.feed.catchUp())
      expect(await spendState({ tallies: again.feed })).toEqual(rows)
      points++
    }
  }
  expect(points).toBe(4 * (log.lastSeq + 1))
})

test('killed in the middle of the rebuild and started with the older version, and then again with the new one', async () => {
  const older = storedAfterEach(log, () => new OlderSpend())
  using reference = new StoredSpend(log, () => new OlderSpend())
  atOnce(reference.feed.catchUp())
  const doubled = await olderSums(reference)
  for (const left of storedAfterEach(log, makeSpend, older.at(-1))) {
    using back = new StoredSpend(log, () => new OlderSpend(), left)
    atOnce(back.feed.catchUp())
    expect(await olderSums(back)).toEqual(doubled)
    using forth = new StoredSpend(log, makeSpend, back.bytes)
    atOnce(forth.feed.catchUp())
    expect(await spendState({ tallies: forth.feed })).toEqual(rows)
  }
})

test('what was trimmed stays in the sums, wherever the rebuild is killed', async () => {
  const trimmed = log.lastSeq >> 1
  using before = new StoredSpend(log, makeSpend)
  atOnce(before.feed.catchUp())
  expect(atOnce(before.feed.foldIntoBase(1, trimmed))).toBe(true)
  const rest = log.from(trimmed + 1)
  for (const left of storedAfterEach(rest, makeNewer, before.bytes)) {
    using again = new StoredSpend(rest, makeNewer, left)
    atOnce(again.feed.catchUp())
    expect(await spendState({ tallies: again.feed })).toEqual(rows)
  }
})
