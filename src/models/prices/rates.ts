import { type Period, type Price, RATE_KINDS, type Rates, type ServicePrice, type Tariff } from './types.ts'

/** What decides which of a model's rates hold. */
export interface Circumstances {
  readonly inputTokens: number
  /** As the provider named it in its reply; absent where it named none. */
  readonly serviceTier?: string | undefined
  readonly atMs: number
}

/** Names that providers have for what is no tier of its own. */
const STANDARD: ReadonlySet<string> = new Set(['default', 'standard', 'auto', 'on_demand'])

const MINUTE_MS = 60_000
const DAY_MINUTES = 1440

/** The rates of one request: by the day and the hour, the length of its input, and its tier of service. Undefined: that tier's are not known. */
export function ratesFor(price: Price, { inputTokens, serviceTier, atMs }: Circumstances): Tariff | undefined {
  const tariff = price.periods === undefined ? price : tariffAt(price, price.periods, atMs)
  const rates = tariff.tiers === undefined ? tariff : inTier(tariff, inputTokens)
  if (serviceTier === undefined || price.serviceTiers === undefined || STANDARD.has(serviceTier)) return rates
  return inService(price, rates, serviceTier)
}

/** Whether what a tier costs is known. Where a price has no tiers, all cost the same. */
export function isTierKnown({ serviceTiers }: Price, tier: string): boolean {
  return serviceTiers === undefined || STANDARD.has(tier) || Object.hasOwn(serviceTiers, tier)
}

/** The tariff of one tier; undefined where it is the ordinary one, or not known. */
export function inService(price: Price, tariff: Tariff, tier: string): Tariff | undefined {
  if (price.serviceTiers === undefined || STANDARD.has(tier)) return undefined
  // The name may be anybody's: `constructor` must not find what every object has.
  const service = Object.hasOwn(price.serviceTiers, tier) ? price.serviceTiers[tier] : undefined
  return service === undefined ? undefined : served(tariff, service)
}

function tariffAt(price: Price, periods: readonly Period[], atMs: number): Tariff {
  return periods.findLast((period) => holdsAt(period, atMs)) ?? price
}

function holdsAt({ fromMs, minutes }: Period, atMs: number): boolean {
  if (fromMs !== undefined && atMs < fromMs) return false
  if (minutes === undefined) return true
  const [from, until] = minutes
  const minute = Math.floor(atMs / MINUTE_MS) % DAY_MINUTES
  return from <= until ? minute >= from && minute < until : minute >= from || minute < until
}

function inTier(tariff: Tariff, inputTokens: number): Tariff {
  const tier = tariff.tiers?.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens)
  return tier === undefined ? tariff : { ...tariff, ...tier }
}

function served(tariff: Tariff, service: ServicePrice): Tariff {
  if (typeof service !== 'number') {
    const { perCall, toolCall } = tariff
    return { ...service, ...(perCall === undefined ? {} : { perCall }), ...(toolCall === undefined ? {} : { toolCall }) }
  }
  return { ...tariff, ...scaled(tariff, service) }
}

/** Half a nano-USD a million tokens is rounded up. */
function scaled(rates: Rates, percent: number): Rates {
  const entries = RATE_KINDS.flatMap((kind) => {
    const rate = rates[kind]
    return rate === undefined ? [] : [[kind, Number((BigInt(rate) * BigInt(percent) + 50n) / 100n)] as const]
  })
  // `input` and `output` are among the kinds.
  return Object.fromEntries(entries) as Rates
}
