import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { readSettledBooks } from './lab/books.ts'
import { call } from './lab/client.ts'
import { expectWhole } from './lab/expect-books.ts'
import { freePort } from './lab/free-port.ts'
import { GatewayProcess } from './lab/gateway-process.ts'
import { type Lab, openLab } from './lab/lab.ts'
import { openSmallDisk, type SmallDisk } from './lab/small-disk.ts'
import { inTime } from './lab/until.ts'

describe('a second gateway on one data folder', () => {
  test('refuses to start and says which folder and whose it is, and the first one goes on', async () => {
    await using upstream = await fakeUpstream()
    await using lab = await openLab({ baseUrl: upstream.baseUrl })
    const first = await lab.gateway()
    const { key } = await first.createKey()
    const [dataPort, controlPort] = [await freePort(), await freePort()]
    await using elsewhere = await openLab({
      baseUrl: upstream.baseUrl,
      dataFolder: lab.dataFolder,
      config: { listen: { data: `127.0.0.1:${dataPort}`, control: `127.0.0.1:${controlPort}` } },
    })
    await using second = new GatewayProcess(elsewhere.start)
    expect((await inTime('the start that fails', second.exited)).code).toBe(1)
    expect(second.said).toContain(lab.dataFolder)
    expect(second.said).toContain(`another Signalbox (process ${first.pid})`)

    expect((await call({ origin: first.origin, key, isStream: true }).over).isComplete).toBe(true)
    const books = await readSettledBooks(lab.dataFolder)
    expectWhole(books)
    expect(books.events.filter(({ type }) => type === 'writer.started')).toHaveLength(1)
  }, 30_000)

  test('starts when the first one was killed, however many try at once: exactly one of them gets the folder', async () => {
    await using upstream = await fakeUpstream()
    await using lab = await openLab({ baseUrl: upstream.baseUrl })
    const first = await lab.gateway()
    const { key } = await first.createKey()
    await first.kill()
    const starts = await Promise.all(Array.from({ length: 3 }, () => openLab({ baseUrl: upstream.baseUrl, dataFolder: lab.dataFolder })))
    const rivals = starts.map(({ start }) => new GatewayProcess(start))
    try {
      await inTime('all but one to give up', Promise.all(rivals.map((rival) => Promise.race([rival.exited, rival.whenReady()]))))
      const losers = rivals.filter(({ exit }) => exit !== undefined)
      expect(losers.map(({ exit }) => exit?.code)).toEqual([1, 1])
      const winner = rivals.find(({ exit }) => exit === undefined)
      expect((await call({ origin: winner?.origin ?? '', key, isStream: false }).over).isComplete).toBe(true)
      expectWhole(await readSettledBooks(lab.dataFolder))
    } finally {
      for (const rival of rivals) await rival[Symbol.asyncDispose]()
      for (const start of starts) await start[Symbol.asyncDispose]()
    }
  }, 60_000)
})

describe('a read-only data folder', () => {
  test('that is new: the gateway refuses to start and says which folder and why', async () => {
    using disk = openSmallDisk(8)
    await using lab = await openLab({ baseUrl: 'http://127.0.0.1:9/v1', dataFolder: join(disk.folder, 'data') })
    disk.freeze()
    await expectRefusal(lab, disk)
  }, 30_000)

  test('that was written before: the gateway refuses to start and says which folder and why', async () => {
    using disk = openSmallDisk(32)
    const dataFolder = join(disk.folder, 'data')
    mkdirSync(dataFolder)
    await using lab = await openLab({ baseUrl: 'http://127.0.0.1:9/v1', dataFolder })
    expect((await (await lab.gateway()).stop()).code).toBe(0)
    disk.freeze()
    await expectRefusal(lab, disk)
  }, 30_000)
})

async function expectRefusal({ start, folder, dataFolder }: Lab, { uid }: SmallDisk): Promise<void> {
  // The configuration must be readable for whoever runs the gateway.
  chmodSync(folder, 0o755)
  await using gateway = new GatewayProcess({ ...start, ...(uid === undefined ? {} : { uid }) })
  expect((await inTime('the start that fails', gateway.exited)).code).toBe(1)
  expect(gateway.said).toContain(dataFolder)
  expect(gateway.said).toMatch(/read-only|cannot be opened|access is denied/)
  expect(gateway.said.trimEnd().split('\n')).toHaveLength(1)
}
