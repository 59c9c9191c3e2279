import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GENERATED } from '../scripts/generate-docs.ts'
import { SECTIONS } from '../src/app/sections.ts'
import { describeConfig, type SchemaNode } from '../src/control/config/schema.ts'

/** A key that a person may write, with its schema. */
interface Key {
  readonly path: string
  readonly node: SchemaNode
  readonly isRequired: boolean
}

function keysBelow(node: SchemaNode, path: string): readonly Key[] {
  const named = Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const childPath = path === '' ? key : `${path}.${key}`
    return [{ path: childPath, node: child, isRequired: node.required?.includes(key) ?? false }, ...keysBelow(child, childPath)]
  })
  // Anything at all, as in a JSON Schema that is written as a value, has no sentence of its own.
  const value = node.additionalProperties && Object.keys(node.additionalProperties).length > 0 ? node.additionalProperties : undefined
  const freePath = `${path}.<name>`
  const free = value === undefined ? [] : [{ path: freePath, node: value, isRequired: false }, ...keysBelow(value, freePath)]
  return [...named, ...free, ...(node.items === undefined ? [] : keysBelow(node.items, `${path}[]`))]
}

const keys = keysBelow(describeConfig(SECTIONS), '')
const isTable = (node: SchemaNode): boolean => node.type === 'object'
const unitOf = (node: SchemaNode): string | undefined => node['x-unit'] ?? node.items?.['x-unit']

describe('generated files', () => {
  test.each(Object.entries(GENERATED))('%s is what the code makes; `npm run docs` writes it', (path, make) => {
    expect(readFileSync(join(import.meta.dirname, '..', path), 'utf8')).toBe(make())
  })
})

const ROOT = join(import.meta.dirname, '..')
const exampleFolders = readdirSync(join(ROOT, 'examples')).flatMap((name) => (name.includes('.') ? [] : [join('examples', name)]))
const pages = ['.', 'docs', 'decisions', 'bench', 'deploy', 'examples', ...exampleFolders].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
)

describe('the pages', () => {
  test.each(pages)('%s links to nothing that is not there', (page) => {
    const links = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, target]) => target ?? '')
    const own = links.filter((target) => !/^[a-z]+:/.test(target))
    expect(own.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([])
  })

  test('the index of docs names each page of the folder', () => {
    const index = readFileSync(join(ROOT, 'docs/README.md'), 'utf8')
    const there = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md')
    expect(there.filter((name) => !index.includes(`](${name})`))).toEqual([])
  })

  test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s names no file that is not there', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/```[\s\S]*?```/g, '')
    const named = [...text.matchAll(/`([\w./-]+(?:\/|\.ts|\.md|\.sh))`/g)].map(([, path]) => path ?? '')
    const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((path) => !path.startsWith('node_modules'))
    const isThere = (path: string) => files.some((file) => `/${file}`.endsWith(`/${path.replace(/\/$/, '')}`))
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((path) => !isThere(path))).toEqual([])
  })

  test('ARCHITECTURE.md has a row for each folder of src', () => {
    const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
    expect(readdirSync(join(ROOT, 'src')).filter((folder) => !text.includes(`| \`src/${folder}\``))).toEqual([])
  })

  test.each(['models', 'tools', 'agents'])('ARCHITECTURE.md lists the stages of %s in the order of the code', (layer) => {
    const [, line] = new RegExp(`^${layer} +(record ›.*)$`, 'm').exec(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')) ?? []
    const stages = (line ?? '').split(' › ')
    const source = readFileSync(join(ROOT, 'src', layer, 'index.ts'), 'utf8')
    const shared = [...source.matchAll(/^import \{ (\w+) \} from '\.\.\/stages\//gm)].map(([, name]) => name)
    expect(shared.filter((name) => name === undefined || !stages.includes(name))).toEqual([])
    let at = source.indexOf('export function create')
    for (const stage of stages) {
      const from = at
      at = source.slice(from).search(new RegExp(`\\b${stage}\\w*\\b[<(,]|\\b${stage},$`, 'm'))
      expect([stage, at >= 0]).toEqual([stage, true])
      at += from + stage.length
    }
  })
})

test('each figure of README.md is that of the run that it names', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const [path = ''] = /bench\/results\/[\d-]+\.json/.exec(readme) ?? []
  interface Row {
    readonly name: string
    readonly value: number
    readonly floor: number | null
    readonly ratio: number | null
    readonly bar: number | null
    readonly ok: boolean
  }
  // bench/run.ts wrote it.
  const { results } = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as { readonly results: readonly Row[] }
  const shown = [...readme.matchAll(/^\|[^|]*\(`(\w+)`\) \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)]
  expect(shown.length).toBeGreaterThan(5)
  for (const [, name = '', value, floor, ratio, bar = ''] of shown) {
    const row = results.find((one) => one.name === name)
    const numberIn = (cell: string | undefined) => /[\d.]+/.exec(cell ?? '')?.[0]
    expect([name, numberIn(value), bar.includes('missed')]).toEqual([name, String(row?.value), row?.ok === false])
    expect(Number(numberIn(bar))).toBe(row?.bar ?? Number.NaN)
    if (numberIn(floor) !== undefined) expect([name, numberIn(floor)]).toEqual([name, String(row?.floor)])
    if (numberIn(ratio) !== undefined) expect([name, numberIn(ratio)]).toEqual([name, row?.ratio?.toFixed(1)])
  }
})

describe('the configuration schema', () => {
  test('has a sentence for every key', () => {
    expect(keys.filter(({ node }) => !/^[A-Z].*\.$/.test(node.description ?? '')).map(({ path }) => path)).toEqual([])
  })

  test('has a unit or a form for every key that takes a value', () => {
    const values = keys.filter(({ node }) => !isTable(node) && node.items?.type !== 'object')
    expect(values.filter(({ node }) => unitOf(node) === undefined).map(({ path }) => path)).toEqual([])
  })

  test('has a default for every key that is always there, and none for a key that must be written', () => {
    const defaulted = keys.filter(({ node }) => node.default !== undefined).map(({ path }) => path)
    const required = keys.filter(({ isRequired }) => isRequired).map(({ path }) => path)
    expect(required).toEqual([
      'models.providers.<name>.passthrough.paths',
      'models.models[].name',
      'models.models[].provider',
      'models.models[].price.inputPerMillion',
      'models.models[].price.outputPerMillion',
      'models.models[].price.tiers[].aboveInputTokens',
      'models.routes[].name',
      'models.routes[].targets',
      'models.routes[].targets[].model',
      'models.routes[].canary.model',
      'models.routes[].canary.share',
      'models.routes[].shadow.model',
      'models.routes[].shadow.share',
      'models.routes[].shadow.account',
      'models.overload.running',
      'agents.agents.<name>.url',
      'access.budgets[].per',
      'access.teams.<name>.budgets[].per',
      'access.issuers[].issuer',
      'access.issuers[].audience',
      'access.accounts[].of',
      'access.accounts[].budgets[].per',
      'money.webhook.url',
      'money.webhook.secret',
    ])
    expect(defaulted.filter((path) => required.includes(path))).toEqual([])
  })
})
