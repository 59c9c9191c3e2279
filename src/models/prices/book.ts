import { parseUsd } from '../../core/money.ts'
import { compileRows, type FindRow } from './match.ts'
import {
  type Amount,
  type Period,
  type PeriodRow,
  type Price,
  type PriceRow,
  type PriceTable,
  type ProviderPrices,
  RATE_KINDS,
  type RateRow,
  type Rates,
  type ServicePrice,
  type Tariff,
  type TariffRow,
} from './types.ts'

/** A table, and the name under which it stands in every event that it priced: `table:2026-11-21`. */
export interface NamedTable {
  readonly version: string
  readonly table: PriceTable
}

/** List prices, ready to be asked. */
export interface PriceBook {
  table(): NamedTable
  /** The list price of a model, or undefined: then it is unpriced, never free. */
  find(provider: string, modelId: string): Price | undefined
}

/** Ids come from callers where a configured name ends in `*`. */
const MOST_KNOWN = 5000
const MOST_ID_LENGTH = 200

/** Under what name a provider's prices stand, where that is not its own. */
const SAME_PRICES: Readonly<Record<string, string>> = {
  'vertex-anthropic': 'vertex',
  'bedrock-anthropic': 'bedrock',
  'azure-anthropic': 'anthropic',
}

/** Providers of the built-in table, so that it is not read for one that it does not know: 3 MB that a gateway before its own models never needs. */
export const BUILT_IN_PROVIDERS: ReadonlySet<string> = new Set([
  ...['openai', 'anthropic', 'gemini', 'groq', 'mistral', 'deepseek', 'together', 'fireworks', 'openrouter'],
  ...['xai', 'perplexity', 'cohere', 'cerebras', 'azure', 'bedrock', 'moonshotai', 'vertex'],
])

/**
 * A book over a table that is read when it is first asked. What was found once is remembered, in bounds.
 * @param providers those of the table, where they are known without reading it
 */
export function openBook(read: () => NamedTable, providers?: ReadonlySet<string>): PriceBook {
  let named: NamedTable | undefined
  const table = () => {
    named ??= read()
    return named
  }
  const finders = new Map<string, FindRow>()
  const known = new Map<string, Price | undefined>()
  const find = (provider: string, modelId: string): Price | undefined => {
    const prices = providers?.has(provider) === false ? undefined : pricesOf(table().table, provider)
    if (prices === undefined) return undefined
    const finder = finders.get(provider) ?? compileRows(prices.models)
    finders.set(provider, finder)
    const row = finder(modelId)
    if (row !== undefined) return readPrice(row, prices, table().version)
    for (const other of prices.fallback ?? []) {
      const price = find(other, modelId)
      if (price !== undefined) return price
    }
    return undefined
  }
  return {
    table,
    find: (provider, modelId) => {
      const key = `${provider}\n${modelId}`
      const price = known.get(key)
      if (price !== undefined || known.has(key)) return price
      const found = modelId.length > MOST_ID_LENGTH ? undefined : find(SAME_PRICES[provider] ?? provider, modelId)
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(key, found)
      return found
    },
  }
}

function pricesOf({ providers }: PriceTable, name: string): ProviderPrices | undefined {
  return Object.hasOwn(providers, name) ? providers[name] : undefined
}

/** A row as a price. Undefined where its amounts are no amounts, which no table that was checked has. */
function readPrice(row: PriceRow, { serviceTiers }: Pick<ProviderPrices, 'serviceTiers'>, version: string): Price | undefined {
  const tariff = readTariff(row)
  if (tariff === undefined) return undefined
  const periods = row.periods?.map(readPeriod).filter((period) => period !== undefined)
  const services = { ...serviceTiers, ...row.serviceTiers }
  return {
    ...tariff,
    ...(periods === undefined ? {} : { periods }),
    ...(serviceTiers === undefined && row.serviceTiers === undefined ? {} : { serviceTiers: readServices(services) }),
    version,
  }
}

function readTariff(row: TariffRow): Tariff | undefined {
  const rates = readRates(row)
  if (rates === undefined) return undefined
  const [perCall, toolCall] = [readAmount(row.perCall), readAmount(row.toolCall)]
  return {
    ...rates,
    ...(row.tiers === undefined
      ? {}
      : { tiers: row.tiers.map(({ aboveInputTokens, ...rates }) => ({ aboveInputTokens, ...readSome(rates) })) }),
    ...(perCall === undefined ? {} : { perCall }),
    ...(toolCall === undefined ? {} : { toolCall }),
  }
}

function readPeriod(row: PeriodRow): Period | undefined {
  const tariff = readTariff(row)
  const minutes = row.hours?.map(minuteOf)
  const [from, until] = minutes ?? []
  return (
    tariff && {
      ...tariff,
      ...(row.from === undefined ? {} : { fromMs: Date.parse(row.from) }),
      ...(from === undefined || until === undefined ? {} : { minutes: [from, until] }),
    }
  )
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

function readServices(services: Readonly<Record<string, number | RateRow>>): Record<string, ServicePrice> {
  return Object.fromEntries(
    Object.entries(services).flatMap(([name, service]) => {
      const price = typeof service === 'number' ? service : readRates(service)
      return price === undefined ? [] : [[name, price]]
    }),
  )
}

function readRates(row: RateRow): Rates | undefined {
  const { input, output, ...others } = readSome(row)
  return input === undefined || output === undefined ? undefined : { input, output, ...others }
}

function readSome(row: RateRow): Partial<Rates> {
  return Object.fromEntries(
    RATE_KINDS.flatMap((kind) => {
      const nanoUsd = readAmount(row[kind])
      return nanoUsd === undefined ? [] : [[kind, nanoUsd]]
    }),
  )
}

/** A number is read by the shortest text that means it, so 0.1 is a tenth. */
function readAmount(amount: Amount | undefined): number | undefined {
  return amount === undefined ? undefined : parseUsd(String(amount))
}
