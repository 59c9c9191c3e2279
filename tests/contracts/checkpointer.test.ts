import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realWorld } from '../../src/platform/world.ts'
import { Checkpointer } from '../../src/storage/sqlite/checkpointer.ts'
import { openDatabase } from '../../src/storage/sqlite/database.ts'
import { fakeWorld } from '../../src/testing/fake-world.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function makeDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-checkpoint-'))
  folders.push(folder)
  const file = join(folder, 'test.db')
  const database = openDatabase(file, 'process')
  database.run('CREATE TABLE rows (bytes BLOB)')
  const insert = database.prepare('INSERT INTO rows VALUES (?)')
  const write = (sizeBytes: number) => void insert.run(new Uint8Array(sizeBytes))
  return { file, database, write, walBytes: () => statSync(`${file}-wal`).size }
}

/** Waits, in real time, for what another thread does. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !isTrue(); tries++) await Bun.sleep(10)
  expect(isTrue()).toBe(true)
}

const MEGABYTE = 1024 * 1024

describe('checkpoints', () => {
  test('keep the write-ahead file small while somebody writes all the time', async () => {
    const { file, database, write, walBytes } = makeDatabase()
    const problems: string[] = []
    const checkpointer = new Checkpointer(realWorld(), ({ message }) => problems.push(message))
    const count = checkpointer.watch(file, database)
    for (let written = 0; written < 120; written++) {
      write(MEGABYTE)
      count(MEGABYTE)
      await Bun.sleep(1)
      // Whoever writes faster than the disk takes it is not what this is about: of what was written, most is in the file by now.
      await until(() => statSync(file).size > (written - 24) * MEGABYTE)
    }
    expect(walBytes()).toBeLessThan(60 * MEGABYTE)
    expect(statSync(file).size).toBeGreaterThan(40 * MEGABYTE)
    await checkpointer.close()
    database.close()
    expect(problems).toEqual([])
  })

  test('cut the file when nobody wrote for a while, and then rest', async () => {
    const { file, database, write, walBytes } = makeDatabase()
    const world = fakeWorld()
    const checkpointer = new Checkpointer(world, () => {})
    const count = checkpointer.watch(file, database)
    write(1000)
    count(1000)
    await world.advance(30_000)
    expect(walBytes()).toBeGreaterThan(0)
    await world.advance(30_000)
    await until(() => walBytes() === 0)
    expect(world.pendingTimers).toBe(0)
    await checkpointer.close()
    database.close()
  })
})
