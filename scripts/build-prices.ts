import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitForUpdate } from '@pydantic/genai-prices'
import { parseUsd } from '../src/core/money.ts'
import { checkTable } from '../src/models/prices/check-table.ts'
import type { LeftOut } from '../src/models/prices/sources/converted.ts'
import { fromGenai } from '../src/models/prices/sources/genai.ts'
import { fromLitellm } from '../src/models/prices/sources/litellm.ts'
import { type PriceRow, type PriceTable, type ProviderPrices, TABLE_FORMAT, TABLE_UNIT } from '../src/models/prices/types.ts'
import { NOT_WHOLE, SERVICE_RATES, TIER_PERCENT } from './price-additions.ts'

/**
 * Writes the built-in table: `npm run prices -- --date 2026-11-21 [--litellm FILE]`. Prices come from @pydantic/genai-prices as it is
 * installed; a file in LiteLLM's format adds the models that are not in there. What is left out is printed, with the reason.
 */

/** Names of providers in a configuration whose prices are the source's; others of the source cannot be configured by name. */
const KEPT = [
  'openai',
  'anthropic',
  'gemini',
  'groq',
  'mistral',
  'deepseek',
  'together',
  'fireworks',
  'openrouter',
  'xai',
  'perplexity',
  'cohere',
  'cerebras',
  'azure',
  'bedrock',
]
/** Needed where another falls back to them. */
const FALLBACKS = ['moonshotai']
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const target = join(root, 'src', 'models', 'prices', 'table.json')

const [date, litellm] = ['--date', '--litellm'].map((flag) => process.argv[process.argv.indexOf(flag) + 1 || Number.POSITIVE_INFINITY])
if (date === undefined) throw new Error('Say of which day the prices are: --date 2026-11-21')
const genai = (await waitForUpdate()) ?? []
const pinned: { version: string } = JSON.parse(readFileSync(join(root, 'node_modules/@pydantic/genai-prices/package.json'), 'utf8'))
const { providers, leftOut } = fromGenai(genai)
const added = litellm === undefined ? undefined : fromLitellm(JSON.parse(readFileSync(litellm, 'utf8')))
const kept = Object.fromEntries([...KEPT, ...FALLBACKS].map((name) => [name, provider(name)]))
const table: PriceTable = {
  format: TABLE_FORMAT,
  unit: TABLE_UNIT,
  version: date,
  source: `@pydantic/genai-prices ${pinned.version} (MIT)${litellm === undefined ? '' : ', a table in the format of LiteLLM'}, tiers of service from the providers' price pages`,
  providers: { ...kept, vertex: { fallback: ['gemini', 'anthropic'], models: [] } },
}
const checked = checkTable(JSON.parse(JSON.stringify(table)), date)
if (checked.type === 'problems') throw new Error(JSON.stringify(checked.problems, null, 1))
writeFileSync(target, format(table))
const out: readonly LeftOut[] = [...leftOut, ...(added?.leftOut ?? [])].filter(({ provider }) => provider in kept)
for (const { provider, model, why } of out) process.stdout.write(`left out: ${provider} ${model}: ${why}\n`)
process.stdout.write(`${Object.values(table.providers).reduce((sum, { models }) => sum + models.length, 0)} rows in ${target}\n`)

function provider(name: string): ProviderPrices {
  const known = providers[name]
  const more = added?.providers[name]?.models.filter(({ id }) => known?.models.every((row) => row.id !== id)) ?? []
  const models = [...(known?.models ?? []), ...more].filter(({ id }) => !NOT_WHOLE.has(`${name} ${id}`)).map((row) => addTo(name, row))
  const fallback = known?.fallback?.filter((other) => other in providers && other !== name && providers[other]?.fallback === undefined)
  const serviceTiers = TIER_PERCENT[name]
  return {
    ...(fallback === undefined || name === 'gemini' ? {} : { fallback }),
    ...(serviceTiers === undefined ? {} : { serviceTiers }),
    models,
  }
}

function addTo(name: string, row: PriceRow): PriceRow {
  const services = SERVICE_RATES.filter(({ provider, ids }) => provider === name && ids.includes(row.id))
  const serviceTiers = Object.fromEntries(services.map(({ tier, rates }) => [tier, rates]))
  return { ...withHour(row), ...(services.length === 0 ? {} : { serviceTiers }) }
}

/**
 * Anthropic: a write to the cache for an hour is twice the input price, wherever a write for five minutes is 1.25 times it
 * (https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing). The source has it for some places only.
 */
function withHour(row: PriceRow): PriceRow {
  const [input, cacheWrite] = [row.input, row.cacheWrite].map((amount) => (amount === undefined ? undefined : parseUsd(String(amount))))
  if (!/claude/.test(row.id) || input === undefined || cacheWrite === undefined || row.cacheWrite1h !== undefined) return row
  if (cacheWrite * 4 !== input * 5 || row.periods !== undefined || row.tiers !== undefined) return row
  return { ...row, cacheWrite1h: (input * 2) / 1_000_000_000 }
}

/** One row a line, so that a change of prices can be read. */
function format({ providers, ...head }: PriceTable): string {
  const lines = Object.entries(providers).map(([name, { models, ...rest }]) => {
    const open = JSON.stringify({ ...rest, models: [] }).slice(0, -2)
    return ` ${JSON.stringify(name)}: ${open}${models.length === 0 ? '' : `\n${models.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n `}]}`
  })
  const opened = JSON.stringify(head, null, 1).slice(0, -2)
  return `${opened},\n "providers": {\n${lines.join(',\n')}\n }\n}\n`
}
