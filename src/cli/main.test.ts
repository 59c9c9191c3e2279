import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openTestControl } from '../testing/open-test-control.ts'
import { runCli } from '../testing/run-cli.ts'
import { EXAMPLES } from './examples.ts'

const LAUNCHER = fileURLToPath(new URL('../../bin/signalbox.js', import.meta.url))
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Every command, as a person writes it. */
const COMMANDS = [
  ...['serve', 'init', 'sandbox', 'check', 'status', 'reload', 'version'],
  ...['keys create', 'keys list', 'keys show', 'keys rotate', 'keys revoke'],
  ...['logs', 'trace', 'receipt', 'spend', 'budgets', 'live', 'providers', 'providers reset', 'doctor', 'route explain', 'verify'],
  ...['prices show', 'prices diff', 'prices update', 'recost', 'reconcile', 'cache show', 'cache purge', 'bodies show', 'bodies erase'],
  ...['guard test', 'import litellm', 'import legacy', 'import scores'],
]
/** They work on no gateway and no configuration that is there. */
const WITHOUT_CONFIG = ['init', 'sandbox', 'import litellm', 'import legacy']

test.each(COMMANDS)('%s explains itself on stdout, and has --json and --config where they mean something', async (name) => {
  const { out, err, exitCode } = await runCli(openTestControl(), [...name.split(' '), '--help'])
  expect(exitCode).toBe(0)
  expect(err).toBe('')
  expect(out).toStartWith(`Usage: signalbox ${name}`)
  expect(out.includes('--json')).toBe(name !== 'sandbox')
  expect(out.includes('--config <file>')).toBe(!WITHOUT_CONFIG.includes(name))
})

test.each(Object.entries(EXAMPLES))('the examples of %s are of a command that there is, and of flags that it has', async (name, lines) => {
  expect(COMMANDS).toContain(name)
  const { out } = await runCli(openTestControl(), [...name.split(' '), '--help'])
  const [options = ''] = out.split('\nExamples:\n')
  for (const line of lines) {
    expect(out).toContain(`  ${line}\n`)
    expect(line).toContain(`signalbox ${name}`)
    for (const [flag] of line.matchAll(/--[a-z-]+/g)) expect(options).toContain(`${flag} `)
  }
})

test('docs/cli.md has a row for every command', () => {
  const rows = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const missing = COMMANDS.filter((name) => !rows.some((row) => row.startsWith(`| \`${name.split(' ')[0]}`)))
  expect(missing).toEqual([])
})

test('--help lists every command', async () => {
  const { out, exitCode } = await runCli(openTestControl(), ['--help'])
  expect(exitCode).toBe(0)
  for (const name of COMMANDS) expect(out).toMatch(new RegExp(`^  ${name.split(' ')[0]} `, 'm'))
})

test.each([
  [['spedn'], "error: unknown command 'spedn'\n(Did you mean spend?)"],
  [['keys', 'creat', '--team', 'x'], "error: unknown command 'creat'\n(Did you mean create?)"],
  [['keys', 'create'], "error: required option '--team <team>' not specified"],
  [
    ['keys', 'create', '--team', 'support', '--label', 'x'],
    "error: option '--label <name=value>' argument 'x' is invalid. Write name=value.",
  ],
  [['keys', 'create', '--team', 'support', '--label', 'a=1', '--label', 'a=2'], 'The label a is given twice.'],
  [['logs', '--folow'], "error: unknown option '--folow'\n(Did you mean --follow?)"],
  [['receipt'], "error: missing required argument 'call'"],
  [['receipt', 'a', 'b'], 'error: too many arguments'],
  [['spend', '--format', 'xml'], "error: option '--format <format>' argument 'xml' is invalid. Allowed choices are table, csv, json."],
  [['spend', '--by', 'team,,model'], 'Write names separated by commas.'],
])('%p is wrong usage: exit 2, said on stderr', async (args, message) => {
  const { out, err, exitCode, asked } = await runCli(openTestControl(), args)
  expect(exitCode).toBe(2)
  expect(out).toBe('')
  expect(err).toContain(message)
  expect(asked).toEqual([])
})

test('no command at all is wrong usage, and shows the help', async () => {
  const { err, exitCode } = await runCli(openTestControl(), [])
  expect(exitCode).toBe(2)
  expect(err).toStartWith('Usage: signalbox [options] [command]')
})

test('the examples of --help are command lines', async () => {
  const { out } = await runCli(openTestControl(), ['--help'])
  const examples = [...out.matchAll(/^ {2}signalbox (\S+(?: \S+)*) {2}/gm)].map(([, line]) => line?.split(' ') ?? [])
  expect(examples).toHaveLength(5)
  // Options are read before help is printed: one that is not known, or has no value, is wrong usage.
  for (const words of examples) expect(await runCli(openTestControl(), [...words, '--help'])).toMatchObject({ exitCode: 0, err: '' })
})

test('the version is printed, also for who asks for it with a flag', async () => {
  const { out } = await runCli(openTestControl(), ['version'])
  for (const flag of ['--version', '-V']) expect((await runCli(openTestControl(), [flag])).out).toBe(out)

  expect((await runCli(openTestControl(), ['version'])).out).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  expect(JSON.parse((await runCli(openTestControl(), ['version', '--json'])).out)).toEqual({
    version: expect.stringMatching(/^\d/),
    bun: process.versions.bun,
  })
})

/** Processes are started; on a busy machine each takes seconds. */
const SLOW_MS = 60_000

test(
  'the launcher starts it under Node: help exits 0, an unknown command 2',
  () => {
    const help = spawnSync('node', [LAUNCHER, '--help'], { encoding: 'utf8' })
    expect(help.stderr).toBe('')
    expect(help.stdout).toStartWith('Usage: signalbox [options] [command]')
    expect(help.status).toBe(0)
    const unknown = spawnSync('node', [LAUNCHER, 'spedn'], { encoding: 'utf8' })
    expect(unknown.stdout).toBe('')
    expect(unknown.stderr).toContain("error: unknown command 'spedn'")
    expect(unknown.status).toBe(2)
  },
  SLOW_MS,
)

test(
  'started without the limit that Bun reads at start, serve begins afresh, and keeps its exit code',
  () => {
    const { BUN_CONFIG_MAX_HTTP_REQUESTS: _limit, ...env } = process.env
    const served = spawnSync(process.execPath, [MAIN, 'serve', '--config', '/nowhere/signalbox.yaml'], { encoding: 'utf8', env })
    expect(served.stderr).toContain('/nowhere/signalbox.yaml has problems, so nothing was started.')
    expect(served.status).toBe(2)
  },
  SLOW_MS,
)
