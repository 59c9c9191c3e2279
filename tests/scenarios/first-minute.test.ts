import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ListenAddresses } from '../../src/app/built-in-config.ts'
import { reachGateway } from '../../src/app/reach-gateway.ts'
import { type Running, startGateway } from '../../src/app/serve.ts'
import { shutDown } from '../../src/app/shutdown.ts'
import { run } from '../../src/cli/main.ts'
import type { Event } from '../../src/core/events.ts'
import { dialects } from '../../src/models/dialects/index.ts'
import { PROVIDERS } from '../../src/models/providers.ts'

const ROOT = new URL('../../', import.meta.url).pathname

/** A start in an empty folder, as of somebody who has just installed it, but at ports that are free. */
interface FirstStart {
  readonly running: Running
  readonly printed: string
  /** The curl lines, as they stand there: each is to be pasted into a shell. */
  readonly curls: readonly string[]
  stop(): Promise<unknown>
}

interface StartAt {
  readonly env?: Readonly<Record<string, string>>
  readonly listen?: ListenAddresses
}

const ANY_PORTS = { data: '127.0.0.1:0', control: '127.0.0.1:0' }

async function tryStart(folder: string, { env = {}, listen = ANY_PORTS }: StartAt = {}) {
  let printed = ''
  const started = await startGateway({
    ...{ configFile: undefined, cwd: folder, env, builtInListen: listen },
    err: (text) => {
      printed += text
    },
  })
  return { started, printed }
}

async function startFirst(folder: string, at: StartAt = {}): Promise<FirstStart> {
  const { started, printed } = await tryStart(folder, at)
  if (started.type === 'failed') throw new Error(printed)
  const { running } = started
  return {
    running,
    printed,
    curls: printed.match(/^ *curl .*$/gm) ?? [],
    stop: () => shutDown(running, { signal: 'test', hurry: AbortSignal.abort() }),
  }
}

/** A command line against it, as in a second terminal. */
async function runCommand({ running }: FirstStart, folder: string, args: readonly string[]): Promise<string> {
  let out = ''
  const [, control] = running.servers
  const adminKey = readFileSync(join(folder, 'data', 'admin-key'), 'utf8').trim()
  const say = (text: string) => {
    out += text
  }
  const env = { SIGNALBOX_URL: `http://${control.address}`, SIGNALBOX_ADMIN_KEY: adminKey }
  const io = { out: say, err: say, isTerminal: false, env, cwd: folder, setExitCode: () => {} }
  await run(args, { io, reach: reachGateway, onInterrupt: () => new AbortController().signal })
  return out
}

async function inFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-first-'))
  try {
    await check(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runShell(line: string): Promise<string> {
  const shell = Bun.spawn(['sh', '-c', line], { stdout: 'pipe', stderr: 'ignore' })
  return new Response(shell.stdout).text()
}

async function endedCalls({ store }: Running): Promise<readonly Event[]> {
  await store.log.flush(5000)
  await store.log.flush(5000)
  const all = await store.reader.read({ order: 'oldest-first', limit: 100 })
  return all.map(({ event }) => event).filter(({ type }) => type === 'call.ended')
}

test('the first start prints one curl a gate, and each of them works as it is', () =>
  inFolder(async (folder) => {
    const first = await startFirst(folder)
    try {
      const said: string[] = []
      for (const line of first.curls) said.push(await runShell(line))
      expect(said).toEqual([
        expect.stringContaining('"content":"This is the Signalbox sandbox, not a model. You said: Hello"'),
        expect.stringContaining('"structuredContent":{"sum":3}'),
        expect.stringMatching(/This is the Signalbox sandbox agent\. The model says: .* The tool answered: Please use sandbox__echo/),
      ])
      // Endings are written a moment after the answers.
      expect(await endedCalls(first.running)).toMatchObject([
        { action: 'models.call', outcome: 'ok', provider: 'sandbox', costNanoUsd: 0 },
        { action: 'tools.call', outcome: 'ok', subject: 'sandbox__add' },
        { action: 'tools.list', outcome: 'ok' },
        { action: 'models.call', outcome: 'ok', toolCalls: ['sandbox__echo'] },
        { action: 'tools.call', outcome: 'ok', subject: 'sandbox__echo', askedBy: { model: 'sandbox' } },
        { action: 'models.call', outcome: 'ok' },
        { action: 'agents.send', outcome: 'ok', subject: 'sandbox' },
      ])
      const printed = await runCommand(first, folder, ['trace'])
      expect(printed).toMatch(/^trace [0-9a-f]{32}: 5 calls, [\d,]+ ms, \$0\.00\n\n/)
      // Times and ids differ from run to run.
      const rows = printed.split('\n').slice(2, -1)
      expect(
        rows.map((row) =>
          row
            .replaceAll(/ {2,}/g, '  ')
            .replaceAll(/\d+ ms/g, '- ms')
            .replace(/call_\w+/, 'id'),
        ),
      ).toEqual([
        'CALL  OUTCOME  TIME  COST  WITH ALL BELOW  ID',
        'agents.send sandbox  ok  - ms  -  $0.00  id',
        '├ tools.list  ok  - ms  -  id',
        '├ models.call sandbox (sandbox/sandbox)  ok  - ms  $0.00  id',
        '├ tools.call sandbox__echo (sandbox/echo), asked for by sandbox  ok  - ms  -  id',
        '└ models.call sandbox (sandbox/sandbox)  ok  - ms  $0.00  id',
      ])
    } finally {
      await first.stop()
    }
  }))

test('the next start prints the same key, which stands in a file for the owner alone', () =>
  inFolder(async (folder) => {
    const keys: (string | undefined)[] = []
    for (let start = 0; start < 2; start++) {
      const { printed, stop } = await startFirst(folder)
      keys.push(/^ {2}key +(sb_\S+)$/m.exec(printed)?.[1])
      await stop()
    }
    expect(keys[0]).toStartWith('sb_')
    expect(keys[1]).toBe(keys[0])
    expect(statSync(join(folder, 'data', 'first-key')).mode & 0o777).toBe(0o600)
  }))

test('a key that was revoked gives way to a new one, which is kept', () =>
  inFolder(async (folder) => {
    const keyOf = ({ printed }: FirstStart) => /^ {2}key +(sb_\S+)$/m.exec(printed)?.[1] ?? ''
    const first = await startFirst(folder)
    await runCommand(first, folder, ['keys', 'revoke', keyOf(first).split('_')[1] ?? ''])
    await first.stop()
    const second = await startFirst(folder)
    await second.stop()
    const third = await startFirst(folder)
    await third.stop()
    expect(keyOf(second)).toStartWith('sb_')
    expect(keyOf(second)).not.toBe(keyOf(first))
    expect(keyOf(third)).toBe(keyOf(second))
  }))

test('a port that is taken is named, with what to do, and nothing is left running', () =>
  inFolder(async (folder) => {
    const other = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('other') })
    try {
      const taken = `127.0.0.1:${other.port}`
      for (const listen of [
        { ...ANY_PORTS, data: taken },
        { ...ANY_PORTS, control: taken },
      ]) {
        const { started, printed } = await tryStart(folder, { listen })
        expect(started).toEqual({ type: 'failed', exitCode: 1 })
        expect(printed).toStartWith(
          `signalbox: could not start: ${taken} cannot be used: another program listens there. Stop it, or choose another port.`,
        )
        expect(printed).toContain(
          `\`listen: { ${listen.data === taken ? 'data' : 'control'}: HOST:PORT }\` in the configuration file says where`,
        )
      }
      expect(await (await fetch(`http://${taken}`)).text()).toBe('other')
    } finally {
      await other.stop(true)
    }
  }))

test('two gateways never share a port: the second says that it is taken', () =>
  inFolder(async (folder) => {
    const first = await startFirst(folder)
    const elsewhere = mkdtempSync(join(tmpdir(), 'signalbox-first-'))
    try {
      const [data] = first.running.servers
      const { started, printed } = await tryStart(elsewhere, { listen: { ...ANY_PORTS, data: data.address } })
      expect(started.type).toBe('failed')
      expect(printed).toContain(`${data.address} cannot be used: another program listens there`)
    } finally {
      await first.stop()
      rmSync(elsewhere, { recursive: true, force: true })
    }
  }))

test('a folder that cannot be written is named', () =>
  inFolder(async (folder) => {
    // A file where the data folder would be: also the administrator, as whom tests may run, cannot write into it.
    writeFileSync(join(folder, 'data'), '')
    const { started, printed } = await tryStart(folder)
    expect(started).toEqual({ type: 'failed', exitCode: 1 })
    expect(printed).toStartWith('signalbox: could not start: ')
    expect(printed).toContain(join(folder, 'data'))
    expect(printed.trimEnd().split('\n')).toHaveLength(1)
  }))

test('provider keys of the environment are used beside the sandbox, and not printed', () =>
  inFolder(async (folder) => {
    const secret = 'sk-of-the-first-minute'
    const { running, printed, stop } = await startFirst(folder, { env: { GROQ_API_KEY: secret } })
    try {
      const names = running.source.snapshot
        .get()
        .catalog.list()
        .map(({ name }) => name)
      expect(names).toEqual(['groq/*', 'sandbox'])
      expect(printed).toContain('/v1    groq/*, sandbox\n')
      expect(printed).not.toContain(secret)
    } finally {
      await stop()
    }
  }))

test('it starts whatever provider keys the environment holds', () =>
  inFolder(async (folder) => {
    const rows = Object.entries(PROVIDERS).flatMap(([name, { keyEnv, wire }]) => (keyEnv === undefined ? [] : [{ name, keyEnv, wire }]))
    const { running, stop } = await startFirst(folder, { env: Object.fromEntries(rows.map(({ keyEnv }) => [keyEnv, 'sk-1'])) })
    await stop()
    const { catalog } = running.source.snapshot.get()
    const spoken = rows.filter(({ wire }) => dialects[wire] !== undefined).map(({ name }) => `${name}/*`)
    expect(catalog.list().map(({ name }) => name)).toEqual([...spoken, 'sandbox'])
    expect(spoken.length).toBeGreaterThan(5)
  }))

test('the README shows the same calls', () =>
  inFolder(async (folder) => {
    const { curls, stop } = await startFirst(folder)
    await stop()
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
    expect(curls).toHaveLength(3)
    for (const line of curls) {
      expect(readme).toContain(
        line
          .trim()
          .replace(/127\.0\.0\.1:\d+/, '127.0.0.1:4000')
          .replace(/sb_\w+/, 'sb_…'),
      )
    }
  }))
