import { afterAll, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realWorld } from '../platform/world.ts'
import { openInstallation } from './data-folder.ts'
import { loadFile } from './load-file.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-secret-'))
let folder: string
let round = 0

beforeEach(() => {
  folder = join(root, String(++round))
  mkdirSync(folder)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function open(yaml: string): string {
  writeFileSync(join(folder, 'signalbox.yaml'), `tools:\n${yaml}`)
  const { config } = loadFile({ configFile: undefined, cwd: folder, env: {} })
  return openInstallation(config, realWorld()).reveal()
}

const isThere = (path: string) => existsSync(join(folder, path))

test('the secret of an installation is made beside its store, wherever that is', () => {
  open('')
  expect(isThere('data/secret')).toBe(true)
  rmSync(join(folder, 'data'), { recursive: true })
  const made = open('storage: sqlite:./elsewhere\n')
  expect([isThere('elsewhere/secret'), isThere('data')]).toEqual([true, false])
  expect(open('storage: sqlite:./elsewhere\n')).toBe(made)
})

test('a secret that was made before is gone on with, and one that the file names stands there', () => {
  const before = open('')
  expect(open('storage: sqlite:./elsewhere\n')).toBe(before)
  expect(open('storage: sqlite:./elsewhere\nsecret: file:./own/secret\n')).not.toBe(before)
  expect([isThere('own/secret'), isThere('elsewhere/secret')]).toEqual([true, false])
})
