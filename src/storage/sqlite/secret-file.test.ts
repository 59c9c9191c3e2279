import { afterEach, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeWorld } from '../../testing/fake-world.ts'
import { installationSecret, readOrCreateSecretFile, readSecretFile } from './secret-file.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function makePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-secret-'))
  folders.push(folder)
  return join(folder, 'data', 'secret')
}

describe('a secret file', () => {
  test('is made once, for its owner only, and then stays', () => {
    const path = makePath()
    const secret = installationSecret(path, fakeWorld())
    expect(secret).toMatch(/^[0-9a-f]{64}$/)
    expect(installationSecret(path, fakeWorld())).toBe(secret)
    expect(readSecretFile(path)).toBe(secret)
    expect(readFileSync(path, 'utf8')).toBe(`${secret}\n`)
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(path, '..'))).toEqual(['secret'])
  })

  test('that another process made meanwhile wins', () => {
    const path = makePath()
    const make = () => {
      writeFileSync(path, 'theirs', { mode: 0o600 })
      return 'ours'
    }
    installationSecret(join(path, '..', 'other'), fakeWorld())
    expect(readOrCreateSecretFile(path, make, fakeWorld())).toBe('theirs')
  })

  test('that is not there is undefined', () => {
    const path = makePath()
    expect(readSecretFile(path)).toBeUndefined()
    expect(existsSync(path)).toBe(false)
  })

  test.if(process.platform !== 'win32')('that others can read is refused, with what to do', () => {
    const path = makePath()
    installationSecret(path, fakeWorld())
    for (const mode of [0o640, 0o604, 0o660]) {
      chmodSync(path, mode)
      expect(() => installationSecret(path, fakeWorld())).toThrow(
        `can be read by others (mode 0${mode.toString(8)}). Run: chmod 600 ${path}`,
      )
    }
  })

  test('that is empty is refused', () => {
    const path = makePath()
    installationSecret(path, fakeWorld())
    writeFileSync(path, '\n')
    expect(() => installationSecret(path, fakeWorld())).toThrow('is empty. Restore it')
  })
})
