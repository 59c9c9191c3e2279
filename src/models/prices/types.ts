import type { NanoUsd } from '../../core/money.ts'

/** What tokens have a price of their own for. All but `input` and `output` fall back: see FALLBACKS in charge.ts. */
export const RATE_KINDS = [
  'input',
  'cachedInput',
  'cacheWrite',
  'cacheWrite1h',
  'audioInput',
  'cachedAudioInput',
  'imageInput',
  'cachedImageInput',
  'output',
  'reasoning',
  'audioOutput',
] as const
export type RateKind = (typeof RATE_KINDS)[number]

/** Prices of tokens, each in nano-USD per million. */
export type Rates = { readonly [Kind in 'input' | 'output']: NanoUsd } & { readonly [Kind in RateKind]?: NanoUsd }

/** Rates of a whole request whose input is longer than this. Kinds that it does not name cost what they cost below. */
export interface ContextTier extends Partial<Rates> {
  readonly aboveInputTokens: number
}

/** Everything that a model costs at one time of the day and year. */
export type Tariff = Rates & {
  /** Longer ones later. */
  readonly tiers?: readonly ContextTier[]
  /** For each request, in nano-USD. */
  readonly perCall?: NanoUsd
  /** For each call of a tool that the provider runs and charges for, such as a search, in nano-USD. */
  readonly toolCall?: NanoUsd
  /** For each unit that is no token, in nano-USD. */
  readonly unit?: NanoUsd
}

/** A tariff that holds from a day on, or between two times of each day, UTC. */
export type Period = Tariff & {
  readonly fromMs?: number
  /** Minutes from midnight; where the second is the smaller one, midnight lies between them. */
  readonly minutes?: readonly [from: number, until: number]
}

/** What a tier of service costs: percent of every rate, or rates of its own. */
export type ServicePrice = number | Rates

/** Price of a model. */
export type Price = Tariff & {
  /** The last one that holds at the time wins; where none does, the tariff itself. */
  readonly periods?: readonly Period[]
  /** By the provider's name for it: batch, flex, priority. Absent: every tier of service costs the same. */
  readonly serviceTiers?: Readonly<Record<string, ServicePrice>>
  /** Stands in every event that it priced. */
  readonly version: string
}

/** Price of an id, as it stands in a table. Amounts are US dollars, as numbers or decimal texts; nobody calculates with them. */
export interface PriceRow extends TariffRow {
  readonly id: string
  /** Other ids that have this price: `*` stands for any text, `#` for a digit. */
  readonly match?: readonly string[]
  /** Ids that do not, though they match. */
  readonly except?: readonly string[]
  readonly periods?: readonly PeriodRow[]
  readonly serviceTiers?: Readonly<Record<string, number | RateRow>>
}

export type Amount = number | string
export type RateRow = { readonly [Kind in RateKind]?: Amount }

export interface TariffRow extends RateRow {
  readonly tiers?: readonly ({ readonly aboveInputTokens: number } & RateRow)[]
  readonly perCall?: Amount
  readonly toolCall?: Amount
}

export interface PeriodRow extends TariffRow {
  /** Day, such as 2027-01-01. */
  readonly from?: string
  /** Times of the day, UTC, such as 00:30 and 16:30. */
  readonly hours?: readonly [string, string]
}

/** Prices at one provider. */
export interface ProviderPrices {
  /** Providers whose prices hold for what has none here. */
  readonly fallback?: readonly string[]
  /** Tiers of service of every model here that says nothing else. */
  readonly serviceTiers?: Readonly<Record<string, number>>
  readonly models: readonly PriceRow[]
}

export const TABLE_FORMAT = 'signalbox-prices/1'
export const TABLE_UNIT = 'USD per million tokens; perCall and toolCall: USD each'

/** A table of list prices, as it is stored. */
export interface PriceTable {
  readonly format: typeof TABLE_FORMAT
  readonly unit: typeof TABLE_UNIT
  /** Names the table in events, such as 2026-11-21. */
  readonly version: string
  readonly source: string
  readonly providers: Readonly<Record<string, ProviderPrices>>
}
