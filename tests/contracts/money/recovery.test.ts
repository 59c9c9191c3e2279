import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atOnce } from '../../../src/storage/in-slices.ts'
import { segmentPath } from '../../../src/storage/journal/load-tail.ts'
import { spendState } from '../projections.contract.ts'
import { type Books, expectBalanced } from './books.ts'
import { CrashedFolder, type Disk, makeSpend } from './crash-point.ts'
import { HELD_NANO_USD, type MoneyLife } from './life.ts'
import { RecordedLog, StoredSpend, storedAfterEach } from './recorded-log.ts'
import { liveThrough, RULES } from './script.ts'
import { sumOf } from './straight-sum.ts'

// Kill -9 at every point between two writes of a life of some fifty batches: behind each batch and in the middle of each, with spend stored up
// to any batch before, and balances kept after any; and again at every point of the start that follows.

const folder = mkdtempSync(join(tmpdir(), 'signalbox-money-life-'))
let life: MoneyLife
let log: RecordedLog
let spend: readonly Uint8Array[]

beforeAll(async () => {
  life = await liveThrough(folder)
  log = new RecordedLog(readFileSync(segmentPath(folder, 1)))
  spend = storedAfterEach(log, makeSpend)
})
afterAll(async () => {
  await life.store.close()
  rmSync(folder, { recursive: true })
})

interface CrashPoint {
  /** The last batch that is whole. */
  readonly end: number
  /** The last batch that is in the stored spend; 0: none. */
  readonly stored: number
  /** The batch after which balances and index were kept; 0: never. */
  readonly kept: number
  /** How much of the next batch was written, from 0 to 1. */
  readonly torn?: number
}

function diskAt({ end, stored, kept, torn = 0 }: CrashPoint): Disk {
  const from = log.endOf(end)
  const next = end === log.lastSeq ? from : log.endOf(end + 1)
  return {
    log: log.bytes.subarray(0, from + Math.floor((next - from) * torn)),
    spend: spend[stored] ?? new Uint8Array(),
    ledger: kept === 0 ? undefined : { seq: kept, hash: log.hashAt(kept) ?? '', text: life.ledgerTexts[kept - 1] ?? '' },
    indexedBytes: log.endOf(kept),
  }
}

/** Where the start that follows a crash is killed in its turn: what it has written is there torn, or whole, or spend is stored too. */
const SECOND_CRASHES = ['torn', 'written', 'stored'] as const

/** Starts on a disk, and again on what a kill during that start leaves: it comes to the same books. */
async function recover(disk: Disk, at: (typeof SECOND_CRASHES)[number]): Promise<Books> {
  const nowMs = life.world.now()
  using first = new CrashedFolder(disk, RULES, nowMs)
  first.beginLog()
  first.catchUp()
  const books = await expectBalanced(first)
  const whole = at === 'torn' ? first.log.subarray(0, first.log.length - 40) : first.log
  using second = new CrashedFolder({ ...disk, log: whole, ...(at === 'stored' ? { spend: first.spend } : {}) }, RULES, nowMs)
  second.beginLog()
  second.catchUp()
  expect(await expectBalanced(second)).toEqual(books)
  return books
}

test('the script makes a log of some fifty batches, none of whose holds is booked twice', () => {
  expect(log.lastSeq).toBeGreaterThan(50)
  expect(life.ledgerTexts).toHaveLength(log.lastSeq)
  expect(sumOf(log.events).twice).toEqual([])
})

test('behind every batch, with spend stored up to any batch before: the rows are those of one fold over all of the log', async () => {
  let points = 0
  for (let end = 1; end <= log.lastSeq; end++) {
    using crashed = new CrashedFolder(diskAt({ end, stored: 0, kept: 0 }), RULES, life.world.now())
    crashed.beginLog()
    crashed.catchUp()
    const { spend: rows } = await expectBalanced(crashed)
    const recovered = new RecordedLog(crashed.log)
    for (let stored = 1; stored <= end; stored++, points++) {
      using again = new StoredSpend(recovered, makeSpend, spend[stored])
      atOnce(again.feed.catchUp())
      expect(await spendState({ tallies: again.feed })).toEqual(rows)
    }
  }
  expect(points).toBeGreaterThan(1400)
}, 120_000)

test('behind every batch, with balances kept after any batch before, and a second crash while it starts', async () => {
  let points = 0
  for (let end = 1; end <= log.lastSeq; end++) {
    let first: Books | undefined
    for (let kept = 0; kept <= end; kept++, points++) {
      const books = await recover(diskAt({ end, stored: end - kept, kept }), SECOND_CRASHES[points % 3] ?? 'torn')
      first ??= books
      // What was kept knows how attempts ended whose calls had not: it never comes to more than the log alone, which charges their estimates.
      for (const [id, settled] of Object.entries(books.settled)) expect(settled).toBeLessThanOrEqual(first.settled[id] ?? 0n)
      for (const unit of ['requests', 'tokens']) {
        const id = `${unit} 86400000 team:support`
        expect(books.limits[id]).toBe(first.limits[id] ?? Number.NaN)
      }
    }
  }
  expect(points).toBeGreaterThan(1400)
}, 120_000)

test.each(SECOND_CRASHES)(
  'in the middle of every batch, with a second crash: %s',
  async (at) => {
    for (let end = 1; end < log.lastSeq; end++) await recover(diskAt({ end, stored: end, kept: end >> 1, torn: 0.9 }), at)
  },
  60_000,
)

test('the life comes to what its script says', () => {
  const { spend } = sumOf(log.events)
  // A first attempt at 125,000 that timed out, and five clients that left: 50,000 each where the rest was told, and one that nobody can price.
  expect(spend.search).toEqual({ nanoUsd: 200_000n, calls: 5, inputTokens: 160, outputTokens: 80, unpriced: 2 })
})

test('an attempt that ended late because another was quicker is booked once, as that of its own provider', () => {
  const late = log.events.filter((event) => event.type === 'attempt.booked' && event.outcome === 'ok')
  expect(late).toMatchObject([{ provider: 'a', costNanoUsd: HELD_NANO_USD, booking: { state: 'settled', isEstimate: true } }])
})
