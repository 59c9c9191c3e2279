import { describe, expect, test } from 'bun:test'
import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { Event } from '../../src/core/events.ts'
import type { Store } from '../../src/storage/store.ts'
import { fakeWorld } from '../../src/testing/fake-world.ts'
import { endedCall, startedCall } from './call-events.ts'
import { FillableDisk } from './full-disk.ts'
import { folderMaker, type TemporaryFolder } from './temporary-folder.ts'

const makeFolder = folderMaker()

async function eventsOf({ reader }: Pick<Store, 'reader'>): Promise<readonly Event[]> {
  return (await reader.read({ order: 'oldest-first', limit: Number.MAX_SAFE_INTEGER })).map(({ event }) => event)
}

/** The folder as a process that dies now leaves it. */
function crashedCopy(folder: TemporaryFolder): TemporaryFolder {
  const copy = makeFolder()
  cpSync(folder.path, copy.path, { recursive: true })
  return copy
}

describe('after a crash', () => {
  test('each call that was left open gets exactly one ending, before calls are taken', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    const [done, open, other] = [startedCall(folder.world), startedCall(folder.world), startedCall(folder.world)]
    await Promise.all([done, open, other].map((started) => store.log.append(started)))
    await folder.world.advance(4000)
    store.log.keep(endedCall(folder.world, done))
    await store.log.flush(1000)
    const copy = crashedCopy(folder)
    await copy.world.advance(60_000)
    const next = await copy.open()
    expect(next.recoveredCalls).toBe(2)
    expect(next.epoch).toBe(2)
    const endings = (await eventsOf(next)).filter((event) => event.type === 'call.ended')
    expect(endings.map(({ callId }) => callId)).toEqual([done.callId, open.callId, other.callId])
    const crash = { outcome: 'broken', errorCode: 'crashed', errorSource: 'gateway', durationMs: 4000, atMs: copy.world.now() }
    expect(endings.slice(1)).toMatchObject([crash, crash])
    expect(endings[1]).not.toHaveProperty('costNanoUsd')
    expect(await next.verify()).toMatchObject({ type: 'intact' })
  })

  test('the next start has nothing left to end', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    await store.log.append(startedCall(folder.world))
    const copy = crashedCopy(folder)
    const next = await copy.open()
    await next.close()
    expect((await copy.open()).recoveredCalls).toBe(0)
  })

  test('a call that is open over many segments is still known', async () => {
    const folder = makeFolder()
    const store = await folder.open({ segmentBytes: 1000 })
    const open = startedCall(folder.world)
    await store.log.append(open)
    for (let count = 0; count < 10; count++) {
      const started = startedCall(folder.world)
      await store.log.append(started)
      store.log.keep(endedCall(folder.world, started))
    }
    await store.log.flush(1000)
    const next = await crashedCopy(folder).open()
    expect(next.recoveredCalls).toBe(1)
    expect((await next.reader.readCall(open.callId)).map(({ event }) => event.type)).toEqual(['call.started', 'call.ended'])
  })

  test('half a batch at the end is cut off, kept aside and reported', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    const started = startedCall(folder.world)
    await store.log.append(started)
    const copy = crashedCopy(folder)
    const half = '{"type":"call.started","atMs":17'
    appendFileSync(join(copy.path, 'journal/00000001.jsonl'), half)
    const next = await copy.open()
    expect(copy.problems.map(({ message }) => message).join()).toContain(`had ${half.length} bytes after batch 2`)
    expect(readFileSync(join(copy.path, 'journal/00000001.jsonl.cut-after-2'), 'utf8')).toBe(half)
    expect(await next.reader.readCall(started.callId)).toHaveLength(2)
    expect(await next.verify()).toMatchObject({ type: 'intact', batches: 3 })
  })
})

describe('after a power cut that took the end of the log', () => {
  test('calls that were open before it still get their endings', async () => {
    const folder = makeFolder()
    const store = await folder.open({ segmentBytes: 2000 })
    const open = startedCall(folder.world)
    await store.log.append(open)
    for (let count = 0; count < 10; count++) await store.log.append(startedCall(folder.world))
    const copy = crashedCopy(folder)
    const next = await copy.open({ segmentBytes: 1_000_000 })
    expect(next.recoveredCalls).toBe(11)
    await next.close()
    const files = readdirSync(join(copy.path, 'journal')).sort()
    truncateSync(join(copy.path, 'journal', files.at(-1) ?? ''), 0)
    const last = await copy.open()
    expect(copy.problems.map(({ message }) => message).join()).toContain('its end was lost')
    expect((await last.reader.readCall(open.callId)).map(({ event }) => event.type)).toEqual(['call.started', 'call.ended'])
    expect(await last.verify()).toMatchObject({ type: 'intact' })
  })
})

describe('a folder', () => {
  test('keeps its node, counts its starts, and says when it was closed in good order', async () => {
    const folder = makeFolder()
    const first = await folder.open()
    await first.close()
    const second = await folder.open()
    expect(second.nodeId).toBe(first.nodeId)
    expect([first.epoch, second.epoch]).toEqual([1, 2])
    expect((await eventsOf(second)).map(({ type }) => type)).toEqual(['writer.started', 'writer.stopped', 'writer.started'])
  })

  test('is readable for its owner only', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    await store.log.append(startedCall(folder.world))
    if (process.platform === 'win32') return
    for (const name of ['bodies.db', 'journal.db', 'signalbox.db', 'journal/00000001.jsonl']) {
      expect(statSync(join(folder.path, name)).mode & 0o077).toBe(0)
    }
  })

  test('a clock that was set back neither loses nor hides an event', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    await store.log.append(startedCall(folder.world))
    const earlier = folder.world.now() - 3_600_000
    const started = startedCall(folder.world, { atMs: earlier, callId: fakeWorld({ startMs: earlier }).id('call') })
    await store.log.append(started)
    expect(await store.reader.readCall(started.callId)).toHaveLength(1)
    const read = await store.reader.read({ order: 'oldest-first', limit: 9, sinceMs: earlier, untilMs: earlier + 1 })
    expect(read.map(({ event }) => event)).toEqual([started])
  })

  test('whose index is older than its log is refused, rather than written over', async () => {
    const folder = makeFolder()
    const store = await folder.open({ segmentBytes: 500 })
    await store.log.append(startedCall(folder.world))
    await store.log.append(startedCall(folder.world))
    await store.close()
    rmSync(join(folder.path, 'journal.db'))
    const refusal = await folder.open().catch((error) => error)
    expect(refusal).toMatchObject({ code: 'conflict' })
    expect(refusal.message).toMatch(/0000000\d\.jsonl is later than what .*journal\.db knows\. Restore that file/)
  })

  test('with durability power, an append is on the disk itself when it resolves', async () => {
    const folder = makeFolder()
    const store = await folder.open({ durability: 'power' })
    const started = startedCall(folder.world)
    await store.log.append(started)
    expect(await store.reader.readCall(started.callId)).toHaveLength(1)
  })
})

describe('a disk that fills up in the middle of a batch', () => {
  for (const [code, words] of [
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'it is read-only'],
    ['EDQUOT', 'quota'],
    ['EIO', 'the disk reports an error'],
  ] as const) {
    test(`${code}: the caller hears which folder and why, and the chain holds after it`, async () => {
      const folder = makeFolder()
      const files = new FillableDisk()
      const store = await folder.open({ files })
      files.code = code
      files.isFull = true
      const refusal = await store.log.append(startedCall(folder.world, { subject: 'x'.repeat(5000) })).catch((error) => error)
      expect(refusal).toMatchObject({ code: 'log_unavailable', status: 503 })
      expect(refusal.message).toContain(folder.path)
      expect(refusal.message).toContain(words)
      files.isFull = false
      const started = startedCall(folder.world)
      await store.log.append(started)
      expect(await store.verify()).toMatchObject({ type: 'intact' })
      await store.close()
      expect(folder.problems).toEqual([refusal])
      const next = await folder.open()
      expect(await next.reader.readCall(started.callId)).toHaveLength(2)
      expect(await next.verify()).toMatchObject({ type: 'intact' })
    })
  }
})

describe('a long read', () => {
  test('is cut into slices, in which calls go on', async () => {
    const folder = makeFolder()
    const store = await folder.open({ segmentBytes: 200_000 })
    for (let count = 0; count < 400; count++) await store.log.append(startedCall(folder.world, { subject: 'x'.repeat(1000) }))
    let ms = 0
    Object.assign(folder.world, { monotonicMs: () => (ms += 10) })
    const reading = store.reader.read({ order: 'oldest-first', limit: 1000, matches: ({ type }) => type === 'call.started' })
    const during = startedCall(folder.world)
    await store.log.append(during)
    expect(folder.world.pendingTimers).toBeGreaterThan(0)
    await folder.world.advance(1000)
    expect((await reading).length).toBeGreaterThanOrEqual(400)
  })
})
