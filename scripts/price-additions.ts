import type { Amount, RateRow } from '../src/models/prices/types.ts'

/** What one tier of service of some models costs, where no percentage says it. */
interface ServiceRates {
  readonly provider: string
  readonly ids: readonly string[]
  readonly tier: string
  readonly rates: RateRow | number
}

/**
 * What tiers of service cost at every model of a provider, in percent. Where there are any, all others are unpriced. Read on 2026-11-21:
 * batch, half price: the price pages of OpenAI, Anthropic, Google, Mistral and Groq; Bedrock: its pricing page, which has no figures for flex
 * and priority. flex: "priced at Batch API rates" (https://developers.openai.com/api/docs/guides/flex-processing), "a 50% discount" (Azure:
 * https://learn.microsoft.com/azure/foundry/openai/how-to/flex-processing; Gemini: https://ai.google.dev/gemini-api/docs/optimization, which
 * gives priority as 75 to 100 % more: the models of which more is known stand below). Anthropic's priority tier is by contract.
 */
export const TIER_PERCENT: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  openai: { batch: 50, flex: 50 },
  azure: { batch: 50, flex: 50 },
  anthropic: { batch: 50 },
  gemini: { batch: 50, flex: 50 },
  bedrock: { batch: 50 },
  mistral: { batch: 50 },
  groq: { batch: 50, flex: 100 },
}

const rates = (input: Amount, cachedInput: Amount, output: Amount): RateRow => ({ input, cachedInput, output })
const priority = (id: string, row: RateRow): ServiceRates => ({ provider: 'openai', ids: [id], tier: 'priority', rates: row })

/**
 * Tiers of service of single models; those that are not here are unpriced in these tiers.
 * OpenAI, priority: https://openai.com/api-priority-processing (read 2026-11-21); gpt-4.1-nano, gpt-4o, gpt-4o-mini, o3 and o4-mini as the
 * pricing page had them at the end of 2025. Anthropic, `speed: fast`: twice the rates from Opus 4.8 on, six times before
 * (https://platform.claude.com/docs/en/build-with-claude/fast-mode; the amounts also at OpenRouter and Vercel, read 2026-11-21).
 * Gemini, priority: 1.8 times every rate, long contexts included, as LiteLLM's table has it from Google's price page for these models, and within
 * what that page says (https://github.com/BerriAI/litellm/blob/00035b69f416be24e2e323c13198d9b7d2d1bdf9/model_prices_and_context_window.json,
 * read 2026-11-21). For Gemini 2.5 Pro it has the ordinary price, which that page contradicts; of later ones it has none.
 */
export const SERVICE_RATES: readonly ServiceRates[] = [
  { provider: 'anthropic', ids: ['claude-opus-4-6', 'claude-opus-4-7'], tier: 'fast', rates: 600 },
  { provider: 'anthropic', ids: ['claude-opus-4-8', 'claude-opus-5', 'claude-opus-5-5'], tier: 'fast', rates: 200 },
  {
    provider: 'gemini',
    ids: ['gemini-3-flash-preview', 'gemini-3-pro-preview', 'gemini-3.1-flash-lite', 'gemini-3.1-pro-preview', 'gemini-3.5-flash'],
    tier: 'priority',
    rates: 180,
  },
  priority('gpt-5', rates(2.5, 0.25, 20)),
  priority('gpt-5-mini', rates(0.45, 0.045, 3.6)),
  priority('gpt-5.1', rates(2.5, 0.25, 20)),
  priority('gpt-5.2', rates(3.5, 0.35, 28)),
  priority('gpt-5.4', rates(5, 0.5, 30)),
  priority('gpt-5.4-mini', rates(1.5, 0.15, 9)),
  priority('gpt-5.5', rates(12.5, 1.25, 75)),
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
