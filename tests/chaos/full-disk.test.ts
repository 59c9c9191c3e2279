import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { chatReply, chatStream, type FakeUpstream, fakeUpstream, gate } from '../../src/testing/fake-upstream.ts'
import { readSettledBooks } from './lab/books.ts'
import { type ClientCall, call, errorIn } from './lab/client.ts'
import { expectComplete, expectExactSpend, expectRecorded, expectWhole } from './lab/expect-books.ts'
import { GatewayProcess } from './lab/gateway-process.ts'
import { type Lab, openLab } from './lab/lab.ts'
import { openSmallDisk, type SmallDisk } from './lab/small-disk.ts'
import { inTime, until } from './lab/until.ts'

const DISK_MB = 32
/** What is allocated already is written to even when the disk is full: so many calls may still find room. */
const MAX_CALLS = 40_000
const AT_ONE_TIME = 32

interface ReadyAnswer {
  readonly ready: boolean
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[]
}

describe('on a full disk', () => {
  let disk: SmallDisk
  let upstream: FakeUpstream
  let lab: Lab

  beforeEach(async () => {
    disk = openSmallDisk(DISK_MB)
    upstream = await fakeUpstream(chatReply())
    lab = await openLab({ baseUrl: upstream.baseUrl, dataFolder: join(disk.folder, 'data') })
  })

  afterEach(async () => {
    await lab[Symbol.asyncDispose]()
    await upstream.close()
    disk[Symbol.dispose]()
  })

  test('calls are refused rather than made unrecorded, what runs is not lost, and all goes on when there is room', async () => {
    const gateway = await lab.gateway()
    const { key } = await gateway.createKey()
    const door = gate()
    upstream.queue(chatStream({ pieces: ['one ', 'two'], before: { 2: door.step }, usage: { inputTokens: 1, outputTokens: 2 } }))
    const stream = call({ origin: gateway.origin, key, isStream: true })
    await until('the stream is in the middle', () => stream.text.includes('"one "'))

    const before = await callUntilRefused(gateway, { key, disk })
    const reached = upstream.requests.length
    const refused = await together(gateway, key, 50)
    for (const one of refused) expectRefusal(one)
    expect(upstream.requests.length).toBe(reached)
    await expectUnready(gateway)
    const made = await gateway.control('POST', '/api/v1/keys', { team: 'support' })
    expect({ status: made.status, code: errorIn(await made.text())?.code }).toEqual({ status: 503, code: 'log_unavailable' })

    door.open()
    await inTime('the stream that ran', stream.over)
    expect(stream.isComplete).toBe(true)
    await until('the stream is over for the gateway', async () => (await gateway.liveCalls()) === 0)

    disk.free(gateway.pid)
    await until('calls are taken again', async () => (await gateway.control('GET', '/readyz')).ok)
    const [after] = await together(gateway, key, 1)
    expect(after?.isComplete).toBe(true)
    const books = await readSettledBooks(lab.dataFolder)
    expectWhole(books)
    expectComplete(books, [stream, ...before, ...(after === undefined ? [] : [after])])
    expectRecorded(books, upstream.requests)
    expect(books.endedOf(stream.traceId)?.outcome).toBe('ok')
    const gaps = books.events.filter((event) => event.type === 'log.gap')
    const unrecorded = [...before, ...refused].filter(({ status }) => status === 503).length
    expect(gaps.reduce((sum, gap) => sum + gap.refusedCalls, 0)).toBe(unrecorded)
    for (const gap of gaps) expect(gap.reason).toMatch(disk.complaint)
    // Whoever looks after the process reads it there, too.
    expect(gateway.said).toMatch(disk.complaint)
    await expectExactSpend(gateway, books)

    // A restart finds the same.
    expect((await gateway.stop()).code).toBe(0)
    const next = await lab.gateway()
    const verified = await next.ask<{ readonly ok: boolean }>('GET', '/api/v1/verify')
    expect(verified.ok).toBe(true)
    expectWhole(await readSettledBooks(lab.dataFolder))
  }, 60_000)

  test('a gateway that stops then prints the endings that it could not write', async () => {
    const gateway = await lab.gateway()
    const { key } = await gateway.createKey()
    const door = gate()
    upstream.queue(chatStream({ pieces: ['one ', 'two'], before: { 2: door.step } }))
    const stream = call({ origin: gateway.origin, key, isStream: true })
    await until('the stream is in the middle', () => stream.text.includes('"one "'))
    await callUntilRefused(gateway, { key, disk })
    door.open()
    await inTime('the stream that ran', stream.over)

    await gateway.stop()
    const printed = gateway.said.split('\n').filter((line) => line.includes('"call.ended"'))
    expect(printed.filter((line) => line.includes(stream.traceId) && line.includes('"outcome":"ok"'))).toHaveLength(1)
    disk.free(process.pid)
    await lab.gateway()
    const books = await readSettledBooks(lab.dataFolder)
    expectWhole(books)
    expectRecorded(books, upstream.requests)
    // Not known to the log, which says so: nobody may take it for a success that it does not know of.
    expect(books.endedOf(stream.traceId)).toMatchObject({ outcome: 'broken', errorCode: 'crashed' })
  }, 60_000)

  test('a gateway does not start, and says which folder is full', async () => {
    await using gateway = new GatewayProcess(lab.start)
    disk.fill(gateway.launcherPid)
    expect((await inTime('the start that fails', gateway.exited)).code).toBe(1)
    expect(gateway.said).toContain(lab.dataFolder)
    expect(gateway.said).toMatch(disk.complaint)
  }, 30_000)
})

/** Fills the disk and calls until nothing finds room any more, not even one event: until then what is allocated already was written to. */
async function callUntilRefused(gateway: GatewayProcess, { key, disk }: { key: string; disk: SmallDisk }): Promise<readonly ClientCall[]> {
  const calls: ClientCall[] = []
  let atOneTime = AT_ONE_TIME
  while (calls.length < MAX_CALLS) {
    disk.fill(gateway.pid)
    const made = await together(gateway, key, atOneTime)
    calls.push(...made)
    const refused = made.filter(({ isComplete }) => !isComplete)
    for (const one of refused) expectRefusal(one)
    if (refused.length < atOneTime) continue
    if (atOneTime === 1) return calls
    atOneTime = 1
  }
  throw new Error(`The disk is full, and ${MAX_CALLS} calls were recorded all the same.`)
}

async function together(gateway: GatewayProcess, key: string, calls: number): Promise<readonly ClientCall[]> {
  const made = Array.from({ length: calls }, () => call({ origin: gateway.origin, key, isStream: false, keepalive: true }))
  return inTime('calls', Promise.all(made.map(({ over }) => over)))
}

function expectRefusal(refused: ClientCall): void {
  const error = errorIn(refused.text)
  expect({ status: refused.status, code: error?.code, requestId: error?.request_id }).toEqual({
    status: 503,
    code: 'log_unavailable',
    requestId: refused.requestId ?? 'none',
  })
}

/** Both ports say that no call can be taken, and the control port why. */
async function expectUnready(gateway: GatewayProcess): Promise<void> {
  const response = await gateway.control('GET', '/readyz')
  // The shape is that of the control API's own probe.
  const { ready, checks } = (await response.json()) as ReadyAnswer
  expect({ status: response.status, ready }).toEqual({ status: 503, ready: false })
  expect(checks.find(({ name }) => name === 'log')).toMatchObject({ ok: false })
  const atData = await fetch(`${gateway.origin}/readyz`, { keepalive: false })
  expect({ status: atData.status, text: await atData.text() }).toEqual({ status: 503, text: expect.stringContaining('log') })
}
