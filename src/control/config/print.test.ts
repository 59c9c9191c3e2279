import { expect, test } from 'bun:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { secret, textOrSecret, usd } from '../../core/fields.ts'
import { accessSection } from '../access-config.ts'
import { type ConfigSnapshot, loadConfig } from './load.ts'
import { printConfig } from './print.ts'

const shop = z
  .strictObject({
    keys: z.union([secret(), z.array(secret())]).exactOptional(),
    headers: z.record(z.string(), textOrSecret()).exactOptional(),
    prices: z.array(z.strictObject({ input: usd('USD') })).prefault([]),
  })
  .prefault({})
const SECTIONS = [{ name: 'shop', schema: shop, check: () => [] }, accessSection] as const

function load(yaml: string): ConfigSnapshot<unknown> {
  const result = loadConfig(yaml, { file: 's.yaml', sections: SECTIONS, readEnv: () => 'sk-secret', readFile: () => 'sk-file' })
  if (result.type === 'loaded') return result.snapshot
  throw new Error(JSON.stringify(result.problems))
}

const YAML = `shop:
  keys: [env:A, file:./b]
  headers: { x-plain: hunter2, x-token: env:B }
  prices: [{ input: 0.25 }]
access:
  teams:
    support: { models: [mini, "openai/*"] }
`

test('every value is printed with its origin, and secrets as ***', () => {
  expect(printConfig(load(YAML))).toBe(`shop:
  keys: [ "***", "***" ] # env:A (s.yaml:2)
  headers:
    x-plain: "***" # s.yaml:3
    x-token: "***" # env:B (s.yaml:3)
  prices:
    - input: 0.25 # s.yaml:4
access:
  organisation: default # default
  budgets: [] # default
  limits: [] # default
  teams:
    support:
      models: [ mini, openai/* ] # s.yaml:7
      labels: {} # default
      budgets: [] # default
      limits: [] # default
  issuers: [] # default
  onExpiry: finish # default
  accounts: [] # default
`)
})

test('no secret is in what is printed, in the values or in the snapshot', () => {
  const snapshot = load(YAML)
  const shown =
    [snapshot, snapshot.effective()].map((each) => JSON.stringify(each) + Bun.inspect(each, { depth: 20 })).join() + printConfig(snapshot)
  for (const hidden of ['sk-secret', 'sk-file']) expect(shown).not.toContain(hidden)
  expect(printConfig(snapshot)).not.toContain('hunter2')
})

test('a table that means something by being there is printed only where it is written', () => {
  const team = (written: string) => printConfig(load(`access: { teams: { a: ${written} } }`))
  expect(team('{}')).not.toContain('tools')
  expect(team('{ tools: {} }')).toContain('      tools:\n        default: deny # default\n')
})

test('what is printed is a configuration that means the same', () => {
  const first = load('access: { teams: { a: { models: [x], labels: { b: c } } } }\n')
  const second = load(printConfig(first))
  expect(second.config).toEqual(first.config)
  expect(parse(printConfig(second))).toEqual(first.effective().values)
})

test('a list that is used twice through an alias is printed twice', () => {
  const printed = printConfig(load('access: { teams: { a: { models: &m [x] }, b: { models: *m } } }\n'))
  expect(printed).not.toContain('&')
  expect(printed.match(/\[ x \]/g)).toHaveLength(2)
})
