import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Running, startGateway } from '../../src/app/serve.ts'
import { shutDown } from '../../src/app/shutdown.ts'
import type { Event } from '../../src/core/events.ts'

const ROOT = new URL('../../', import.meta.url).pathname

/** A start in an empty folder, as of somebody who has just installed it, but at ports that are free. */
interface FirstStart {
  readonly running: Running
  readonly printed: string
  /** The curl lines, as they are to be pasted into a shell. */
  readonly curls: readonly string[]
  stop(): Promise<unknown>
}

async function startFirst(folder: string, env: Readonly<Record<string, string>> = {}): Promise<FirstStart> {
  let printed = ''
  const started = await startGateway({
    configFile: undefined,
    cwd: folder,
    env,
    builtInListen: { data: '127.0.0.1:0', control: '127.0.0.1:0' },
    err: (text) => {
      printed += text
    },
  })
  if (started.type === 'failed') throw new Error(printed)
  const { running } = started
  return {
    running,
    printed,
    curls: printed.match(/^ {2}curl .*\\\n.*$/gm) ?? [],
    stop: () => shutDown(running, { signal: 'test', hurry: AbortSignal.abort() }),
  }
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
      expect(await endedCalls(first.running)).toMatchObject([
        { action: 'models.call', outcome: 'ok', provider: 'sandbox', costNanoUsd: 0 },
        { action: 'tools.call', outcome: 'ok', subject: 'sandbox__add' },
        { action: 'tools.list', outcome: 'ok' },
        { action: 'models.call', outcome: 'ok', toolCalls: ['sandbox__echo'] },
        { action: 'tools.call', outcome: 'ok', subject: 'sandbox__echo', askedBy: { model: 'sandbox' } },
        { action: 'models.call', outcome: 'ok' },
        { action: 'agents.send', outcome: 'ok', subject: 'sandbox' },
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

test('provider keys of the environment are used beside the sandbox, and not printed', () =>
  inFolder(async (folder) => {
    const secret = 'sk-of-the-first-minute'
    const { running, printed, stop } = await startFirst(folder, { GROQ_API_KEY: secret })
    try {
      const names = running.source.snapshot
        .get()
        .catalog.list()
        .map(({ name }) => name)
      expect(names).toEqual(['groq/*', 'sandbox'])
      expect(printed).toContain('can be used too, as PROVIDER/MODEL')
      expect(printed).not.toContain(secret)
    } finally {
      await stop()
    }
  }))

test('the README shows the same calls', () =>
  inFolder(async (folder) => {
    const { curls, stop } = await startFirst(folder)
    await stop()
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
    expect(curls).toHaveLength(3)
    for (const line of curls) {
      const [, path] = /http:\/\/[^/]+(\S+)/.exec(line) ?? []
      const [, body] = /-d '(.*)'/.exec(line) ?? []
      expect(readme).toContain(`curl http://127.0.0.1:4000${path} \\\n`)
      expect(readme).toContain(`-d '${body}'`)
    }
  }))
