import { basename } from 'node:path'
import { readTable } from '../models/prices/read-table.ts'
import type { LeftOut } from '../models/prices/sources/converted.ts'
import type { PriceTable } from '../models/prices/types.ts'
import { PlaceError } from './gateway-place.ts'
import { readInput } from './read-input.ts'

/** A file of prices, in any of the formats that are read. */
export interface PriceFile {
  readonly table: PriceTable
  readonly leftOut: readonly LeftOut[]
}

/**
 * Reads a file of prices for a command.
 * @throws PlaceError with a line for each thing that is wrong
 */
export function readPriceFile(file: string, cwd: string): PriceFile {
  const text = readInput(file, cwd)
  // A foreign table has no version of its own: its name says at least which file it was.
  const read = readTable(text, file, versionOf(file))
  if (read.type === 'rejected') throw new PlaceError(read.lines.join('\n'))
  return read
}

function versionOf(file: string): string {
  const name = basename(file)
    .replace(/\.json$/, '')
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 40)
  return /^[A-Za-z0-9]/.test(name) ? name : 'file'
}

/** A row that another table does not have, or has with other prices. */
export interface PriceDifference {
  readonly provider: string
  readonly id: string
  readonly kind: string
  readonly from: string | undefined
  readonly to: string | undefined
}

interface Row {
  readonly provider: string
  readonly id: string
  readonly [kind: string]: unknown
}

/** What becomes other from one list of prices to the next, by provider, id and kind. */
export function diffPrices(before: readonly Row[], after: readonly Row[]): readonly PriceDifference[] {
  const rowsOf = (rows: readonly Row[]) => new Map(rows.map((row) => [`${row.provider}\n${row.id}`, row]))
  const [old, next] = [rowsOf(before), rowsOf(after)]
  return [...new Set([...old.keys(), ...next.keys()])].sort().flatMap((key) => {
    const [left, right] = [old.get(key), next.get(key)]
    const kinds = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})].filter((kind) => kind !== 'provider' && kind !== 'id'))
    const { provider = '', id = '' } = left ?? right ?? {}
    return [...kinds].flatMap((kind) => {
      const [from, to] = [textOf(left?.[kind]), textOf(right?.[kind])]
      return from === to ? [] : [{ provider, id, kind, from, to }]
    })
  })
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The rows of a table, each with its provider. */
export function rowsOfTable({ providers }: PriceTable): readonly Row[] {
  return Object.entries(providers).flatMap(([provider, { models }]) => models.map((row) => ({ provider, ...row })))
}
