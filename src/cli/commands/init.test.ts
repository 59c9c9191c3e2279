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

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, answers?: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const codes: ExitCode[] = []
  const left = [...(answers ?? [])]
  const program = new Command()
  registerInit(program, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal: answers !== undefined,
    ask: async (question) => {
      err.push(question)
      return left.shift()
    },
    env,
    cwd: folder,
    setExitCode: (code) => void codes.push(code),
  })
  await program.parseAsync(['init', ...args], { from: 'user' })
  return { out: out.join(''), err: err.join(''), exitCode: codes.at(-1) ?? 0 }
}

const written = (name = 'signalbox.yaml') => readFileSync(join(folder, name), 'utf8')

test.each([
  ['without a key: the provider that needs none', ['--models'], {}, 'ollama: {}'],
  ['with a key in the environment: its provider', ['--models'], { GROQ_API_KEY: 'sk-1' }, 'groq: { apiKey: env:GROQ_API_KEY }'],
  ['with a provider that is asked for', ['--provider', 'mistral'], { MISTRAL_API_KEY: 'sk-1' }, 'mistral: { apiKey: env:MISTRAL_API_KEY }'],
])('writes a file that passes the check, %s', async (_how, args, env, provider) => {
  expect(await run(args, env)).toMatchObject({ exitCode: 0, out: '' })
  expect(written()).toStartWith('# yaml-language-server: $schema=./signalbox.schema.json\n')
  expect(written()).toContain(`    ${provider}\n`)
  expect(written()).not.toContain('sk-1')
  expect(checkConfig({ file: 'signalbox.yaml', cwd: folder, env })).toMatchObject({ type: 'good' })
})

test('writes the schema beside it, the same that the project has', async () => {
  await run(['--models'])
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
  rmSync(join(folder, 'signalbox.yaml'))
  expect((await run(['--models'], { npm_command: 'exec' })).err).toContain('  npx signalbox check\n')
  expect((await run(['--models', '--out', 'other.yaml'])).err).toContain('  signalbox check --config other.yaml\n')
})

test('never replaces a file without --force', async () => {
  writeFileSync(join(folder, 'signalbox.yaml'), 'mine')
  expect(await run([])).toEqual({ exitCode: 1, out: '', err: 'signalbox init: signalbox.yaml exists; --force replaces it\n' })
  expect(written()).toBe('mine')
  expect(existsSync(join(folder, 'signalbox.schema.json'))).toBe(false)
  expect(await run(['--models', '--force'])).toMatchObject({ exitCode: 0 })
  expect(written()).not.toBe('mine')
})

test('leaves a schema that is there alone, but for --force', async () => {
  writeFileSync(join(folder, 'signalbox.schema.json'), 'mine')
  await run(['--models'])
  expect(written('signalbox.schema.json')).toBe('mine')
  await run(['--models', '--force'])
  expect(written('signalbox.schema.json')).not.toBe('mine')
})

test('refuses a provider that it does not know: exit 2', async () => {
  const said = await run(['--provider', 'opnai'])
  expect(said.exitCode).toBe(2)
  expect(said.err).toStartWith('signalbox init: no known provider is called "opnai"; did you mean "openai"? The known ones are openai, ')
  const other = await run(['--provider', 'zzzzzz'])
  expect(other.err).toStartWith('signalbox init: no known provider is called "zzzzzz". The known ones are openai, ')
  expect(existsSync(join(folder, 'signalbox.yaml'))).toBe(false)
})

test('says so where the file cannot be written', async () => {
  const said = await run(['--models', '--out', 'nowhere/signalbox.yaml'])
  expect(said.exitCode).toBe(1)
  expect(said.err).toStartWith('signalbox init: nowhere/signalbox.yaml cannot be written: ENOENT')
})

test('--json tells a script what was written', async () => {
  expect(JSON.parse((await run(['--json', '--provider', 'openai'])).out)).toEqual({
    file: join(folder, 'signalbox.yaml'),
    schema: join(folder, 'signalbox.schema.json'),
    layers: ['models'],
    provider: 'openai',
    keyEnv: 'OPENAI_API_KEY',
    isKeySet: false,
  })
})

test.each([
  [['--tools'], 'tools', ['tools']],
  [['--agents'], 'agents', ['agents']],
  [['--models'], 'models (provider ollama)', ['models']],
  [['--agents', '--tools'], 'tools, agents', ['tools', 'agents']],
  [['--tools', '--provider', 'ollama', '--agents'], 'models (provider ollama), tools, agents', ['models', 'tools', 'agents']],
])('%p writes only the gateways that are asked for, and the file passes the check', async (flags, named, layers) => {
  const { err, out } = await run([...flags, '--json'])
  if (layers.length > 1) expect(err).toContain(`for the gateways for ${named}. Next:`)
  expect(JSON.parse(out).layers).toEqual(layers)
  const lines = written().split('\n')
  for (const name of ['models', 'tools', 'agents']) expect(lines.includes(`${name}:`)).toBe(layers.includes(name))
  const report = checkConfig({ file: 'signalbox.yaml', cwd: folder, env: {} })
  expect(report).toMatchObject({ type: 'good' })
  expect(
    Object.keys(report.type === 'good' ? Object(report.values) : {}).filter((key) => ['models', 'tools', 'agents'].includes(key)),
  ).toEqual(layers)
})

test('the first team may read with tools, and what destroys is denied', async () => {
  await run(['--tools'])
  expect(checkConfig({ file: 'signalbox.yaml', cwd: folder, env: {} })).toMatchObject({
    values: { access: { teams: { default: { tools: { default: 'deny', readOnly: 'allow' } } } } },
  })
})

test.each([
  ['a number', ['3'], ['agents']],
  ['several', [' 1, 2 '], ['models', 'tools']],
  ['nothing, which is the first', [''], ['models']],
  ['nonsense, and then a number', ['x', '1 9', '2'], ['tools']],
])('a person is asked, and answers %s', async (_what, answers, layers) => {
  const { out, err } = await run(['--json'], {}, answers)
  expect(JSON.parse(out).layers).toEqual(layers)
  expect(err).toContain('  1  What did the support team spend on Claude last month?\n  2  Who may call which tool, and who did?\n')
  expect(err.split('is none of 1, 2 and 3.').length).toBe(answers.length)
})

test('where nobody can be asked, a flag must say it: exit 2, and nothing is written', async () => {
  expect(await run([])).toEqual({
    exitCode: 2,
    out: '',
    err: [
      'signalbox init: say which gateway you need:',
      '  --models   What did the support team spend on Claude last month?',
      '  --tools    Who may call which tool, and who did?',
      '  --agents   Which agent called which agent?\n',
    ].join('\n'),
  })
  expect(existsSync(join(folder, 'signalbox.yaml'))).toBe(false)
})

test('a person who leaves gets no file', async () => {
  expect(await run([], {}, [])).toMatchObject({ exitCode: 1, err: expect.stringContaining('nothing was chosen, so nothing was written\n') })
  expect(existsSync(join(folder, 'signalbox.yaml'))).toBe(false)
})

test('nothing is asked where a flag says it, or where the file is there already', async () => {
  expect((await run(['--tools'], {}, ['1'])).err).not.toContain('What do you need')
  expect((await run([], {}, ['1'])).err).toBe('signalbox init: signalbox.yaml exists; --force replaces it\n')
})
