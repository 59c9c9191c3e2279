import { z } from 'zod'
import { count, usd } from '../../core/fields.ts'
import type { ConfigProblem } from '../../core/section.ts'
import type { Price, RateKind, Rates } from './types.ts'

const UNIT = 'USD per million tokens'
const MOST_EACH_NANO_USD = 9_000_000_000

/** Keys of the configuration, by the kind of price. */
const KEYS = {
  cachedInput: 'cachedInputPerMillion',
  cacheWrite: 'cacheWritePerMillion',
  cacheWrite1h: 'cacheWrite1hPerMillion',
  audioInput: 'audioInputPerMillion',
  imageInput: 'imageInputPerMillion',
  reasoning: 'reasoningPerMillion',
  audioOutput: 'audioOutputPerMillion',
} as const satisfies Partial<Record<RateKind, string>>

const rate = (what: string, otherwise: string) =>
  usd(UNIT).exactOptional().describe(`Price of a million ${what}. Left out: as ${otherwise}.`)

const others = {
  cachedInputPerMillion: rate("input tokens that were read from the provider's cache", 'inputPerMillion'),
  cacheWritePerMillion: rate("input tokens that were written to the provider's cache", 'inputPerMillion'),
  cacheWrite1hPerMillion: rate('input tokens that were written to be kept for an hour', 'cacheWritePerMillion'),
  audioInputPerMillion: rate('input tokens that are sound', 'inputPerMillion'),
  imageInputPerMillion: rate('input tokens that are images', 'inputPerMillion'),
  reasoningPerMillion: rate('output tokens that are reasoning', 'outputPerMillion'),
  audioOutputPerMillion: rate('output tokens that are sound', 'outputPerMillion'),
}

const tier = z.strictObject({
  aboveInputTokens: count('tokens', { min: '1' }).describe('The tier holds for the whole of a request with more input tokens than this.'),
  inputPerMillion: rate('input tokens', 'below the tier'),
  outputPerMillion: rate('output tokens', 'below the tier'),
  ...others,
})

/** What a model of the configuration costs. */
export const priceField = z.strictObject({
  inputPerMillion: usd(UNIT).describe('Price of a million input tokens.'),
  outputPerMillion: usd(UNIT).describe('Price of a million output tokens, reasoning included.'),
  ...others,
  perCall: usd('USD').exactOptional().describe('Price of each request, beside its tokens. Left out: none.'),
  perToolCall: usd('USD')
    .exactOptional()
    .describe('Price of each call of a tool that the provider runs, such as a search. Left out: not known; calls with one are unpriced.'),
  tiers: z.array(tier).exactOptional().describe('Prices of long requests, shorter ones first. Left out: the same at every length.'),
  serviceTiers: z
    .record(
      z.string().meta({ 'x-unit': 'name' }),
      z
        .int()
        .min(0)
        .max(1000)
        .meta({ 'x-unit': 'percent', 'x-examples': [50] })
        .describe('Percent of the prices above.'),
    )
    .exactOptional()
    .describe(
      'Tiers of service of the provider, such as flex or priority, in percent of the prices above. Others are unpriced then. Left out: every tier costs the same.',
    ),
})

type ConfiguredPrice = z.output<typeof priceField>

/** Prices of the configuration as a price. */
export function configuredPrice(written: ConfiguredPrice): Price {
  const { perCall, perToolCall, tiers, serviceTiers } = written
  return {
    input: written.inputPerMillion,
    output: written.outputPerMillion,
    ...otherRates(written),
    ...(perCall === undefined ? {} : { perCall }),
    ...(perToolCall === undefined ? {} : { toolCall: perToolCall }),
    ...(tiers === undefined ? {} : { tiers: tiers.map(tierOf) }),
    ...(serviceTiers === undefined ? {} : { serviceTiers }),
    version: 'configuration',
  }
}

function tierOf(tier: NonNullable<ConfiguredPrice['tiers']>[number]) {
  const { aboveInputTokens, inputPerMillion: input, outputPerMillion: output } = tier
  return {
    aboveInputTokens,
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...otherRates(tier),
  }
}

type OtherRates = { readonly [Key in (typeof KEYS)[keyof typeof KEYS]]?: number }

function otherRates(written: OtherRates): Partial<Omit<Rates, 'input' | 'output'>> {
  return Object.fromEntries(
    Object.entries(KEYS).flatMap(([kind, key]) => {
      const nanoUsd = written[key]
      return nanoUsd === undefined ? [] : [[kind, nanoUsd]]
    }),
  )
}

/** What no field by itself can say. */
export function checkPrice(path: readonly (string | number)[], price: ConfiguredPrice | undefined): readonly ConfigProblem[] {
  if (price === undefined) return []
  const { tiers = [] } = price
  const each = (['perCall', 'perToolCall'] as const).filter((key) => (price[key] ?? 0) > MOST_EACH_NANO_USD)
  return [
    ...each.map((key) => ({ path: [...path, key], message: 'is more than 9 US dollars for a single call; is it in another unit?' })),
    ...tiers.flatMap(({ aboveInputTokens }, index) =>
      aboveInputTokens > (tiers[index - 1]?.aboveInputTokens ?? 0)
        ? []
        : [{ path: [...path, 'tiers', index, 'aboveInputTokens'], message: 'is not more than that of the tier before it' }],
    ),
  ]
}
