import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PriceTable, TABLE_FORMAT, TABLE_UNIT } from '../models/prices/types.ts'
import { openPrices, storePrices } from './price-file.ts'
import { diffPrices, readPriceFile, rowsOfTable } from './read-prices.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prices-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const table = (input: number): PriceTable => ({
  format: TABLE_FORMAT,
  unit: TABLE_UNIT,
  version: 'v1',
  source: 'a test',
  providers: { openai: { models: [{ id: 'gpt-4o', input, output: 1 }] } },
})

test('a table in the data folder wins over the built-in one, by a name that says what it holds', () => {
  expect(openPrices(folder).find('openai', 'gpt-4o')).toMatchObject({
    input: 2_500_000_000,
    version: expect.stringMatching(/^table:\d{4}-/),
  })
  const first = storePrices(folder, table(7))
  expect(openPrices(folder).find('openai', 'gpt-4o')).toMatchObject({ input: 7_000_000_000, version: first.version })
  // What is not in it has no price: tables are not mixed.
  expect(openPrices(folder).find('openai', 'gpt-4o-mini')).toBeUndefined()
  const second = storePrices(folder, table(8))
  expect(second.version).not.toBe(first.version)
  expect(openPrices(folder).find('openai', 'gpt-4o')?.input).toBe(8_000_000_000)
  expect(readdirSync(join(folder, 'prices'))).toHaveLength(3)
})

test('a spoiled table in the data folder is said, with its place, and not passed over', () => {
  storePrices(folder, table(7))
  writeFileSync(join(folder, 'prices', 'in-force.json'), JSON.stringify({ ...table(7), unit: 'EUR' }))
  expect(() => openPrices(folder)).toThrow(/in-force\.json:1:\d+ unit: is not the unit in which prices are read/)
})

test('a file of prices is read, or refused with its line', () => {
  writeFileSync(join(folder, 'p.json'), JSON.stringify(table(-1), undefined, 1))
  expect(() => readPriceFile('p.json', folder)).toThrow('p.json:11:15 providers.openai.models[0].input: is no amount of US dollars')
  expect(() => readPriceFile('q.json', folder)).toThrow('q.json cannot be read')
})

test('two tables are compared kind by kind', () => {
  const added = {
    ...table(2),
    providers: {
      openai: {
        models: [
          { id: 'gpt-4o', input: 2, output: 1, toolCall: 0.01 },
          { id: 'new', input: 1, output: 1 },
        ],
      },
    },
  }
  expect(diffPrices(rowsOfTable(table(1)), rowsOfTable(added))).toEqual([
    { provider: 'openai', id: 'gpt-4o', kind: 'input', from: '1', to: '2' },
    { provider: 'openai', id: 'gpt-4o', kind: 'toolCall', from: undefined, to: '0.01' },
    { provider: 'openai', id: 'new', kind: 'input', from: undefined, to: '1' },
    { provider: 'openai', id: 'new', kind: 'output', from: undefined, to: '1' },
  ])
})
