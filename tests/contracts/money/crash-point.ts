import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Money } from '../../../src/app/money.ts'
import { SpendProjection } from '../../../src/control/projections/spend.ts'
import type { Event } from '../../../src/core/events.ts'
import type { LedgerRules } from '../../../src/ledger/rules.ts'
import { decodeEvents } from '../../../src/storage/batch.ts'
import { atOnce } from '../../../src/storage/in-slices.ts'
import { JournalIndex } from '../../../src/storage/journal/journal-index.ts'
import { loadTail, segmentPath } from '../../../src/storage/journal/load-tail.ts'
import { LocalLog } from '../../../src/storage/journal/local-log.ts'
import { type MakeProjection, ProjectionFeed } from '../../../src/storage/projection-feed.ts'
import { migrate } from '../../../src/storage/sqlite/migrate.ts'
import { SqliteTallyStore } from '../../../src/storage/sqlite/tally-store.ts'
import { fakeWorld } from '../../../src/testing/fake-world.ts'
import { MemoryFiles } from './memory-files.ts'

/** What stands in a data folder. */
export interface Disk {
  readonly log: Uint8Array
  /** The database with the sums of spend. */
  readonly spend: Uint8Array
  /** What was kept of the balances last, and after which batch; undefined: nothing yet. */
  readonly ledger: { readonly seq: number; readonly hash: string; readonly text: string } | undefined
  /** Bytes of the log that the saved index knows of; 0: none was saved. */
  readonly indexedBytes: number
}

const options = { version: '0', lastResort: () => {}, report: () => {} }
export const makeSpend: MakeProjection = () => new SpendProjection()

/** A data folder as a crash left it, started again step by step, as openSqliteStore does. Its files and databases are in memory. */
export class CrashedFolder implements Disposable {
  readonly money: Money
  readonly feed: ProjectionFeed
  readonly #local: LocalLog
  readonly #folder = mkdtempSync(join(tmpdir(), 'signalbox-crash-point-'))
  readonly #files = new MemoryFiles()
  readonly #journal = new Database(':memory:')
  readonly #main: Database

  /** The folder is opened: balances are folded, and nothing is written. */
  constructor(disk: Disk, rules: LedgerRules, startMs: number, make: MakeProjection = makeSpend) {
    const world = fakeWorld({ startMs })
    migrate(this.#journal, 'journal')
    const index = new JournalIndex(this.#journal)
    const path = segmentPath(this.#folder, 1)
    if (disk.indexedBytes > 0) {
      this.#files.put(path, disk.log.subarray(0, disk.indexedBytes))
      const { state, blocks } = loadTail(this.#folder, index, this.#files)
      index.save(state, blocks.all)
    }
    this.#files.put(path, disk.log)
    if (disk.ledger !== undefined) {
      const { seq, hash, text } = disk.ledger
      index.keep('ledger', JSON.stringify({ version: 1, seq, hash }), text)
    }
    this.money = new Money(world, rules)
    const given = { ...options, world, files: this.#files, state: this.money.state }
    this.#local = new LocalLog({ folder: this.#folder, options: given, database: this.#journal, onSaved: () => {}, onBatch: () => {} })
    this.#main = Database.deserialize(disk.spend)
    migrate(this.#main, 'signalbox')
    const store = new SqliteTallyStore(this.#main, 'keep', () => {})
    this.feed = new ProjectionFeed({ world, source: this.#local.reader, store, projections: [make], mode: 'keep', report: options.report })
  }

  /** Books what the crash left, and writes that. */
  beginLog(): void {
    this.#local.begin()
  }

  /** Folds what spend has not seen, and stores it. */
  catchUp(): void {
    atOnce(this.feed.catchUp())
  }

  get log(): Uint8Array {
    return this.#files.get(segmentPath(this.#folder, 1))
  }

  get spend(): Uint8Array {
    return this.#main.serialize()
  }

  get events(): readonly Event[] {
    const { reader } = this.#local
    const events: Event[] = []
    for (let seq = 0, batches = reader.batchesAfter(seq); batches.length > 0; batches = reader.batchesAfter(seq)) {
      for (const batch of batches) events.push(...decodeEvents(batch.text))
      seq = batches.at(-1)?.seq ?? seq
    }
    return events
  }

  [Symbol.dispose](): void {
    this.feed.close()
    this.#main.close()
    this.#journal.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
