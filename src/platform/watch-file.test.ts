import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { foldersOnTheWay, watchFiles } from './watch-file.ts'

let root = ''

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'signalbox-watch-')))
})

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

/** The folder that Kubernetes makes of a ConfigMap: `file → ..data/file`, `..data → ..first`. */
function mountConfigMap(): string {
  for (const version of ['..first', '..second']) {
    mkdirSync(join(root, version))
    writeFileSync(join(root, version, 'signalbox.yaml'), `# ${version}\n`)
  }
  symlinkSync('..first', join(root, '..data'))
  symlinkSync(join('..data', 'signalbox.yaml'), join(root, 'signalbox.yaml'))
  return join(root, 'signalbox.yaml')
}

/** Swaps the link as Kubernetes does: a new one under another name, renamed over the old one. */
function swapConfigMap(): void {
  symlinkSync('..second', join(root, '..data_tmp'))
  renameSync(join(root, '..data_tmp'), join(root, '..data'))
}

/** Resolves when the change that `act` makes was reported; the test's own timeout is the limit. */
async function reported(file: string, act: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = watchFiles([file], resolve)
  act()
  await promise
  stop()
}

describe('a change is reported', () => {
  test('when the file is written', async () => {
    const file = join(root, 'a.yaml')
    writeFileSync(file, '1')
    await reported(file, () => writeFileSync(file, '2'))
  })

  test('when another file is renamed over it, as editors do', async () => {
    const file = join(root, 'a.yaml')
    writeFileSync(file, '1')
    await reported(file, () => {
      writeFileSync(join(root, 'a.yaml~'), '2')
      renameSync(join(root, 'a.yaml~'), file)
    })
  })

  test('when the folder behind a link is swapped, as Kubernetes does', async () => {
    await reported(mountConfigMap(), swapConfigMap)
  })

  test('when the file that a link leads to is written, in another folder', async () => {
    mkdirSync(join(root, 'real'))
    writeFileSync(join(root, 'real', 'a.yaml'), '1')
    mkdirSync(join(root, 'here'))
    symlinkSync(join(root, 'real', 'a.yaml'), join(root, 'here', 'a.yaml'))
    await reported(join(root, 'here', 'a.yaml'), () => writeFileSync(join(root, 'real', 'a.yaml'), '2'))
  })

  test('in the new folder too, after a swap', async () => {
    const file = mountConfigMap()
    const written = Promise.withResolvers<void>()
    const swapped = Promise.withResolvers<void>()
    let isSwapped = false
    const stop = watchFiles([file], () => (isSwapped ? written : swapped).resolve())
    swapConfigMap()
    await swapped.promise
    isSwapped = true
    writeFileSync(join(root, '..second', 'signalbox.yaml'), '# changed\n')
    await written.promise
    stop()
  })

  test('when a file that was not there appears', async () => {
    const file = join(root, 'later.yaml')
    await reported(file, () => writeFileSync(file, '1'))
  })
})

describe('the folders on the way to a file', () => {
  test('are those of every link, and of the file in the end', () => {
    expect(foldersOnTheWay(mountConfigMap())).toEqual([root, join(root, '..first')])
  })

  test('are found where a link stands in the middle of the path', () => {
    mkdirSync(join(root, 'releases', '1'), { recursive: true })
    symlinkSync(join('releases', '1'), join(root, 'current'))
    expect(foldersOnTheWay(join(root, 'current', 'a.yaml'))).toEqual([root, join(root, 'releases', '1')])
  })

  test('come to an end where links lead in a circle', () => {
    symlinkSync('b', join(root, 'a'))
    symlinkSync('a', join(root, 'b'))
    expect(foldersOnTheWay(join(root, 'a'))).toEqual([root])
  })
})

test('a folder that is not there does not keep the others from being watched', async () => {
  const file = join(root, 'a.yaml')
  const { promise, resolve } = Promise.withResolvers<string>()
  const stop = watchFiles([join(root, 'nowhere', 'b.yaml'), file], () => resolve('reported'))
  writeFileSync(file, '1')
  expect(await promise).toBe('reported')
  stop()
})
