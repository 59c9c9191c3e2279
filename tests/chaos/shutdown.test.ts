import { describe, expect, test } from 'bun:test'
import { chatReply, chatStream, fakeUpstream, gate } from '../../src/testing/fake-upstream.ts'
import { headerOf } from '../../src/testing/http-message.ts'
import { openRawClient } from '../../src/testing/raw-client.ts'
import { countEndings, readBooks } from './lab/books.ts'
import { type ClientCall, call, errorIn } from './lab/client.ts'
import { expectComplete, expectRecorded, expectWhole } from './lab/expect-books.ts'
import type { GatewayProcess } from './lab/gateway-process.ts'
import { type LabConfig, MODEL, openLab } from './lab/lab.ts'
import { inTime, pause, until } from './lab/until.ts'

const STREAMS = 50
const PIECES = Array.from({ length: 10 }, (_, index) => `word${index} `)

describe('SIGTERM', () => {
  test('lets running streams end, refuses new calls meanwhile, and exits with 0', async () => {
    await using running = await openStreams()
    const { upstream, lab, gateway, key, door, streams } = running
    gateway.signal('SIGTERM')
    const refused = await untilRefused(gateway, key)
    expect(errorIn(refused.text)).toMatchObject({ code: 'shutting_down', request_id: refused.requestId ?? 'none' })
    const probes = [`${gateway.origin}/readyz`, `${gateway.controlOrigin}/readyz`].map((url) => fetch(url, { keepalive: false }))
    expect((await Promise.all(probes)).map(({ status }) => status)).toEqual([503, 503])
    expect(gateway.exit).toBeUndefined()
    expect(streams.every(({ failure, isComplete }) => failure === undefined && !isComplete)).toBe(true)

    door.open()
    await inTime('the streams', Promise.all(streams.map(({ over }) => over)))
    expect(streams.filter(({ isComplete }) => !isComplete)).toEqual([])
    expect(await inTime('the exit', gateway.exited)).toEqual({ code: 0, signal: null })
    const books = await readBooks(lab.dataFolder)
    expectWhole(books)
    expectComplete(books, streams)
    expectRecorded(books, upstream.requests)
    expect(countEndings(books)).toMatchObject({ ok: STREAMS })
    expect(books.endedOf(refused.traceId)).toMatchObject({ outcome: 'refused', errorCode: 'shutting_down', attempts: 0 })
    expect(books.events.at(-1)?.type).toBe('writer.stopped')
  }, 60_000)

  test('a second time cuts what still runs, and tells each caller why', async () => {
    await using running = await openStreams()
    const { lab, gateway, key, streams } = running
    gateway.signal('SIGTERM')
    await untilRefused(gateway, key)
    // Sooner it would be an echo of the first.
    await pause(1000)
    gateway.signal('SIGTERM')
    await inTime('the streams', Promise.all(streams.map(({ over }) => over)), 5000)
    expect(await inTime('the exit', gateway.exited, 5000)).toEqual({ code: 1, signal: null })
    await expectCut(lab.dataFolder, streams)
  }, 60_000)

  test('waits for a slow reader of a reply that is over for the gateway', async () => {
    const content = 'slow '.repeat(2_000_000)
    await using upstream = await fakeUpstream(chatReply({ content, usage: { inputTokens: 1, outputTokens: 1 } }))
    await using lab = await openLab({ baseUrl: upstream.baseUrl })
    const gateway = await lab.gateway()
    const { key } = await gateway.createKey()
    using client = await openRawClient(gateway.port, { timeoutMs: 20_000 })
    const body = JSON.stringify({ model: MODEL, messages: [] })
    await client.send(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${key}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    const head = await client.readHead()
    client.pause()
    await until('the call is over for the gateway', async () => (await gateway.liveCalls()) === 0)
    gateway.signal('SIGTERM')
    await pause(1000)
    client.resume()
    expect((await client.readUntilClosed()).length).toBe(Number(headerOf(head?.headers ?? [], 'content-length')))
    expect(await inTime('the exit', gateway.exited)).toEqual({ code: 0, signal: null })
  }, 60_000)

  test('cuts what still runs when the time for draining is over, tells each caller why, and exits with 0', async () => {
    await using running = await openStreams({ shutdown: { drain: '500ms' } })
    const { lab, gateway, streams } = running
    gateway.signal('SIGTERM')
    await inTime('the streams', Promise.all(streams.map(({ over }) => over)), 5000)
    expect(await inTime('the exit', gateway.exited, 5000)).toEqual({ code: 0, signal: null })
    await expectCut(lab.dataFolder, streams)
  }, 60_000)
})

/** A gateway with streams that stand in the middle until the door is opened. */
async function openStreams(config: LabConfig = {}) {
  await using stack = new AsyncDisposableStack()
  const door = gate()
  const script = { pieces: PIECES, usage: { inputTokens: 5, outputTokens: 10 }, before: { 4: door.step }, pauseMs: 5 }
  const upstream = stack.use(await fakeUpstream(chatStream(script)))
  const lab = stack.use(await openLab({ baseUrl: upstream.baseUrl, config }))
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  const streams = Array.from({ length: STREAMS }, () => call({ origin: gateway.origin, key, isStream: true }))
  await until('all streams are in the middle', () => streams.every(({ text }) => text.includes('"word2 "')))
  const opened = stack.move()
  return { upstream, lab, gateway, key, door, streams, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** The first call that is refused after the signal: it takes a moment to arrive. */
async function untilRefused(gateway: GatewayProcess, key: string): Promise<ClientCall> {
  let last: ClientCall | undefined
  await until('calls are refused', async () => {
    last = call({ origin: gateway.origin, key, isStream: true, model: 'no such model' })
    await last.over
    return last.status === 503
  })
  if (last === undefined) throw new Error('No call was made.')
  return last
}

async function expectCut(dataFolder: string, streams: readonly ClientCall[]): Promise<void> {
  for (const cut of streams) expect(errorIn(cut.text)).toMatchObject({ code: 'shutting_down', request_id: cut.requestId ?? 'none' })
  const books = await readBooks(dataFolder)
  expectWhole(books)
  for (const { traceId } of streams) expect(books.endedOf(traceId)).toMatchObject({ outcome: 'cancelled', errorCode: 'shutting_down' })
  expect(books.events.at(-1)?.type).toBe('writer.stopped')
}
