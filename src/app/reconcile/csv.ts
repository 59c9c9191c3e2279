import { PlaceError } from '../gateway-place.ts'
import { readAmount } from './amount.ts'
import type { ExportedUsage } from './read-export.ts'

/** Names of columns, in small letters without anything but letters. */
const COLUMNS = {
  day: ['day', 'date', 'usagedateutc', 'usagedate', 'starttime'],
  model: ['model', 'modelversion', 'modelid', 'target'],
  cost: ['costusd', 'cost', 'amountusd', 'amount'],
  input: ['inputtokens', 'prompttokens', 'ninputtokens'],
  output: ['outputtokens', 'completiontokens', 'noutputtokens'],
} as const

/** Reads CSV (RFC 4180) whose first line names the columns: a day and a model, and cost in US dollars, tokens, or both. */
export function readCsv(text: string, shownAs: string): readonly ExportedUsage[] {
  const [names = [], ...lines] = text
    .replace(/^\u{feff}/u, '')
    .split(/\r?\n/)
    .map(cellsOf)
  const known = names.map((name) => name.toLowerCase().replace(/[^a-z]/g, ''))
  const at = (column: keyof typeof COLUMNS) => known.findIndex((name) => new Set<string>(COLUMNS[column]).has(name))
  const [day, model, cost, input, output] = [at('day'), at('model'), at('cost'), at('input'), at('output')]
  if (day < 0 || model < 0 || (cost < 0 && input < 0 && output < 0)) {
    throw new PlaceError(`${shownAs}:1: needs the columns day and model, and cost_usd, input_tokens or output_tokens`)
  }
  return lines.flatMap((cells, index) => {
    if (cells.every((cell) => cell === '')) return []
    const place = `${shownAs}:${index + 2}`
    const written = cells[day] ?? ''
    const found = /^(\d{4}-\d{2}-\d{2})(?:[T ]|$)/.exec(written)?.[1]
    if (found === undefined || Number.isNaN(Date.parse(found)))
      throw new PlaceError(`${place}: "${written.slice(0, 40)}" is no day such as 2026-11-21`)
    const costNanoUsd = cost < 0 ? undefined : readAmount(cells[cost] ?? '')
    if (cost >= 0 && costNanoUsd === undefined)
      throw new PlaceError(`${place}: "${(cells[cost] ?? '').slice(0, 40)}" is no amount of US dollars`)
    return [
      {
        day: found,
        model: cells[model] ?? '',
        costNanoUsd,
        inputTokens: tokensOf(cells[input], place),
        outputTokens: tokensOf(cells[output], place),
      },
    ]
  })
}

function tokensOf(cell: string | undefined, place: string): number | undefined {
  if (cell === undefined) return undefined
  if (/^\d{1,15}$/.test(cell)) return Number(cell)
  throw new PlaceError(`${place}: "${cell.slice(0, 40)}" is no number of tokens`)
}

function cellsOf(line: string): readonly string[] {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)]
  return cells.map(([, quoted, plain]) => (quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"')))
}
