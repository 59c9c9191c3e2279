import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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
  const value = node.additionalProperties || undefined
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
      'models.models[].name',
      'models.models[].provider',
      'models.models[].price.inputPerMillion',
      'models.models[].price.outputPerMillion',
      'agents.agents.<name>.url',
      'access.budgets[].per',
      'access.teams.<name>.budgets[].per',
      'access.accounts[].of',
      'access.accounts[].budgets[].per',
      'money.webhook.url',
      'money.webhook.secret',
    ])
    expect(defaulted.filter((path) => required.includes(path))).toEqual([])
  })
})
