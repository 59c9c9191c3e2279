import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import { BUILT_IN_PROVIDERS, type NamedTable, openBook, type PriceBook } from '../models/prices/book.ts'
import { readTable } from '../models/prices/read-table.ts'
import type { PriceTable } from '../models/prices/types.ts'

/** Within the data folder. Every table that ever came stays beside it, by its name. */
const FOLDER = 'prices'
const IN_FORCE = 'in-force.json'
const BUILT_IN = new URL('../models/prices/table.json', import.meta.url)

/** The list prices in force: those that were put into the data folder, else the built-in ones, which are read when they are first needed. */
export function openPrices(dataFolder: string): PriceBook {
  const path = join(dataFolder, FOLDER, IN_FORCE)
  if (!existsSync(path)) return openBook(readBuiltIn, BUILT_IN_PROVIDERS)
  const text = readFileSync(path, 'utf8')
  const read = readTable(text, path, 'unknown')
  if (read.type === 'rejected') {
    const message = `The price table in the data folder cannot be read: ${read.lines[0]}. Put a good one there with \`signalbox prices update FILE\`, or remove the file to have the built-in prices.`
    throw new GatewayError('conflict', message)
  }
  return openBook(() => nameTable(read.table))
}

/** The built-in prices. */
export function readBuiltIn(): NamedTable {
  // Written by scripts/build-prices.ts, which checks it; a test does too.
  const table = JSON.parse(readFileSync(BUILT_IN, 'utf8')) as PriceTable
  return { version: `table:${table.version}`, table }
}

/** Puts a table into the data folder, where it wins over the built-in one. */
export function storePrices(dataFolder: string, table: PriceTable): NamedTable {
  const named = nameTable(table)
  const folder = join(dataFolder, FOLDER)
  mkdirSync(folder, { recursive: true })
  const text = JSON.stringify(table)
  writeFileSync(join(folder, `${named.version.replace(/^table:/, '')}.json`), text)
  const partial = join(folder, `${IN_FORCE}.partial`)
  writeFileSync(partial, text)
  renameSync(partial, join(folder, IN_FORCE))
  return named
}

/** Two tables that say other things never have one name, whatever version they claim. */
export function nameTable(table: PriceTable): NamedTable {
  const digest = createHash('sha256').update(JSON.stringify(table)).digest('hex').slice(0, 8)
  return { version: `table:${table.version}+${digest}`, table }
}
