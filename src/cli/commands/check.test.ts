import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { ExitCode } from '../io.ts'
import { registerCheck } from './check.ts'

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
  registerCheck(program, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal: false,
    env,
    cwd: folder,
    setExitCode: (code) => void codes.push(code),
  })
  await program.parseAsync(['check', ...args], { from: 'user' })
  return { out: out.join(''), err: err.join(''), exitCode: codes.at(-1) ?? 'none' }
}

const GOOD = 'models:\n  providers:\n    openai: { apiKey: env:OPENAI_API_KEY }\n'
const KEY = { OPENAI_API_KEY: 'sk-secret' }

test('a good file: exit 0, and nothing on stdout', async () => {
  writeFileSync(join(folder, 'signalbox.yaml'), GOOD)
  const said = await run([], KEY)
  expect(said).toMatchObject({ exitCode: 0, out: '' })
  expect(said.err).toMatch(/^signalbox\.yaml is good \(revision [0-9a-f]{12}\)\.\n$/)
})

test('a bad file: exit 2, and every problem on stderr', async () => {
  writeFileSync(join(folder, 'my.yaml'), 'lgo: {}\nlog: { level: loud }\n')
  expect(await run(['--config', 'my.yaml'])).toEqual({
    exitCode: 2,
    out: '',
    err: [
      'my.yaml:1:1 lgo: unknown key; did you mean "log"?',
      'my.yaml:2:15 log.level: "loud" is not one of debug, info, warn, error',
      'my.yaml has 2 problems.\n',
    ].join('\n'),
  })
})

test('--print writes the values that are in force to stdout, with their origins and without secrets', async () => {
  writeFileSync(join(folder, 'signalbox.yaml'), GOOD)
  const { out, exitCode } = await run(['--print'], KEY)
  expect(exitCode).toBe(0)
  expect(out).toContain('      apiKey: "***" # env:OPENAI_API_KEY (signalbox.yaml:3)\n')
  expect(out).toContain('  drain: 30s # default\n')
  expect(out).not.toContain('sk-secret')
})

test('--print of a bad file prints no values', async () => {
  writeFileSync(join(folder, 'signalbox.yaml'), 'log: 5\n')
  expect(await run(['--print'])).toMatchObject({ exitCode: 2, out: '' })
})

test('--json writes one object to stdout and talks to nobody', async () => {
  writeFileSync(join(folder, 'signalbox.yaml'), 'log: { levl: info }\n')
  const bad = await run(['--json'])
  expect({ ...bad, out: JSON.parse(bad.out) }).toEqual({
    exitCode: 2,
    err: '',
    out: {
      ok: false,
      file: 'signalbox.yaml',
      problems: [{ file: 'signalbox.yaml', line: 1, column: 8, path: 'log.levl', message: 'unknown key; did you mean "level"?' }],
    },
  })
  writeFileSync(join(folder, 'signalbox.yaml'), GOOD)
  const good = await run(['--json', '--print'], KEY)
  expect(JSON.parse(good.out)).toMatchObject({
    ok: true,
    file: 'signalbox.yaml',
    problems: [],
    values: { models: { providers: { openai: { apiKey: '***' } } } },
    origins: { 'log.level': 'default' },
  })
})

test('no file at all: exit 2, and what to do', async () => {
  expect(await run([])).toEqual({
    exitCode: 2,
    out: '',
    err: `signalbox check: there is none of signalbox.yaml, signalbox.yml, signalbox.json in ${folder}; write one with \`signalbox init\`, or name one with --config FILE\n`,
  })
})

test('a named file that is not there: exit 2, and its name', async () => {
  expect(await run(['--config', 'nope.yaml'])).toMatchObject({
    exitCode: 2,
    err: 'nope.yaml:1:1 the file cannot be read: there is no such file\nnope.yaml has 1 problem.\n',
  })
})
