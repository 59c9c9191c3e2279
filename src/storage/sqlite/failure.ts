import { GatewayError } from '../../core/errors.ts'
import { causeText } from '../cause-text.ts'
import { codeOf } from './database.ts'

/** Beginnings of SQLite's codes, what they mean here, and what to do. The first that fits counts. */
const MEANINGS: readonly (readonly [code: string, why: string, remedy: string])[] = [
  ['SQLITE_FULL', 'the disk is full', 'Free space on its volume; a gateway that runs takes calls again by itself.'],
  ['SQLITE_IOERR_SHM', 'the disk is full or out of order', 'Free space on its volume, and look into the system log.'],
  ['SQLITE_IOERR', 'the disk reports an error', 'Look into the system log; calls are accepted again when it can be written.'],
  ['SQLITE_READONLY', 'it is read-only', 'Make it writable for the user that runs Signalbox.'],
  ['SQLITE_CANTOPEN', 'it cannot be opened', 'See that it exists and is writable for the user that runs Signalbox.'],
  ['SQLITE_PERM', 'access is denied', 'Make it writable for the user that runs Signalbox.'],
  ['EACCES', 'access is denied', 'Make it writable for the user that runs Signalbox.'],
  ['EROFS', 'it is read-only', 'Make it writable for the user that runs Signalbox.'],
  ['ENOSPC', 'the disk is full', 'Free space on its volume; a gateway that runs takes calls again by itself.'],
  ['EDQUOT', 'the quota of its user is used up', 'Free space or raise the quota; a gateway that runs takes calls again by itself.'],
  ['EIO', 'the disk reports an error', 'Look into the system log; calls are accepted again when it can be written.'],
  ['ENOTDIR', 'it is not a folder', 'Choose another data folder (`storage` in the configuration).'],
  ['SQLITE_CORRUPT', 'a file in it is damaged', 'Restore it from a backup, or move it away to begin anew.'],
  ['SQLITE_NOTADB', 'a file in it is no database', 'Restore it from a backup, or move it away to begin anew.'],
]

/** Says which folder cannot be written, why, and what to do: a `log_unavailable`. */
export function folderFailure(folder: string, thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  const code = codeOf(thrown)
  const [, why = causeText(thrown), remedy = 'Look into the system log.'] = MEANINGS.find(([start]) => code.startsWith(start)) ?? []
  const detail = code === '' ? '' : ` (${code})`
  return new GatewayError('log_unavailable', `The data folder ${folder} cannot be written: ${why}${detail}. ${remedy}`, { cause: thrown })
}
