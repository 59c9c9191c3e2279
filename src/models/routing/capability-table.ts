import type { Capabilities } from './types.ts'

interface CapabilityRow {
  readonly pattern: RegExp
  readonly can: Capabilities
}

/**
 * What models can do, by their ids; the first row that fits counts. Only what is long settled and would else cost a failed call: a model that
 * is not here is not ruled out for anything, and `can` in the configuration wins. Sources: the makers' public model pages, as known on 2026-11-21.
 */
export const CAPABILITY_ROWS: readonly CapabilityRow[] = [
  {
    pattern: /^gpt-3\.5-turbo/,
    can: { context: 16_385, output: 4096, tools: true, images: false, audio: false, schema: false, reasoning: false },
  },
  { pattern: /^gpt-4o-mini/, can: { context: 128_000, output: 16_384, tools: true, images: true, schema: true, prefill: false } },
  { pattern: /^gpt-4o(?!.*audio)/, can: { context: 128_000, output: 16_384, tools: true, images: true, schema: true, prefill: false } },
  { pattern: /^gpt-4\.1/, can: { context: 1_047_576, output: 32_768, tools: true, images: true, schema: true, prefill: false } },
  {
    pattern: /^gpt-5(?!.*chat)/,
    can: { context: 400_000, output: 128_000, tools: true, images: true, schema: true, reasoning: true, prefill: false },
  },
  { pattern: /^o[134]-mini/, can: { context: 200_000, output: 100_000, tools: true, schema: true, reasoning: true, prefill: false } },
  { pattern: /^o3$/, can: { context: 200_000, output: 100_000, tools: true, images: true, schema: true, reasoning: true, prefill: false } },
  {
    pattern: /^claude-3-(?:haiku|5-haiku)/,
    can: { context: 200_000, tools: true, images: true, audio: false, reasoning: false, prefill: true },
  },
  { pattern: /^deepseek-chat/, can: { tools: true, images: false, audio: false, prefill: true } },
  { pattern: /^deepseek-reasoner/, can: { images: false, audio: false, reasoning: true } },
]
