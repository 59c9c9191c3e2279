import { PlaceError } from '../gateway-place.ts'
import { readAmount } from './amount.ts'
import type { ExportedUsage } from './read-export.ts'

/**
 * Names of columns, in small letters without anything but letters and digits, best first. They are those of the dashboards of OpenAI (costs:
 * start_time_iso, line_item, amount_value; usage: model, input_tokens) and of Anthropic (cost: usage_date_utc, model, cost_usd; tokens:
 * model_version, usage_input_tokens_no_cache and its likes), as exports of 2025 and 2026 have them, and what people write by hand.
 */
const COLUMNS = {
  day: ['starttimeiso', 'usagedateutc', 'usagedate', 'day', 'date', 'starttime'],
  model: ['model', 'modelversion', 'modelid', 'lineitem', 'target'],
  /** What a line without a model is about: a search, a session. */
  other: ['costtype', 'tokentype', 'usagetype'],
  cost: ['costusd', 'amountvalue', 'cost', 'amountusd', 'amount'],
  currency: ['amountcurrency', 'currency'],
  output: ['outputtokens', 'completiontokens', 'usageoutputtokens', 'ncompletiontokens', 'noutputtokens'],
  input: ['inputtokens', 'prompttokens', 'usageinputtokensnocache', 'ncontexttokenstotal', 'ninputtokens'],
} as const
/** Anthropic counts what was cached beside the input. */
const BESIDE = [
  'usageinputtokenscachewrite5m',
  'usageinputtokenscachewrite1h',
  'usageinputtokenscachewrite',
  'usageinputtokenscacheread',
] as const

interface Layout {
  readonly at: Readonly<Record<keyof typeof COLUMNS, number>>
  readonly beside: readonly number[]
  /** What stands for the model is a line item of OpenAI: the model, and which of its tokens. */
  readonly isByLineItem: boolean
}

/** Reads CSV (RFC 4180) whose first line names the columns: a day and a model, and cost in US dollars, tokens, or both. */
export function readCsv(text: string, shownAs: string): readonly ExportedUsage[] {
  const [names = [], ...lines] = text.split(/\r?\n/).map(cellsOf)
  const layout = layoutOf(names, shownAs)
  return lines.flatMap((cells, index) => readLine(cells, layout, `${shownAs}:${index + 2}`))
}

function layoutOf(names: readonly string[], shownAs: string): Layout {
  const known = names.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''))
  const find = (wanted: readonly string[]) => known.indexOf(wanted.find((name) => known.includes(name)) ?? '-')
  const { day, model, other, cost, currency, output, input } = COLUMNS
  const at = {
    ...{ day: find(day), model: find(model), other: find(other), cost: find(cost) },
    ...{ currency: find(currency), output: find(output), input: find(input) },
  }
  if (at.day < 0 || at.model < 0 || (at.cost < 0 && at.input < 0 && at.output < 0)) {
    throw new PlaceError(`${shownAs}:1: needs the columns day and model, and cost_usd, input_tokens or output_tokens`)
  }
  return {
    at,
    isByLineItem: known[at.model] === 'lineitem',
    beside: BESIDE.map((name) => known.indexOf(name)).filter((column) => column >= 0),
  }
}

function readLine(cells: readonly string[], { at, beside, isByLineItem }: Layout, place: string): readonly ExportedUsage[] {
  const { model, other, cost, currency, input, output } = at
  // A day on which nothing was used has its times and nothing else.
  if ([model, cost, input, output].every((column) => column < 0 || (cells[column] ?? '') === '')) return []
  const unit = currency < 0 ? '' : (cells[currency] ?? '')
  if (unit !== '' && unit.toLowerCase() !== 'usd') throw new PlaceError(`${place}: is in ${unit.slice(0, 20)}, not in US dollars`)
  const costNanoUsd = cost < 0 ? undefined : readAmount(cells[cost] ?? '')
  if (cost >= 0 && costNanoUsd === undefined)
    throw new PlaceError(`${place}: "${(cells[cost] ?? '').slice(0, 40)}" is no amount of US dollars`)
  const fresh = tokensOf(cells[input], place)
  const named = cells[model] || (other < 0 ? '' : (cells[other] ?? ''))
  if (named === '') throw new PlaceError(`${place}: names no model; export it by model, or costs by line item`)
  return [
    {
      day: dayOf(cells[at.day] ?? '', place),
      model: isByLineItem ? (named.split(', ')[0] ?? named) : named,
      costNanoUsd,
      inputTokens: fresh === undefined ? undefined : beside.reduce((sum, column) => sum + (tokensOf(cells[column], place) ?? 0), fresh),
      outputTokens: tokensOf(cells[output], place),
    },
  ]
}

/** A date, a time, or seconds since the epoch. */
function dayOf(written: string, place: string): string {
  const seconds = /^\d{9,11}$/.test(written) ? Number(written) : undefined
  if (seconds !== undefined) return new Date(seconds * 1000).toISOString().slice(0, 10)
  const day = /^(\d{4}-\d{2}-\d{2})(?:[T ]|$)/.exec(written)?.[1]
  if (day === undefined || Number.isNaN(Date.parse(day)))
    throw new PlaceError(`${place}: "${written.slice(0, 40)}" is no day such as 2026-11-21`)
  return day
}

/** Some exports write whole numbers as `3.0`. */
function tokensOf(cell: string | undefined, place: string): number | undefined {
  if (cell === undefined || cell === '') return undefined
  if (/^\d{1,15}(?:\.0+)?$/.test(cell)) return Number(cell)
  throw new PlaceError(`${place}: "${cell.slice(0, 40)}" is no number of tokens`)
}

function cellsOf(line: string): readonly string[] {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)]
  return cells.map(([, quoted, plain]) => (quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"')))
}
