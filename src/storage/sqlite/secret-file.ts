import { chmodSync, closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import type { World } from '../../core/world.ts'
import { folderFailure } from './failure.ts'

const OTHERS = 0o077
const SECRET_BYTES = 32

/**
 * The installation's secret: 32 random bytes as hexadecimal, made at the first start.
 * @throws conflict where others can read the file; log_unavailable where it cannot be written
 */
export function installationSecret(path: string, world: World): string {
  return readOrCreateSecretFile(path, () => world.randomHex(SECRET_BYTES), world)
}

/**
 * Reads a secret from a file that only its owner can read, or makes the file. Of two processes that make it at one time, one wins and both
 * get the same secret. A trailing line break is no part of it.
 * @throws conflict where others can read the file, or it is empty; log_unavailable where it cannot be read or written
 */
export function readOrCreateSecretFile(path: string, make: () => string, world: World): string {
  try {
    return readSecretFile(path) ?? createSecretFile(path, make(), world)
  } catch (thrown) {
    throw folderFailure(dirname(path), thrown)
  }
}

/**
 * Puts another secret into such a file.
 * @throws log_unavailable where it cannot be written
 */
export function replaceSecretFile(path: string, secret: string, world: World): void {
  try {
    rmSync(path, { force: true })
    createSecretFile(path, secret, world)
  } catch (thrown) {
    throw folderFailure(dirname(path), thrown)
  }
}

/**
 * Reads a secret from a file; undefined where there is none.
 * @throws conflict where others can read the file, or it is empty
 */
export function readSecretFile(path: string): string | undefined {
  let text: string
  try {
    checkMode(path)
    text = readFileSync(path, 'utf8').trim()
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw thrown
  }
  if (text === '') throw new GatewayError('conflict', `The secret file ${path} is empty. Restore it, or remove it to have a new one made.`)
  return text
}

function checkMode(path: string): void {
  // Windows keeps rights elsewhere: there the mode says nothing.
  if (process.platform === 'win32') return
  const mode = statSync(path).mode & 0o777
  if ((mode & OTHERS) === 0) return
  throw new GatewayError('conflict', `The secret file ${path} can be read by others (mode 0${mode.toString(8)}). Run: chmod 600 ${path}`)
}

function createSecretFile(path: string, secret: string, world: World): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${world.randomHex(6)}`
  try {
    const file = openSync(draft, 'wx', 0o600)
    // The mode of `open` is narrowed by the umask only; this one is what we mean.
    chmodSync(draft, 0o600)
    writeSync(file, `${secret}\n`)
    fsyncSync(file)
    closeSync(file)
    // Whole or not at all, and never over another's: `rename` would replace a file that was made meanwhile.
    linkSync(draft, path)
    return secret
  } catch (thrown) {
    const isThere = thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST'
    const theirs = isThere ? readSecretFile(path) : undefined
    if (theirs === undefined) throw thrown
    return theirs
  } finally {
    rmSync(draft, { force: true })
  }
}
