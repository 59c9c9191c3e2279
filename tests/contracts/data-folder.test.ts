import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SpendProjection } from '../../src/control/projections/spend.ts'
import { spendBy } from '../../src/control/projections/spend-by.ts'
import { openReader } from '../../src/storage/sqlite/open-reader.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import { fakeWorld } from '../../src/testing/fake-world.ts'
import { endedCall, startedCall } from './call-events.ts'
import { folderMaker } from './temporary-folder.ts'

const makeFolder = folderMaker()
const projections = [() => new SpendProjection()]

describe('one folder, one process', () => {
  test('the second is refused, and hears which folder and who has it', async () => {
    const folder = makeFolder()
    await folder.open()
    const refusal = await folder.open().catch((error) => error)
    expect(refusal).toMatchObject({ code: 'conflict' })
    expect(refusal.message).toContain(`${folder.path} is in use by another Signalbox (process ${process.pid})`)
  })

  test('a folder is free again when its process closed it', async () => {
    const folder = makeFolder()
    const first = await folder.open()
    await first.close()
    expect((await folder.open()).epoch).toBe(2)
  })

  test('an open that fails leaves the folder free', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    await store.close()
    const newer = new Database(join(folder.path, 'bodies.db'))
    newer.run('PRAGMA user_version = 99')
    newer.close()
    const refusal = await folder.open().catch((error) => error)
    expect(refusal).toMatchObject({ code: 'conflict' })
    expect(refusal.message).toContain('bodies.db was written by a newer Signalbox (schema 99, this one knows 2)')
    const older = new Database(join(folder.path, 'bodies.db'))
    older.run('PRAGMA user_version = 2')
    older.close()
    expect((await folder.open()).epoch).toBe(2)
  })

  test('closing twice is closing once', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    await Promise.all([store.close(), store.close()])
    const reader = openReader(folder.path, { world: folder.world })
    const stops = await reader.reader.read({ order: 'oldest-first', limit: 9, matches: ({ type }) => type === 'writer.stopped' })
    reader.close()
    expect(stops).toHaveLength(1)
  })
})

describe('a folder that cannot be used', () => {
  test('because it is a file', async () => {
    const folder = makeFolder()
    const path = join(folder.path, 'file')
    writeFileSync(path, '')
    const options = { world: folder.world, version: '0', lastResort: () => {}, report: () => {} }
    const refusal = await openSqliteStore(join(path, 'data'), options).catch((error) => error)
    expect(refusal).toMatchObject({ code: 'log_unavailable' })
    expect(refusal.message).toMatch(/cannot be written: it is not a folder \(ENOTDIR\)\. Choose another/)
  })

  test('because it is read-only', async () => {
    const folder = makeFolder()
    const path = join(folder.path, 'data')
    mkdirSync(path)
    chmodSync(folder.path, 0o755)
    chmodSync(path, 0o555)
    // Root may write anywhere: the child gives that up.
    const script = join(import.meta.dir, 'open-as-nobody.ts')
    const child = Bun.spawn([process.execPath, script, path], { stdout: 'pipe', stderr: 'inherit' })
    const said = await new Response(child.stdout).text()
    expect(JSON.parse(said)).toMatchObject({ code: 'log_unavailable' })
    expect(said).toContain(`The data folder ${path} cannot be written`)
    expect(said).toContain('writable for the user that runs Signalbox')
  })

  test('because a database in it is damaged', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    await store.close()
    writeFileSync(join(folder.path, 'signalbox.db'), 'this is no database, but it is longer than a header of one hundred bytes'.repeat(9))
    const refusal = await folder.open().catch((error) => error)
    expect(refusal.message).toContain('a file in it is no database (SQLITE_NOTADB)')
  })
})

describe('projections over a restart', () => {
  test('what a crash kept from being stored is folded from the log, once', async () => {
    const folder = makeFolder()
    const store = await folder.open({ projections })
    for (let count = 0; count < 3; count++) {
      store.log.keep(endedCall(folder.world, startedCall(folder.world)))
      await store.log.flush(1000)
      if (count === 0) await folder.world.advance(1500)
    }
    const reader = openReader(folder.path, { world: folder.world, projections })
    const seen = await spendBy(reader.tallies, [])
    reader.close()
    expect(seen).toMatchObject([{ calls: 3 }])
    expect(await spendBy(store.tallies, [])).toEqual(seen)
    await store.close()
    expect(await spendBy((await folder.open({ projections })).tallies, [])).toEqual(seen)
  })

  test('a projection that is new folds the log from its beginning', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    store.log.keep(endedCall(folder.world, startedCall(folder.world)))
    await store.close()
    expect(await spendBy((await folder.open({ projections })).tallies, [])).toMatchObject([{ calls: 1 }])
  })
})

describe('reading a folder from beside', () => {
  test('sees what a running server wrote, and changes nothing', async () => {
    const folder = makeFolder()
    const store = await folder.open({ projections })
    await store.keys.insert({ id: 'k1', secretHash: 'aa', team: 'support', labels: {}, createdAtMs: 1, createdBy: 'cli' })
    const started = startedCall(folder.world)
    await store.log.append(started)
    const before = readFileSync(join(folder.path, 'journal/00000001.jsonl'))
    const reader = openReader(folder.path, { world: folder.world, projections })
    expect(await reader.reader.readCall(started.callId)).toHaveLength(1)
    expect((await reader.keys.list()).map(({ id }) => id)).toEqual(['k1'])
    expect(await reader.verify()).toMatchObject({ type: 'intact', batches: 2 })
    reader.close()
    expect(readFileSync(join(folder.path, 'journal/00000001.jsonl'))).toEqual(before)
    await store.log.append(startedCall(folder.world))
  })

  test('says where there is no data folder', () => {
    const folder = makeFolder()
    expect(() => openReader(folder.path, { world: fakeWorld() })).toThrow(`There is no signalbox.db in ${folder.path}`)
  })
})

describe('stored bodies', () => {
  test('go when they are past their retention', async () => {
    const folder = makeFolder()
    const store = await folder.open({ bodyRetentionMs: 3_600_000 })
    const body = { callId: 'call_1', kind: 'request', isRedacted: false, isTruncated: false, owner: {}, mediaType: 'text/plain' } as const
    store.bodies.put({ ...body, id: 'old', atMs: folder.world.now(), bytes: new Uint8Array(10) })
    await folder.world.advance(2 * 3_600_000)
    store.bodies.put({ ...body, id: 'new', atMs: folder.world.now(), bytes: new Uint8Array(10) })
    await folder.world.advance(1000)
    expect(await store.bodies.get('old')).toBeUndefined()
    expect(await store.bodies.get('new')).toBeDefined()
    expect(folder.problems).toEqual([])
  })

  test('are no longer in the files when they were erased', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    const bytes = new TextEncoder().encode('a very recognisable sentence '.repeat(200))
    const body = { callId: 'call_1', kind: 'request', isRedacted: false, isTruncated: false, mediaType: 'text/plain' } as const
    store.bodies.put({ ...body, id: 'b1', atMs: 1, owner: { user: 'alice' }, bytes })
    await folder.world.advance(1000)
    expect(await store.bodies.erase({ user: 'alice' })).toBe(1)
    for (const name of ['bodies.db', 'bodies.db-wal']) {
      expect(readFileSync(join(folder.path, name)).includes('recognisable')).toBe(false)
    }
  })

  test('are no longer in them as soon as nobody reads there, where somebody does', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    const bytes = new TextEncoder().encode('a very recognisable sentence '.repeat(200))
    const body = { callId: 'call_1', kind: 'request', isRedacted: false, isTruncated: false, mediaType: 'text/plain' } as const
    store.bodies.put({ ...body, id: 'b1', atMs: 1, owner: { user: 'alice' }, bytes })
    const whose = { owner: 'alice', madeBy: { user: 'alice' } }
    await store.objects.keep({ space: 'responses', id: 'resp_1', callId: 'call_1', atMs: 1, ...whose, bytes })
    await folder.world.advance(1000)
    const isThere = () => ['bodies.db', 'bodies.db-wal'].some((name) => readFileSync(join(folder.path, name)).includes('recognisable'))
    const backup = new Database(join(folder.path, 'bodies.db'), { readonly: true })
    backup.run('BEGIN')
    backup.query('SELECT count(*) FROM bodies').get()
    expect([await store.bodies.erase({ user: 'alice' }), await store.objects.erase({ user: 'alice' })]).toEqual([1, 1])
    expect(isThere()).toBe(true)
    backup.run('ROLLBACK')
    backup.close()
    await folder.world.advance(2000)
    expect(isThere()).toBe(false)
  })
})
