import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { checkConfig } from '../../app/check-config.ts'
import type { ExitCode } from '../io.ts'
import { registerInit } from './init.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const out: string[] = []
  const err: string[] = []
  const codes: ExitCode[] = []
  const program = new Command()
  registerInit(program, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal: false,
    env,
    cwd: folder,
    setExitCode: (code) => void codes.push(code),
  })
  await program.parseAsync(['init', ...args], { from: 'user' })
  return { out: out.join(''), err: err.join(''), exitCode: codes.at(-1) ?? 0 }
}

const written = (name = 'signalbox.yaml') => readFileSync(join(folder, name), 'utf8')

test.each([
  ['without a key: the provider that needs none', [], {}, 'ollama: {}'],
  ['with a key in the environment: its provider', [], { GROQ_API_KEY: 'sk-1' }, 'groq: { apiKey: env:GROQ_API_KEY }'],
  ['with a provider that is asked for', ['--provider', 'mistral'], { MISTRAL_API_KEY: 'sk-1' }, 'mistral: { apiKey: env:MISTRAL_API_KEY }'],
])('writes a file that passes the check, %s', async (_how, args, env, provider) => {
  expect(await run(args, env)).toMatchObject({ exitCode: 0, out: '' })
  expect(written()).toStartWith('# yaml-language-server: $schema=./signalbox.schema.json\n')
  expect(written()).toContain(`    ${provider}\n`)
  expect(written()).not.toContain('sk-1')
  expect(checkConfig({ file: 'signalbox.yaml', cwd: folder, env })).toMatchObject({ type: 'good' })
})

test('writes the schema beside it, the same that the project has', async () => {
  await run([])
  expect(written('signalbox.schema.json')).toBe(readFileSync(join(import.meta.dirname, '../../../signalbox.schema.json'), 'utf8'))
})

test('says what to do next, and which key is still missing', async () => {
  expect((await run(['--provider', 'openai'])).err).toBe(
    [
      'Wrote signalbox.yaml for the provider openai. Next:',
      "  export OPENAI_API_KEY=…   # the provider's key; without it the check fails",
      '  signalbox check',
      '  signalbox serve',
      '  signalbox keys create --team default\n',
    ].join('\n'),
  )
  expect((await run(['--out', 'other.yaml'])).err).toContain('  signalbox check --config other.yaml\n')
})

test('never replaces a file without --force', async () => {
  writeFileSync(join(folder, 'signalbox.yaml'), 'mine')
  expect(await run([])).toEqual({ exitCode: 1, out: '', err: 'signalbox init: signalbox.yaml exists; --force replaces it\n' })
  expect(written()).toBe('mine')
  expect(existsSync(join(folder, 'signalbox.schema.json'))).toBe(false)
  expect(await run(['--force'])).toMatchObject({ exitCode: 0 })
  expect(written()).not.toBe('mine')
})

test('leaves a schema that is there alone, but for --force', async () => {
  writeFileSync(join(folder, 'signalbox.schema.json'), 'mine')
  await run([])
  expect(written('signalbox.schema.json')).toBe('mine')
  await run(['--force'])
  expect(written('signalbox.schema.json')).not.toBe('mine')
})

test('refuses a provider that it does not know: exit 2', async () => {
  const said = await run(['--provider', 'opnai'])
  expect(said.exitCode).toBe(2)
  expect(said.err).toStartWith(
    'signalbox init: no known provider is called "opnai"; did you mean "openai"? The known ones are openai, groq, ',
  )
  expect(existsSync(join(folder, 'signalbox.yaml'))).toBe(false)
})

test('says so where the file cannot be written', async () => {
  const said = await run(['--out', 'nowhere/signalbox.yaml'])
  expect(said.exitCode).toBe(1)
  expect(said.err).toStartWith('signalbox init: nowhere/signalbox.yaml cannot be written: ENOENT')
})

test('--json tells a script what was written', async () => {
  expect(JSON.parse((await run(['--json', '--provider', 'openai'])).out)).toEqual({
    file: join(folder, 'signalbox.yaml'),
    schema: join(folder, 'signalbox.schema.json'),
    provider: 'openai',
    keyEnv: 'OPENAI_API_KEY',
    isKeySet: false,
  })
})
