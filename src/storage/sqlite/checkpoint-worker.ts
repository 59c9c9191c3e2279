// A thread of its own: a checkpoint waits for the disk, and on the main thread that showed as 4 ms in every hundredth call.
import { Database } from 'bun:sqlite'
import { causeText } from '../cause-text.ts'
import { closeDatabase } from './database.ts'
import { type CheckpointReply, type CheckpointRequest, runCheckpoint } from './run-checkpoint.ts'

declare const self: Worker

const databases = new Map<string, Database>()

self.onmessage = (message: MessageEvent<CheckpointRequest | { readonly type: 'close' }>) => {
  const request = message.data
  if (request.type === 'close') {
    for (const database of databases.values()) closeDatabase(database)
    databases.clear()
    self.postMessage({ type: 'closed' })
    return
  }
  self.postMessage(answer(request))
}

function answer({ file, pace }: CheckpointRequest): CheckpointReply {
  try {
    runCheckpoint(connectionTo(file), pace)
    return { type: 'done', file }
  } catch (thrown) {
    return { type: 'done', file, problem: causeText(thrown) }
  }
}

function connectionTo(file: string): Database {
  let database = databases.get(file)
  if (database === undefined) {
    database = new Database(file, { readwrite: true, create: false })
    // Winding back waits for a reader or a writer that is there, but not for long.
    database.run('PRAGMA busy_timeout = 100')
    database.run('PRAGMA wal_autocheckpoint = 0')
    databases.set(file, database)
  }
  return database
}
