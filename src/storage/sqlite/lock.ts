import { Database } from 'bun:sqlite'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import { isBusy } from './database.ts'

/** The lock on a data folder. The system drops it when the process dies, however it dies. */
export interface FolderLock {
  release(): void
}

/**
 * Takes the data folder for this process, for as long as it lives.
 * @throws conflict where another process has it
 */
export function lockFolder(folder: string): FolderLock {
  const pidFile = join(folder, 'lock.pid')
  const database = new Database(join(folder, 'lock.db'), { create: true, readwrite: true })
  try {
    database.run('BEGIN EXCLUSIVE')
  } catch (thrown) {
    database.close()
    throw isBusy(thrown) ? takenError(folder, pidFile) : thrown
  }
  // For the message of whoever comes second. The lock itself is the transaction.
  writeFileSync(pidFile, `${process.pid}\n`)
  return {
    release: () => {
      rmSync(pidFile, { force: true })
      database.close()
    },
  }
}

function takenError(folder: string, pidFile: string): GatewayError {
  const holder = readHolder(pidFile)
  const who = holder === undefined ? 'another Signalbox' : `another Signalbox (process ${holder})`
  return new GatewayError(
    'conflict',
    `The data folder ${folder} is in use by ${who}. Stop it first, or give this one a folder of its own (\`storage\` in the configuration).`,
  )
}

function readHolder(pidFile: string): string | undefined {
  try {
    const text = readFileSync(pidFile, 'utf8').trim()
    return /^\d+$/.test(text) ? text : undefined
  } catch {
    // It is there for the message only.
    return undefined
  }
}
