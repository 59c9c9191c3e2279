import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openTestControl } from '../testing/open-test-control.ts'
import { runCli } from '../testing/run-cli.ts'

const LAUNCHER = fileURLToPath(new URL('../../bin/signalbox.js', import.meta.url))
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Every command, as a person writes it, with arguments that it accepts. */
const COMMANDS = [
  ['serve'],
  ['init'],
  ['check'],
  ['keys', 'create'],
  ['keys', 'list'],
  ['keys', 'show'],
  ['keys', 'revoke'],
  ['logs'],
  ['receipt'],
  ['spend'],
  ['live'],
  ['bodies', 'show'],
  ['bodies', 'erase'],
  ['status'],
  ['reload'],
  ['verify'],
  ['version'],
]

test.each(COMMANDS.map((words) => [words.join(' '), words] as const))(
  '%s explains itself on stdout, and has --json and (but for init) --config',
  async (name, words) => {
    const { out, err, exitCode } = await runCli(openTestControl(), [...words, '--help'])
    expect(exitCode).toBe(0)
    expect(err).toBe('')
    expect(out).toStartWith(`Usage: signalbox ${name}`)
    expect(out).toContain('--json')
    if (name !== 'init') expect(out).toContain('--config <file>')
  },
)

test('--help lists every command', async () => {
  const { out, exitCode } = await runCli(openTestControl(), ['--help'])
  expect(exitCode).toBe(0)
  for (const [name] of COMMANDS) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
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
