import { z } from 'zod'
import { didYouMean } from '../../core/did-you-mean.ts'
import { isObject } from '../../core/json.ts'
import { parseUsd } from '../../core/money.ts'
import type { LeftOut } from './sources/converted.ts'
import { fromGenai, isGenai } from './sources/genai.ts'
import { fromLitellm, isLitellm } from './sources/litellm.ts'
import { type PriceTable, RATE_KINDS, TABLE_FORMAT, TABLE_UNIT } from './types.ts'

/** Something about a table that keeps it from being used. */
export interface TableProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A table that was read, or why it cannot be. */
export type CheckedTable =
  | { readonly type: 'table'; readonly table: PriceTable; readonly leftOut: readonly LeftOut[] }
  | { readonly type: 'problems'; readonly problems: readonly TableProblem[] }

/** A thousand dollars a million tokens is more than anything costs; what is above is a price in another unit. */
const MOST_USD = 1_000_000_000_000
/** A request or a tool: what a million of them cost must be exact too. */
const MOST_EACH_USD = 9_000_000_000
const MOST_PROBLEMS = 20

const amount = (most: number) =>
  z
    .union([z.number(), z.string()], { error: ({ input }) => (input === undefined ? 'is missing' : 'is no amount of US dollars') })
    .check((context) => {
      const nanoUsd = parseUsd(String(context.value))
      const message =
        nanoUsd === undefined
          ? 'is no amount of US dollars: write one from 0 with at most nine decimals'
          : nanoUsd > most
            ? `is more than ${most / 1_000_000_000} US dollars; is it in another unit?`
            : undefined
      if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value })
    })

const rate = amount(MOST_USD)
const each = amount(MOST_EACH_USD)
const someRates = Object.fromEntries(RATE_KINDS.map((kind) => [kind, rate.exactOptional()]))
const rates = { ...someRates, input: rate, output: rate }
const tokens = z.int({ error: 'is no number of tokens' }).min(1, { error: 'is no number of tokens' })
const tariff = {
  ...rates,
  tiers: z.array(z.strictObject({ aboveInputTokens: tokens, ...someRates })).exactOptional(),
  perCall: each.exactOptional(),
  toolCall: each.exactOptional(),
}
const day = z.iso.date({ error: 'is no day such as 2027-01-31' })
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'is no time of the day such as 16:30' })
const percent = z.int({ error: 'is no whole percentage' }).min(0).max(1000)
const id = z.string().min(1).max(200)
const row = z.strictObject({
  id,
  match: z.array(id).exactOptional(),
  except: z.array(id).exactOptional(),
  ...tariff,
  periods: z.array(z.strictObject({ from: day.exactOptional(), hours: z.tuple([time, time]).exactOptional(), ...tariff })).exactOptional(),
  serviceTiers: z
    .record(z.string(), z.union([percent, z.strictObject(rates)], { error: 'is neither a percentage nor prices' }))
    .exactOptional(),
})
const table = z.strictObject({
  format: z.literal(TABLE_FORMAT),
  unit: z.literal(TABLE_UNIT, { error: `is not the unit in which prices are read, which is "${TABLE_UNIT}"` }),
  version: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, { error: 'is no version: up to 40 letters, digits, dots and dashes' }),
  source: z.string().max(500),
  providers: z.record(
    z.string(),
    z.strictObject({
      fallback: z.array(z.string()).exactOptional(),
      serviceTiers: z.record(z.string(), percent).exactOptional(),
      models: z.array(row),
    }),
  ),
})

/**
 * Reads a table of prices: our own format, the data of @pydantic/genai-prices, or LiteLLM's format.
 * @param version of a foreign table, which has none
 */
export function checkTable(file: unknown, version: string): CheckedTable {
  if (isGenai(file)) return checkOwn(tableOf(fromGenai(file), 'genai-prices', version))
  if (isObject(file) && !('format' in file) && isLitellm(file)) return checkOwn(tableOf(fromLitellm(file), 'LiteLLM format', version))
  if (!isObject(file) || typeof file.format !== 'string') {
    return problem([], `is no table of prices: neither "format": "${TABLE_FORMAT}", nor the data of genai-prices, nor LiteLLM's format`)
  }
  if (file.format !== TABLE_FORMAT) {
    return problem(
      ['format'],
      `is "${file.format.slice(0, 60)}", which this version of Signalbox does not read; it reads "${TABLE_FORMAT}"`,
    )
  }
  return checkOwn({ table: file, leftOut: [] })
}

function tableOf({ providers, leftOut }: ReturnType<typeof fromGenai>, source: string, version: string) {
  return { table: { format: TABLE_FORMAT, unit: TABLE_UNIT, version, source, providers }, leftOut }
}

function checkOwn({ table: written, leftOut }: { readonly table: unknown; readonly leftOut: readonly LeftOut[] }): CheckedTable {
  const parsed = table.safeParse(written)
  if (!parsed.success) return { type: 'problems', problems: parsed.error.issues.slice(0, MOST_PROBLEMS).flatMap(problemsOf) }
  // The schema was written after the type, and says more of it, not less; its kinds of price are made by a loop that types do not follow.
  const checked = parsed.data as unknown as PriceTable
  const problems = orderProblems(checked)
  return problems.length > 0 ? { type: 'problems', problems } : { type: 'table', table: checked, leftOut }
}

function problemsOf(issue: z.core.$ZodIssue): readonly TableProblem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
  if (issue.code !== 'unrecognized_keys') {
    const message = issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : issue.message
    return [{ path, message }]
  }
  return issue.keys.map((key) => ({ path: [...path, key], message: `is not known${didYouMean(key, KNOWN)}` }))
}

const KNOWN = [
  ...RATE_KINDS,
  'id',
  'match',
  'except',
  'tiers',
  'aboveInputTokens',
  'perCall',
  'toolCall',
  'periods',
  'serviceTiers',
  'models',
]

/** What no schema says: longer tiers come later, and a fallback exists. */
function orderProblems({ providers }: PriceTable): readonly TableProblem[] {
  const problems: TableProblem[] = []
  for (const [name, { fallback, models }] of Object.entries(providers)) {
    for (const [index, other] of (fallback ?? []).entries()) {
      const isKnown = Object.hasOwn(providers, other) && other !== name && providers[other]?.fallback === undefined
      if (!isKnown)
        problems.push({ path: ['providers', name, 'fallback', index], message: 'is no other provider of this table without a fallback' })
    }
    for (const [index, { tiers = [] }] of models.entries()) {
      const isSorted = tiers.every(({ aboveInputTokens }, at) => at === 0 || aboveInputTokens > (tiers[at - 1]?.aboveInputTokens ?? 0))
      if (!isSorted) problems.push({ path: ['providers', name, 'models', index, 'tiers'], message: 'are not in the order of their length' })
    }
  }
  return problems.slice(0, MOST_PROBLEMS)
}

function problem(path: readonly string[], message: string): CheckedTable {
  return { type: 'problems', problems: [{ path, message }] }
}
