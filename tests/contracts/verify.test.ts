import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SpendProjection } from '../../src/control/projections/spend.ts'
import { chainHash, FIRST_HASH } from '../../src/storage/chain.ts'
import { openReader } from '../../src/storage/sqlite/open-reader.ts'
import { endedCall, startedCall } from './call-events.ts'
import { folderMaker, type TemporaryFolder } from './temporary-folder.ts'

const makeFolder = folderMaker()
const BATCHES = 12

/** A closed folder with one call a batch, in several segments. The first and the last batch are the process's own. */
async function writtenFolder(segmentBytes = 2000): Promise<TemporaryFolder> {
  const folder = makeFolder()
  const store = await folder.open({ segmentBytes, projections: [() => new SpendProjection()] })
  for (let count = 0; count < BATCHES; count++) {
    const started = startedCall(folder.world)
    store.log.keep(endedCall(folder.world, started))
    await store.log.append(started)
  }
  await store.close()
  return folder
}

function verify({ path, world }: TemporaryFolder) {
  const reader = openReader(path, { world })
  return reader.verify().finally(() => reader.close())
}

function segmentFiles({ path }: TemporaryFolder): readonly string[] {
  return readdirSync(join(path, 'journal')).map((name) => join(path, 'journal', name))
}

/** The first segment file that has the batch, and its text. */
function fileWith(folder: TemporaryFolder, seq: number): { readonly file: string; readonly text: string } {
  for (const file of segmentFiles(folder)) {
    const text = readFileSync(file, 'utf8')
    if (text.includes(`{"seal":${seq},`)) return { file, text }
  }
  throw new Error(`No file has batch ${seq}.`)
}

describe('the chain', () => {
  test('of an untouched log is intact, over all its segments', async () => {
    const folder = await writtenFolder()
    expect(segmentFiles(folder).length).toBeGreaterThan(3)
    expect(await verify(folder)).toMatchObject({ type: 'intact', batches: BATCHES + 2, events: BATCHES * 2 + 2 })
  })

  test('of a log that is written to is intact', async () => {
    const folder = makeFolder()
    const store = await folder.open()
    await store.log.append(startedCall(folder.world))
    expect(await store.verify()).toMatchObject({ type: 'intact', batches: 2, events: 2 })
  })

  const damages: readonly [string, number, (text: string) => string][] = [
    ['a changed cost', 2, (text) => text.replace('"costNanoUsd":780000', '"costNanoUsd":780001')],
    ['a changed time of the batch', 5, (text) => text.replace(/(\{"seal":5,"atMs":)\d/, '$19')],
    ['a changed hash', 5, (text) => text.replace(/(\{"seal":5,.*"hash":")(.)/, (_, head, digit) => head + (digit === '0' ? '1' : '0'))],
    ['a damaged seal', 5, (text) => text.replace('{"seal":5,', '{"seal":x,')],
    ['a missing batch', 5, (text) => text.replace(/(\n|^)(\{"type"[^\n]*\n)+\{"seal":5,[^\n]*\n/, '$1')],
  ]
  for (const [name, batch, damage] of damages) {
    test(`shows ${name}, with the number of the batch`, async () => {
      const folder = await writtenFolder(1_000_000)
      const { file, text } = fileWith(folder, 5)
      const damaged = damage(text)
      expect(damaged).not.toBe(text)
      writeFileSync(file, damaged)
      expect(await verify(folder)).toMatchObject({ type: 'broken', batch })
    })
  }

  test('shows one flipped bit anywhere in the file', async () => {
    const folder = await writtenFolder(1_000_000)
    const [file = ''] = segmentFiles(folder)
    const bytes = readFileSync(file)
    for (let at = 7; at < bytes.length; at += 997) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      writeFileSync(file, flipped)
      expect((await verify(folder)).type).toBe('broken')
    }
  })

  test('shows a missing segment', async () => {
    const folder = await writtenFolder()
    const { file, text } = fileWith(folder, 5)
    writeFileSync(file, '')
    const first = Number(/\{"seal":(\d+),/.exec(text)?.[1])
    expect(await verify(folder)).toMatchObject({ type: 'broken', batch: first })
  })

  test.each([10, BATCHES + 2])(
    'shows an end that was cut off from batch %d on, as far as the state and the projections know it',
    async (seq) => {
      const folder = await writtenFolder(1_000_000)
      const { file, text } = fileWith(folder, seq)
      truncateSync(file, text.indexOf(`{"seal":${seq},`) - 10)
      expect(await verify(folder)).toMatchObject({ type: 'broken', batch: seq })
    },
  )

  test('shows a log whose hashes were all made anew, by what is known of its segments', async () => {
    const folder = await writtenFolder()
    let previous = FIRST_HASH
    for (const file of segmentFiles(folder).toSorted()) {
      const lines = readFileSync(file, 'utf8').replace('"costNanoUsd":780000', '"costNanoUsd":780001').split('\n')
      let batch = ''
      const written = lines.map((line) => {
        const [head, hash] = line.startsWith('{"seal":') ? line.split(',"hash":"') : []
        if (head === undefined || hash === undefined) {
          batch += `${line}\n`
          return line
        }
        previous = chainHash(previous, Buffer.from(batch + head))
        batch = ''
        return `${head},"hash":"${previous}"}`
      })
      writeFileSync(file, written.join('\n'))
    }
    expect(await verify(folder)).toMatchObject({ type: 'broken', reason: expect.stringContaining('ended with another hash') })
  })

  test('a start on a log whose end was cut off says so, goes on, and the chain holds from there', async () => {
    const folder = await writtenFolder(1_000_000)
    const { file, text } = fileWith(folder, 12)
    truncateSync(file, text.indexOf('{"seal":10,') - 100)
    const store = await folder.open({ projections: [() => new SpendProjection()] })
    const messages = folder.problems.map(({ message }) => message).join('\n')
    expect(messages).toContain('ends at batch 9, but had batch 14 once')
    expect(messages).toContain('belongs to another log')
    expect(await store.verify()).toMatchObject({ type: 'intact', batches: 10 })
  })
})
