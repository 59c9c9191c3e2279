import type { Amount, RateRow } from '../src/models/prices/types.ts'

/** What one tier of service of some models costs, where no percentage says it. */
interface ServiceRates {
  readonly provider: string
  readonly ids: readonly string[]
  readonly tier: string
  readonly rates: RateRow | number
}

/** Half price for what is answered within a day: the price pages of OpenAI, Anthropic, Google, Mistral and Groq, as known on 2026-11-21. */
export const BATCH_PERCENT: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  openai: { batch: 50 },
  anthropic: { batch: 50 },
  gemini: { batch: 50 },
  mistral: { batch: 50 },
  groq: { batch: 50, flex: 100 },
}

const rates = (input: Amount, cachedInput: Amount, output: Amount): RateRow => ({ input, cachedInput, output })
const priority = (id: string, row: RateRow): ServiceRates => ({ provider: 'openai', ids: [id], tier: 'priority', rates: row })

/**
 * Tiers of service of OpenAI (https://platform.openai.com/docs/pricing, flex and priority processing, as known at the end of 2025). Models
 * that are not here are unpriced in these tiers.
 */
export const SERVICE_RATES: readonly ServiceRates[] = [
  { provider: 'openai', ids: ['gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5.1', 'gpt-5.2', 'o3', 'o4-mini'], tier: 'flex', rates: 50 },
  priority('gpt-5', rates(2.5, 0.25, 20)),
  priority('gpt-5-mini', rates(0.45, 0.045, 3.6)),
  priority('gpt-5.1', rates(2.5, 0.25, 20)),
  priority('gpt-5.2', rates(3.5, 0.35, 28)),
  priority('gpt-4.1', rates(3.5, 0.875, 14)),
  priority('gpt-4.1-mini', rates(0.7, 0.175, 2.8)),
  priority('gpt-4.1-nano', rates(0.2, 0.05, 0.8)),
  priority('gpt-4o', rates(4.25, 2.125, 17)),
  priority('gpt-4o-mini', rates(0.25, 0.125, 1)),
  priority('o3', rates(3.5, 0.875, 14)),
  priority('o4-mini', rates(2, 0.5, 8)),
]

/**
 * Models whose row in the source is not whole: it has the price of text alone, though their audio costs many times that. Left out, so that
 * they are unpriced until the configuration gives their price.
 */
export const NOT_WHOLE: ReadonlySet<string> = new Set(['openai gpt-4o-audio-preview', 'openai gpt-4o-mini-audio-preview'])
