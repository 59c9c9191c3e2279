import type { Database } from 'bun:sqlite'

/** Above this much in the write-ahead file, it is wound back even if that makes a writer wait for a moment. */
const RESTART_BYTES = 16 * 1024 * 1024

/** What the checkpointer asks for. `idle`: nobody writes now, so the file may be cut to nothing. */
export interface CheckpointRequest {
  readonly type: 'checkpoint'
  readonly file: string
  readonly pace: 'busy' | 'idle'
}

/** What it is told. */
export interface CheckpointReply {
  readonly type: 'done'
  readonly file: string
  /** What SQLite said where it failed. */
  readonly problem?: string
}

interface CheckpointRow {
  /** Frames in the write-ahead file when the checkpoint began. */
  readonly log: number
}

/**
 * Moves what was committed from the write-ahead file into the database. A passive checkpoint holds nobody up, but while somebody writes
 * it never reaches the end, and the file grows: then it is wound back, and a writer that comes in that moment waits for it.
 */
export function runCheckpoint(database: Database, pace: CheckpointRequest['pace']): void {
  const row = checkpoint(database, 'PASSIVE')
  if (pace === 'idle') {
    checkpoint(database, 'TRUNCATE')
    return
  }
  const pageSize = database.query<{ page_size: number }, []>('PRAGMA page_size').get()?.page_size ?? 4096
  if (row.log * pageSize > RESTART_BYTES) {
    // Again first, so that little is left to copy while the writer waits.
    checkpoint(database, 'PASSIVE')
    checkpoint(database, 'RESTART')
  }
}

function checkpoint(database: Database, mode: 'PASSIVE' | 'RESTART' | 'TRUNCATE'): CheckpointRow {
  return database.query<CheckpointRow, []>(`PRAGMA wal_checkpoint(${mode})`).get() ?? { log: 0 }
}
