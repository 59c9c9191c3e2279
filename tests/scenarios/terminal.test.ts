import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closedPort } from '../../src/testing/fake-upstream.ts'

const LAUNCHER = new URL('../../bin/signalbox.js', import.meta.url).pathname

test('a gateway whose terminal is closed stops, and leaves nobody behind who holds its ports and its folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-terminal-'))
  const [data, control] = [await closedPort(), await closedPort()]
  writeFileSync(
    join(folder, 'signalbox.yaml'),
    `listen: { data: "127.0.0.1:${data}", control: "127.0.0.1:${control}" }
models: { providers: { ollama: }, models: [ { name: "ollama/*", provider: ollama } ] }
`,
  )
  const decoder = new TextDecoder()
  let printed = ''
  const started = Promise.withResolvers<void>()
  const gateway = Bun.spawn(['node', LAUNCHER, 'serve'], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '' },
    terminal: {
      data: (_terminal, bytes) => {
        printed += decoder.decode(bytes)
        if (printed.includes('Ctrl-C stops it')) started.resolve()
      },
    },
  })
  try {
    await started.promise
    expect((await fetch(`http://127.0.0.1:${data}/livez`)).status).toBe(200)
    gateway.terminal?.close()
    await gateway.exited
    expect(gateway.signalCode).toBe('SIGHUP')
    await expect(fetch(`http://127.0.0.1:${data}/livez`)).rejects.toThrow()
  } finally {
    gateway.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}, 20_000)
