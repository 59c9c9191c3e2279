import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { name, secret } from '../../core/fields.ts'
import { type FakeWorld, fakeWorld } from '../../testing/fake-world.ts'
import { formatProblem } from './problems.ts'
import { type ConfigWatch, watchConfig } from './watch.ts'

const shop = z.strictObject({ title: name().prefault('none'), key: secret().exactOptional() }).prefault({})
const SECTIONS = [{ name: 'shop', schema: shop, check: () => [] }] as const
type Config = { readonly shop: z.output<typeof shop> }

/** Files in memory, a clock by hand, and a file system that tells of changes only when the test says so. */
interface Desk {
  readonly files: Map<string, string>
  readonly world: FakeWorld
  /** What the listeners heard: the title of what was loaded, or the problems. */
  readonly heard: string[]
  readonly watched: (readonly string[])[]
  /** The file system reports a change. */
  readonly report: () => void
  readonly watch: ConfigWatch<Config>
}

function start(text = 'shop: { title: one }\n'): Desk {
  const files = new Map([['/c.yaml', text]])
  const world = fakeWorld()
  const heard: string[] = []
  const watched: (readonly string[])[] = []
  let report = () => {}
  const started = watchConfig({
    file: '/c.yaml',
    sections: SECTIONS,
    readEnv: () => undefined,
    readFile: (path) => {
      const found = files.get(path)
      if (found === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' })
      return found
    },
    world,
    watchFiles: (paths, onChange) => {
      watched.push(paths)
      report = onChange
      return () => {}
    },
    onLoaded: ({ config }) => void heard.push(config.shop.title),
    onRejected: (problems) => void heard.push(problems.map(formatProblem).join()),
  })
  if (started.type === 'rejected') throw new Error(started.problems.map(formatProblem).join())
  return { files, world, heard, watched, report: () => report(), watch: started.watch }
}

const BAD = '/c.yaml:1:9 shop.titel: unknown key; did you mean "title"?'

describe('a configuration under watch', () => {
  test('is not watched where the first one is bad: the problems are the answer', () => {
    expect(() => start('shop: { titel: one }\n')).toThrow(BAD)
  })

  test('is swapped when the file changes', async () => {
    const { files, world, heard, report, watch } = start()
    const first = watch.current
    files.set('/c.yaml', 'shop: { title: two }\n')
    report()
    await world.advance(250)
    expect(heard).toEqual(['two'])
    expect(watch.current.config.shop.title).toBe('two')
    expect(watch.current.revision).not.toBe(first.revision)
    expect(first.config.shop.title).toBe('one')
  })

  test('keeps the last good one through a bad one, and takes up the next good one', async () => {
    const { files, world, heard, report, watch } = start()
    files.set('/c.yaml', 'shop: { titel: two }\n')
    report()
    await world.advance(250)
    expect(heard).toEqual([BAD])
    expect(watch.current.config.shop.title).toBe('one')
    files.set('/c.yaml', 'shop: { title: three }\n')
    report()
    await world.advance(250)
    expect(heard).toEqual([BAD, 'three'])
    expect(watch.current.config.shop.title).toBe('three')
  })

  test('tells of a bad file once, and of the way back to what is in force', async () => {
    const { files, world, heard } = start()
    files.set('/c.yaml', 'shop: { titel: two }\n')
    await world.advance(60_000)
    files.set('/c.yaml', 'shop: { title: one }\n')
    await world.advance(60_000)
    expect(heard).toEqual([BAD, 'one'])
  })

  test('is found by looking, where the file system tells nobody', async () => {
    const { files, world, heard } = start()
    files.set('/c.yaml', 'shop: { title: two }\n')
    await world.advance(1999)
    expect(heard).toEqual([])
    await world.advance(200)
    expect(heard).toEqual(['two'])
  })

  test('is not read while it is being written', async () => {
    const { files, world, heard, report } = start()
    for (const half of ['', 'shop:', 'shop: { title: ']) {
      files.set('/c.yaml', half)
      report()
      await world.advance(90)
    }
    files.set('/c.yaml', 'shop: { title: two }\n')
    report()
    await world.advance(250)
    expect(heard).toEqual(['two'])
  })

  test('is found in a folder in which something is written all the time', async () => {
    const { files, world, heard, report } = start()
    files.set('/c.yaml', 'shop: { title: two }\n')
    for (let write = 0; write < 30; write++) {
      report()
      await world.advance(10)
    }
    expect(heard).toEqual(['two'])
  })

  test('is not loaded again where nothing changed', async () => {
    const { world, heard, report } = start()
    report()
    await world.advance(10_000)
    expect(heard).toEqual([])
  })

  test('is rejected while its file is gone', async () => {
    const { files, world, heard, watch } = start()
    files.delete('/c.yaml')
    await world.advance(5000)
    expect(heard).toEqual(['/c.yaml:1:1 the file cannot be read: there is no such file'])
    expect(watch.current.config.shop.title).toBe('one')
  })

  test('is loaded again when the file of a secret changes, and when a missing one appears', async () => {
    const { files, world, heard, watched, watch } = start()
    files.set('/c.yaml', 'shop: { title: two, key: file:./key }\n')
    await world.advance(5000)
    expect(heard).toEqual(['/c.yaml:1:26 shop.key: the file /key cannot be read: there is no such file'])
    files.set('/key', 'sk-1')
    await world.advance(5000)
    const before = watch.current
    files.set('/key', 'sk-2')
    await world.advance(5000)
    expect(heard.slice(1)).toEqual(['two', 'two'])
    expect(before.config.shop.key?.reveal()).toBe('sk-1')
    expect(watch.current.config.shop.key?.reveal()).toBe('sk-2')
    expect(watch.current.revision).not.toBe(before.revision)
    expect(watched.at(-1)).toEqual(['/c.yaml', '/key'])
  })
})

describe('a reload that is asked for', () => {
  test('happens at once, also where nothing changed', () => {
    const { files, heard, watch } = start()
    expect(watch.reload().type).toBe('loaded')
    files.set('/c.yaml', 'shop: { title: two }\n')
    expect(watch.reload()).toMatchObject({ type: 'loaded', snapshot: { config: { shop: { title: 'two' } } } })
    files.set('/c.yaml', 'shop: { titel: two }\n')
    expect(watch.reload().type).toBe('rejected')
    expect(heard).toEqual(['one', 'two', BAD])
    expect(watch.current.config.shop.title).toBe('two')
  })
})

describe('a watch that was stopped', () => {
  test('is silent and leaves no timer', async () => {
    const { files, world, heard, report, watch } = start()
    watch.stop()
    files.set('/c.yaml', 'shop: { title: two }\n')
    report()
    await world.advance(60_000)
    expect(heard).toEqual([])
    expect(world.pendingTimers).toBe(0)
  })
})
