import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { duration, name, secret, text, textOrSecret } from '../../core/fields.ts'
import { FilePath } from '../../core/places.ts'
import { Secret } from '../../core/secret.ts'
import type { Section } from '../../core/section.ts'
import { accessSection } from '../access-config.ts'
import { type LoadOptions, loadConfig, readConfig } from './load.ts'
import { formatPath, formatProblem } from './problems.ts'
import { serverSections } from './server-section.ts'

const KEY = 'sk-live-0123456789'

/** A section like that of a layer, small: control/ knows no layer. */
const shops = z
  .strictObject({
    shops: z
      .record(
        name(),
        z
          .strictObject({
            apiKey: z.union([secret(), z.array(secret()).min(1)]).exactOptional(),
            headers: z.record(z.string(), textOrSecret()).exactOptional(),
            timeouts: z.strictObject({ connect: duration().prefault('10s'), total: duration().exactOptional() }).prefault({}),
          })
          .prefault({}),
      )
      .prefault({}),
    goods: z.array(z.strictObject({ name: name(), shop: name(), note: text([]).exactOptional() })).prefault([]),
  })
  .prefault({})

const shopSection = {
  name: 'shopping',
  schema: shops,
  check: ({ shops: known, goods }) =>
    goods.flatMap(({ shop }, index) =>
      shop in known ? [] : [{ path: ['shopping', 'goods', index, 'shop'], message: `no shop is called "${shop}"` }],
    ),
} as const satisfies Section<z.output<typeof shops>>

const SECTIONS = [...serverSections, accessSection, shopSection] as const
const ENV: Readonly<Record<string, string>> = { SHOP_KEY: KEY, LINE: `${KEY}\n`, EMPTY: '' }
const FILES: Readonly<Record<string, string>> = { '/etc/signalbox/key': `${KEY}\r\n`, '/run/secrets/key': 'other\n\n' }

function readFile(path: string): string {
  const found = FILES[path]
  if (found === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' })
  return found
}

const OPTIONS: LoadOptions<typeof SECTIONS> = {
  file: '/etc/signalbox/signalbox.yaml',
  shownAs: 'signalbox.yaml',
  sections: SECTIONS,
  readEnv: (variable) => ENV[variable],
  readFile,
}

function load(yaml: string) {
  const result = loadConfig(yaml, OPTIONS)
  if (result.type === 'loaded') return result.snapshot
  throw new Error(result.problems.map(formatProblem).join('\n'))
}

function problemsOf(yaml: string): readonly string[] {
  const result = loadConfig(yaml, OPTIONS)
  return result.type === 'rejected' ? result.problems.map(formatProblem) : []
}

const NO_BOUNDS = { budgets: [], limits: [] }

describe('a configuration', () => {
  test('of nothing but a comment is all defaults', () => {
    const { config, effective } = load('# nothing\n')
    expect(config.listen).toEqual({ data: { host: '127.0.0.1', port: 4000 }, control: { host: '127.0.0.1', port: 4001 } })
    expect(config.limits).toEqual({ jsonBody: 32_000_000, otherBody: 512_000_000, jsonDepth: 256, bodyDeadline: 60_000 })
    expect(config.log).toEqual({ level: 'info', retention: 'forever', segment: 64_000_000, durability: 'process', queue: 20_000 })
    expect(config.bodies).toEqual({ store: 'off', retention: 2_592_000_000, readers: [], maxSize: 1_000_000 })
    expect(config.shutdown).toEqual({ drain: 30_000 })
    expect(config.access).toEqual({ organisation: 'default', ...NO_BOUNDS, teams: {}, accounts: [], issuers: [], onExpiry: 'finish' })
    expect(config.shopping).toEqual({ shops: {}, goods: [] })
    expect([...effective().origins.values()].every(({ type }) => type === 'default')).toBe(true)
  })

  test('is read from YAML', () => {
    const { config } = load(
      'access:\n  organisation: acme\n  teams:\n    support: { models: [mini, "openai/*"], labels: { cost: a1 }, bodies: full }\n',
    )
    expect(config.access).toEqual({
      organisation: 'acme',
      ...NO_BOUNDS,
      teams: { support: { models: ['mini', 'openai/*'], labels: { cost: 'a1' }, bodies: 'full', ...NO_BOUNDS } },
      accounts: [],
      issuers: [],
      onExpiry: 'finish',
    })
  })

  test('is read from JSON, which may name its schema', () => {
    const json = { $schema: './signalbox.schema.json', listen: { data: '0.0.0.0:80' }, log: { queue: '5k' } }
    const { config } = load(JSON.stringify(json, undefined, '\t'))
    expect(config.listen.data).toEqual({ host: '0.0.0.0', port: 80 })
    expect(config.log.queue).toBe(5000)
    expect(config).not.toHaveProperty('$schema')
  })

  test('may leave a mapping empty', () => {
    expect(load('access:\n  teams:\n    support:\n    sales:\nlog:\n').config.access.teams).toEqual({
      support: { labels: {}, ...NO_BOUNDS },
      sales: { labels: {}, ...NO_BOUNDS },
    })
  })

  test('may use anchors and merges', () => {
    const yaml = 'shopping:\n  shops:\n    a: &base { timeouts: { connect: 1s } }\n    b: { <<: *base, apiKey: env:SHOP_KEY }\n'
    const { shops } = load(yaml).config.shopping
    expect(shops.b?.timeouts).toEqual({ connect: 1000 })
  })

  test('cannot be changed once it is loaded', () => {
    const { config } = load('access: { teams: { support: {} } }\n')
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.access.teams.support)).toBe(true)
  })

  test('has paths that start at its own folder', () => {
    const { config } = load('storage: sqlite:./store\nsecret: file:../secret\n')
    expect(config.storage).toEqual({ type: 'sqlite', folder: new FilePath('./store', '/etc/signalbox') })
    expect(config.secret).toEqual({ type: 'file', path: new FilePath('../secret') })
    expect(config.secret.type === 'file' && config.secret.path.absolute).toBe('/etc/secret')
  })

  test('does not read the file of the installation secret, which may not be there yet', () => {
    expect(problemsOf('secret: file:/nowhere/secret\n')).toEqual([])
  })
})

describe('a secret', () => {
  const keyOf = (reference: string) => load(`shopping: { shops: { a: { apiKey: ${reference} } } }`).config.shopping.shops.a?.apiKey

  test.each([
    ['the environment', 'env:SHOP_KEY', KEY],
    ['the environment, less the line break at its end', 'env:LINE', KEY],
    ['a file beside the configuration, less the line break at its end', 'file:./key', KEY],
    ['a file elsewhere', 'file:/run/secrets/key', 'other'],
  ])('comes from %s', (_where, reference, value) => {
    const key = keyOf(reference)
    expect(key instanceof Secret && key.reveal()).toBe(value)
    expect(key).toHaveProperty('origin', reference)
  })

  test('of the installation may come from the environment', () => {
    const { secret: place } = load('secret: env:SHOP_KEY\n').config
    expect(place.type === 'env' && place.secret.reveal()).toBe(KEY)
  })

  test.each([
    ['a variable that is not set', 'env:NOPE', 'the environment variable NOPE is not set; export it in the shell that starts the gateway'],
    ['a variable that is empty', 'env:EMPTY', 'the environment variable EMPTY is empty; put the secret into it'],
    ['a file that is not there', 'file:./nope', 'the file /etc/signalbox/nope cannot be read: there is no such file'],
    [
      'a literal',
      KEY,
      'a secret is never written here itself; write env:NAME or file:PATH, which say where it is (the value is not shown)',
    ],
  ])('cannot be %s', (_what, reference, message) => {
    expect(problemsOf(`shopping: { shops: { a: { apiKey: ${reference} } } }`)).toEqual([
      `signalbox.yaml:1:35 shopping.shops.a.apiKey: ${message}`,
    ])
  })

  test('is at fault by its place in a list', () => {
    expect(problemsOf('shopping:\n  shops:\n    a:\n      apiKey:\n        - env:SHOP_KEY\n        - env:NOPE\n')).toEqual([
      'signalbox.yaml:6:11 shopping.shops.a.apiKey[1]: the environment variable NOPE is not set; export it in the shell that starts the gateway',
    ])
  })

  test.each([
    `shopping: { shops: { a: { apiKey: ${KEY} } } }`,
    `shopping: { shops: { a: { apiKey: [${KEY}] } } }`,
    `shopping: { shops: { a: { apiKey: { ${KEY}: 1 } } } }`,
    `shopping: { shops: { a: { apiKey: "env:${KEY}" } } }`,
    `shopping: { shops: { a: { apiKey: *${KEY} } } }`,
    `shopping: { shops: { a: { apiKey: !${KEY} x } } }`,
    `shopping: { shops: { a: { apiKey: "x" ${KEY} } } }`,
    `secret: ${KEY}`,
    `storage: postgres://user:${KEY}@host/db`,
  ])('is never repeated in a problem: %#', (yaml) => {
    expect(problemsOf(yaml).length).toBeGreaterThan(0)
    expect(problemsOf(yaml).join('\n')).not.toContain(KEY)
  })
})

describe('a problem', () => {
  const ROWS: readonly (readonly [string, string, string])[] = [
    ['an unknown key at the top', 'lisen: {}\n', '1:1 lisen: unknown key; did you mean "listen"?'],
    ['an unknown key in a section', 'log:\n  levl: info\n', '2:3 log.levl: unknown key; did you mean "level"?'],
    [
      'an unknown key deep inside',
      'shopping:\n  shops:\n    a:\n      timeouts: { conect: 5s }\n',
      '4:19 shopping.shops.a.timeouts.conect: unknown key; did you mean "connect"?',
    ],
    [
      'an unknown key in a list',
      'shopping:\n  shops: { a: }\n  goods:\n    - { name: x, shop: a, noet: y }\n',
      '4:27 shopping.goods[0].noet: unknown key; did you mean "note"?',
    ],
    ['a key that stands elsewhere', 'teams: {}\n', '1:1 teams: unknown key; did you mean access.teams?'],
    ['a key like no other', 'shutdown:\n  zzz: 1\n', '2:3 shutdown.zzz: unknown key; the keys here are drain'],
    ['a missing key', 'shopping:\n  goods:\n    - name: x\n', '3:7 shopping.goods[0].shop: is required'],
    ['a key without a value', 'log:\n  level:\n', '2:9 log.level: has no value; write one, or remove the key'],
    ['a text for a mapping', 'log: info\n', '1:6 log: must be a mapping of keys, and is text'],
    ['a mapping for a list', 'shopping: { goods: {} }\n', '1:13 shopping.goods: must be a list, and is a mapping of keys'],
    [
      'a number for a name',
      'access: { organisation: 1.10 }\n',
      '1:25 access.organisation: must be text, and is a number; put it in quotes',
    ],
    ['a wrong word', 'log: { level: wran }\n', '1:15 log.level: "wran" is not one of debug, info, warn, error; did you mean "warn"?'],
    [
      'a wrong name of a team',
      'access:\n  teams:\n    a b: {}\n',
      '3:5 access.teams["a b"]: "a b" is not a name; write letters, digits and . _ : / - (a letter or digit first, 128 at the most)',
    ],
    [
      'a wrong value',
      'shutdown: { drain: 30 }\n',
      '1:20 shutdown.drain: 30 is not a duration; write a number and ms, s, m, h or d, such as 30s',
    ],
    ['a check of a section', 'shopping:\n  goods: [ { name: x, shop: b } ]\n', '2:29 shopping.goods[0].shop: no shop is called "b"'],
    [
      'two addresses that are one',
      'listen: { data: 127.0.0.1:80, control: 127.0.0.1:80 }\n',
      '1:40 listen.control: is the address of listen.data too; give it another port',
    ],
    [
      'another store',
      'storage: mysql://h/db\n',
      '1:10 storage: is not a store; write sqlite:FOLDER, such as sqlite:./data, or postgres://user@host/database',
    ],
    [
      'a database without a secret that all replicas have',
      'storage: postgres://h/db\n',
      '1:10 storage: with PostgreSQL, all replicas must have the same secret: add `secret: env:NAME` or `secret: file:PATH` (`openssl rand -hex 32` makes one)',
    ],
    [
      'a folder for a journal that is none',
      'dataDir: ./journal\n',
      '1:10 dataDir: goes with PostgreSQL; with SQLite, storage itself names the folder',
    ],
    ['a list for the whole', '- a\n', '1:1 the file must be a mapping of keys, and is a list'],
    ['an empty file', ' \n', '1:1 the file is empty; `signalbox init` writes one to begin with'],
  ]

  test.each(ROWS)('is told with its place: %s', (_what, yaml, line) => {
    expect(problemsOf(yaml)).toEqual([`signalbox.yaml:${line}`])
  })

  test('does not hide another: all are told, in the order of the file', () => {
    const yaml =
      'shutdown: { drain: 5 }\naccess:\n  teams: { a: {}, a: {} }\nlgo: {}\nlog: { queue: x }\nshopping:\n  goods: [ { name: x, shop: b } ]\n'
    expect(problemsOf(yaml)).toEqual([
      'signalbox.yaml:1:20 shutdown.drain: 5 is not a duration; write a number and ms, s, m, h or d, such as 30s',
      'signalbox.yaml:3:19 access.teams.a: stands twice; the first is on line 3',
      'signalbox.yaml:4:1 lgo: unknown key; did you mean "log"?',
      'signalbox.yaml:5:15 log.queue: "x" is not a count; write a whole number, such as 20000, 20k or 1M',
      'signalbox.yaml:7:29 shopping.goods[0].shop: no shop is called "b"',
    ])
  })

  test.each(['access: { teams: &a [*a] }\n', 'access: { teams: &a { x: *a } }\n', 'log: &a { level: *a }\n', 'x: &a [*a]\n'])(
    'is told of a value that contains itself: %#',
    (yaml) => {
      expect(problemsOf(yaml)).toHaveLength(1)
    },
  )

  test('of a value that was merged in stands where it is written', () => {
    const yaml = 'shopping:\n  shops:\n    a: &base { timeouts: { connect: 1 } }\n    b: *base\n'
    expect(problemsOf(yaml).map((line) => line.split(' ')[0])).toEqual(['signalbox.yaml:3:37', 'signalbox.yaml:3:37'])
  })

  test('is also that the file cannot be read', () => {
    const result = readConfig({ ...OPTIONS, file: '/nowhere/signalbox.yaml' })
    expect(result.type === 'rejected' && result.problems.map(formatProblem)).toEqual([
      'signalbox.yaml:1:1 the file cannot be read: there is no such file',
    ])
  })

  test('has a path that a person can read', () => {
    expect(formatPath(['models', 'models', 1, 'provider'])).toBe('models.models[1].provider')
    expect(formatPath(['access', 'teams', 'a.b', 'models', 0])).toBe('access.teams["a.b"].models[0]')
    expect(formatPath([])).toBe('')
  })
})

describe('the origin of a value', () => {
  test('is the file, the environment, the file of a secret, or the default', () => {
    const yaml =
      'listen: { data: 127.0.0.1:5000 }\nshopping:\n  shops:\n    a: { apiKey: env:SHOP_KEY, headers: { x-a: b } }\n    b: { apiKey: [file:./key] }\n'
    const { origins } = load(yaml).effective()
    expect(origins.get('listen.data')).toEqual({ type: 'file', line: 1 })
    expect(origins.get('listen.control')).toEqual({ type: 'default' })
    expect(origins.get('shopping.shops.a.apiKey')).toEqual({ type: 'env', line: 4, name: 'SHOP_KEY' })
    expect(origins.get('shopping.shops.a.headers.x-a')).toEqual({ type: 'file', line: 4 })
    expect(origins.get('shopping.shops.a.timeouts.connect')).toEqual({ type: 'default' })
    expect(origins.get('shopping.shops.b.apiKey')).toEqual({ type: 'secret-file', line: 5, path: './key' })
  })
})

describe('the revision', () => {
  const revisionOf = (yaml: string, key: string): string => {
    const result = loadConfig(yaml, { ...OPTIONS, readEnv: () => key })
    return result.type === 'loaded' ? result.snapshot.revision : 'rejected'
  }
  const yaml = 'shopping: { shops: { a: { apiKey: env:SHOP_KEY } } }\n'

  test('is the same for the same file and secrets', () => {
    expect(revisionOf(yaml, 'one')).toMatch(/^[0-9a-f]{12}$/)
    expect(revisionOf(yaml, 'one')).toBe(revisionOf(yaml, 'one'))
  })

  test('changes with the file, and with a secret', () => {
    expect(revisionOf(`${yaml}#\n`, 'one')).not.toBe(revisionOf(yaml, 'one'))
    expect(revisionOf(yaml, 'two')).not.toBe(revisionOf(yaml, 'one'))
  })
})
