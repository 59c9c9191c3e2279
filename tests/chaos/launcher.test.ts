import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { chatStream, fakeUpstream, gate } from '../../src/testing/fake-upstream.ts'
import { readBooks } from './lab/books.ts'
import { call } from './lab/client.ts'
import { expectWhole } from './lab/expect-books.ts'
import { GatewayProcess, isRunning } from './lab/gateway-process.ts'
import { openLab } from './lab/lab.ts'
import { inTime, pause, until } from './lab/until.ts'

const SCRIPT = { pieces: ['one ', 'two'], usage: { inputTokens: 1, outputTokens: 2 } }

describe('the launcher', () => {
  test('passes SIGTERM on, and ends as the gateway does', async () => {
    await using running = await openStream()
    const { gateway, stream, door } = running
    process.kill(gateway.launcherPid, 'SIGTERM')
    await until('the gateway drains', async () => (await fetch(`${gateway.origin}/readyz`, { keepalive: false })).status === 503)
    door.open()
    await inTime('the stream', stream.over)
    expect(stream.isComplete).toBe(true)
    expect(await inTime('the exit', gateway.exited)).toEqual({ code: 0, signal: null })
    await running.expectWholeBooks()
  }, 30_000)

  test('and the gateway that both get a signal at once, as from Ctrl-C or systemd, take it for one: nothing is cut', async () => {
    await using running = await openStream()
    const { gateway, stream, door } = running
    gateway.signal('SIGINT')
    // Nearer to each other, the system would make one of the two.
    await pause(50)
    process.kill(gateway.launcherPid, 'SIGINT')
    await pause(1000)
    expect(stream.failure).toBeUndefined()
    door.open()
    await inTime('the stream', stream.over)
    expect(stream.isComplete).toBe(true)
    expect(await inTime('the exit', gateway.exited)).toEqual({ code: 0, signal: null })
    await running.expectWholeBooks()
  }, 30_000)

  test('that is killed leaves no gateway behind: it drains and stops', async () => {
    await using running = await openStream()
    const { gateway, stream, door } = running
    const { pid } = gateway
    process.kill(gateway.launcherPid, 'SIGKILL')
    await until('the gateway drains', async () => (await fetch(`${gateway.origin}/readyz`, { keepalive: false })).status === 503)
    door.open()
    await inTime('the stream', stream.over)
    expect(stream.isComplete).toBe(true)
    await until('the gateway is gone', () => !isRunning(pid))
    await running.expectWholeBooks()
  }, 30_000)

  test('that is killed as soon as it has started the gateway leaves none behind either', async () => {
    await using upstream = await fakeUpstream()
    await using lab = await openLab({ baseUrl: upstream.baseUrl })
    const { launcherPid } = new GatewayProcess(lab.start)
    let child: number | undefined
    const look = () => {
      child = Number(readFileSync(`/proc/${launcherPid}/task/${launcherPid}/children`, 'utf8').split(' ')[0]) || undefined
      return child !== undefined
    }
    while (!look()) await Bun.sleep(1)
    process.kill(launcherPid, 'SIGKILL')
    await until('the gateway is gone', () => !isRunning(child ?? 0), 20_000)
    // And the folder is free: the next one starts.
    await (await lab.gateway()).stop()
  }, 40_000)

  test('is killed by the signal that killed the gateway', async () => {
    await using running = await openStream()
    expect(await running.gateway.kill()).toEqual({ code: null, signal: 'SIGKILL' })
  }, 30_000)
})

/** A gateway with one stream that stands in the middle until the door is opened. */
async function openStream() {
  await using stack = new AsyncDisposableStack()
  const door = gate()
  const upstream = stack.use(await fakeUpstream(chatStream({ ...SCRIPT, before: { 2: door.step } })))
  const lab = stack.use(await openLab({ baseUrl: upstream.baseUrl }))
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  const stream = call({ origin: gateway.origin, key, isStream: true })
  await until('the stream is in the middle', () => stream.text.includes('"one "'))
  const opened = stack.move()
  return {
    ...{ gateway, stream, door },
    expectWholeBooks: async () => {
      const books = await readBooks(lab.dataFolder)
      expectWhole(books)
      expect(books.events.at(-1)?.type).toBe('writer.stopped')
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
