import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatProblem } from '../control/config/problems.ts'
import { watchConfig } from '../control/config/watch.ts'
import { watchFiles } from '../platform/watch-file.ts'
import { realWorld } from '../platform/world.ts'
import { SECTIONS } from './sections.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-reload-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Puts a version of the configuration behind the link `..data`, as Kubernetes does with a ConfigMap. */
function publish(version: string, text: string): void {
  mkdirSync(join(folder, version))
  writeFileSync(join(folder, version, 'signalbox.yaml'), text)
  symlinkSync(version, join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
}

test('a ConfigMap that is swapped behind its link is taken up, a bad one leaves the last good one, and a good one follows', async () => {
  const heard: string[] = []
  let next = Promise.withResolvers<void>()
  const hear = (what: string): void => {
    heard.push(what)
    next.resolve()
  }
  const swap = async (version: string, text: string): Promise<void> => {
    next = Promise.withResolvers()
    publish(version, text)
    await next.promise
  }
  publish('..v1', 'access: { organisation: one }\n')
  symlinkSync(join('..data', 'signalbox.yaml'), join(folder, 'signalbox.yaml'))

  const started = watchConfig({
    file: join(folder, 'signalbox.yaml'),
    shownAs: 'signalbox.yaml',
    sections: SECTIONS,
    readEnv: () => undefined,
    readFile: (path) => readFileSync(path, 'utf8'),
    world: realWorld(),
    watchFiles,
    onLoaded: ({ revision }) => hear(revision),
    onRejected: (problems) => hear(problems.map(formatProblem).join()),
  })
  if (started.type === 'rejected') throw new Error(started.problems.map(formatProblem).join())
  const { watch } = started
  const first = watch.current.revision

  await swap('..v2', 'access: { organisation: two }\n')
  const second = watch.current.revision
  await swap('..v3', 'access: { organization: three }\n')
  expect(watch.current.revision).toBe(second)
  await swap('..v4', 'access: { organisation: four }\n')
  watch.stop()

  expect(heard).toEqual([
    second,
    'signalbox.yaml:1:11 access.organization: unknown key; did you mean "organisation"?',
    watch.current.revision,
  ])
  expect(new Set([first, second, watch.current.revision]).size).toBe(3)
  expect(watch.current.effective().values).toMatchObject({ access: { organisation: 'four' } })
})
