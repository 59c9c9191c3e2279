import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { PlaceError } from './gateway-place.ts'

/** Why a file cannot be read, by the code of the system. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
}

/**
 * A file that a person named.
 * @param name relative to `cwd`; `-` is standard input
 * @throws PlaceError whose message names the file and says why it cannot be read
 */
export function readInput(name: string, cwd: string): string {
  try {
    return readFileSync(name === '-' ? 0 : resolve(cwd, name), 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new PlaceError(`${name === '-' ? 'Standard input' : name} cannot be read: ${REASONS[code] ?? code}.`, { cause })
  }
}
