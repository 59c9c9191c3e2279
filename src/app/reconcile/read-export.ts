import { isObject, type JsonObject } from '../../core/json.ts'
import { PlaceError } from '../gateway-place.ts'
import { readAmount } from './amount.ts'
import { readCsv } from './csv.ts'

/** What a provider says of one model on one day. What its export does not tell is undefined. */
export interface ExportedUsage {
  /** UTC, such as 2026-11-21. */
  readonly day: string
  /** The provider's id of it. */
  readonly model: string
  readonly costNanoUsd: bigint | undefined
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
}

/**
 * Reads a usage export: pages of OpenAI's usage or costs API, pages of Anthropic's usage or cost report, or CSV with a line of names.
 * Sources (as known on 2026-11-21): https://platform.openai.com/docs/api-reference/usage, https://platform.claude.com/docs/en/build-with-claude/usage-cost-api
 * @throws PlaceError with the place of what cannot be read
 */
export function readExport(written: string, shownAs: string): readonly ExportedUsage[] {
  // Programs of Windows begin a file with a mark of its encoding.
  const text = written.replace(/^\u{feff}/u, '')
  const begin = text.trimStart()[0]
  if (begin !== '{' && begin !== '[') return readCsv(text, shownAs)
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch (thrown) {
    throw new PlaceError(`${shownAs}: is no JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`, { cause: thrown })
  }
  const pages = Array.isArray(file) ? file : [file]
  return pages.flatMap((page, index) => readPage(page, Array.isArray(file) ? `${shownAs}: [${index}]` : `${shownAs}:`))
}

function readPage(page: unknown, place: string): readonly ExportedUsage[] {
  if (!isObject(page) || !Array.isArray(page.data))
    throw new PlaceError(`${place} has no list "data"; is it a page of a usage or cost API?`)
  return page.data.flatMap((bucket: unknown, at) => {
    const where = `${place} data[${at}]`
    if (!isObject(bucket) || !Array.isArray(bucket.results)) throw new PlaceError(`${where} has no list "results"`)
    const day = dayOf(bucket, where)
    return bucket.results.map((result: unknown, index) => readResult(result, day, `${where}.results[${index}]`))
  })
}

function dayOf(bucket: JsonObject, place: string): string {
  const { start_time: seconds, starting_at: text } = bucket
  const ms = typeof seconds === 'number' ? seconds * 1000 : typeof text === 'string' ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms) || Math.abs(ms) > 8.64e15) throw new PlaceError(`${place} says no day: neither start_time nor starting_at`)
  return new Date(ms).toISOString().slice(0, 10)
}

function readResult(result: unknown, day: string, place: string): ExportedUsage {
  if (!isObject(result)) throw new PlaceError(`${place} is no object`)
  // What is no model's, such as a search, stands by itself: of Anthropic under its type of cost.
  const named = result.model ?? (typeof result.line_item === 'string' ? result.line_item.split(',')[0] : undefined) ?? result.cost_type
  if (typeof named !== 'string') throw new PlaceError(`${place} names no model; export it grouped by model, or costs by line_item`)
  const written = result.cache_creation
  const fresh = countOf(result, 'input_tokens', place) ?? countOf(result, 'uncached_input_tokens', place)
  const parts = [
    countOf(result, 'cache_read_input_tokens', place),
    ...(isObject(written) ? ['ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens'].map((name) => countOf(written, name, place)) : []),
  ]
  return {
    ...{ day, model: named.trim() },
    costNanoUsd: costOf(result, place),
    // OpenAI counts what was cached inside, Anthropic beside.
    inputTokens: fresh === undefined ? undefined : fresh + parts.reduce<number>((sum, part) => sum + (part ?? 0), 0),
    outputTokens: countOf(result, 'output_tokens', place),
  }
}

/** OpenAI gives dollars, Anthropic the cents of them, as decimal text. */
function costOf({ amount, currency }: JsonObject, place: string): bigint | undefined {
  if (amount === undefined) return undefined
  const [value, unit, isCents] = isObject(amount) ? [amount.value, amount.currency, false] : [amount, currency, true]
  if (typeof unit === 'string' && unit.toLowerCase() !== 'usd')
    throw new PlaceError(`${place} is in ${unit.slice(0, 20)}, not in US dollars`)
  const nano = readAmount(typeof value === 'string' || typeof value === 'number' ? String(value) : '', isCents ? 100 : 1)
  if (nano === undefined) throw new PlaceError(`${place} has an amount that is none`)
  return nano
}

function countOf(result: JsonObject, name: string, place: string): number | undefined {
  const value = result[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new PlaceError(`${place}.${name} is ${JSON.stringify(value).slice(0, 40)}, which is no number of tokens`)
}
