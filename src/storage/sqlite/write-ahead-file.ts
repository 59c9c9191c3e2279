import type { Database } from 'bun:sqlite'
import type { CancelTimer, World } from '../../core/world.ts'

/** Somebody who reads in the file (a backup, a checkpoint) is done in a moment, mostly. */
const AGAIN_MS = 1000

/** The write-ahead file of a database, which still has what was erased as it was. */
export class WriteAheadFile {
  readonly #database: Database
  readonly #world: World
  #cancel: CancelTimer | undefined

  constructor(database: Database, world: World) {
    this.#database = database
    this.#world = world
  }

  /** Empties it; where somebody reads in it, as soon as nobody does. */
  empty(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (!this.#isEmptied()) this.#cancel = this.#world.after(AGAIN_MS, () => this.empty())
  }

  /** Tries no more: the file goes with the last connection. */
  close(): void {
    this.#cancel?.()
  }

  #isEmptied(): boolean {
    try {
      // One row, which says whether somebody was in the way.
      return this.#database.query<{ readonly busy: number }, []>('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0
    } catch {
      // The disk is full, say: what was erased is erased, and the file has still to follow.
      return false
    }
  }
}
