import { isObject } from '../../../core/json.ts'
import { formatUsd, parseUsd } from '../../../core/money.ts'
import type { PriceRow, ProviderPrices, RateKind, RateRow } from '../types.ts'
import type { Converted, LeftOut } from './converted.ts'

/** Names of our providers, by `litellm_provider`. */
const PROVIDERS: Readonly<Record<string, string>> = {
  text_completion_openai: 'openai',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  cohere_chat: 'cohere',
  bedrock_converse: 'bedrock',
  'vertex_ai-language-models': 'vertex',
  'vertex_ai-anthropic_models': 'vertex',
  'vertex_ai-embedding-models': 'vertex',
}

const PER_TOKEN: Readonly<Record<string, RateKind>> = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cachedInput',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  input_cost_per_audio_token: 'audioInput',
  cache_read_input_audio_token_cost: 'cachedAudioInput',
  output_cost_per_audio_token: 'audioOutput',
  output_cost_per_reasoning_token: 'reasoning',
  input_cost_per_image_token: 'imageInput',
}

const TIER = /_above_(\d+)k_tokens/
const SERVICE = /_(flex|priority|batches)$/
const SERVICE_NAMES: Readonly<Record<string, string>> = { flex: 'flex', priority: 'priority', batches: 'batch' }
/** Kinds of model whose calls are paid for by what no usage here tells: images, seconds, pages. */
const MODES: ReadonlySet<unknown> = new Set([undefined, 'chat', 'completion', 'responses', 'embedding', 'rerank'])

/** Whether this is a table in the format of LiteLLM's model_prices_and_context_window.json: models by name, with a price a token. */
export function isLitellm(file: unknown): file is Readonly<Record<string, unknown>> {
  return (
    isObject(file) && Object.values(file).some((each) => isObject(each) && ('input_cost_per_token' in each || 'litellm_provider' in each))
  )
}

/** Reads a table in the format of LiteLLM (https://docs.litellm.ai/docs/provider_registration/add_model_pricing, read on 2026-11-21). */
export function fromLitellm(file: Readonly<Record<string, unknown>>): Converted {
  const leftOut: LeftOut[] = []
  const rows = new Map<string, PriceRow[]>()
  for (const [name, entry] of Object.entries(file)) {
    if (name === 'sample_spec' || !isObject(entry)) continue
    const written = String(entry.litellm_provider ?? 'openai')
    const provider = PROVIDERS[written] ?? written
    const row = readEntry(idOf(name, written), entry)
    if (typeof row === 'string') leftOut.push({ provider, model: name, why: row })
    else rows.set(provider, [...(rows.get(provider) ?? []), row])
  }
  const providers: Record<string, ProviderPrices> = Object.fromEntries([...rows].map(([provider, models]) => [provider, { models }]))
  return { providers, leftOut }
}

/** `xai/grok-4` is `grok-4` at xai. */
function idOf(name: string, provider: string): string {
  return name.startsWith(`${provider}/`) ? name.slice(provider.length + 1) : name
}

type Mutable = { [Kind in RateKind]?: string }

/** The row, or why there is none. */
function readEntry(id: string, entry: Readonly<Record<string, unknown>>): PriceRow | string {
  if (!MODES.has(entry.mode)) return `it is priced by something else than tokens (mode ${String(entry.mode)})`
  const base: Mutable = {}
  const tiers = new Map<number, Mutable>()
  const services = new Map<string, Mutable>()
  for (const [key, value] of Object.entries(entry)) {
    if (!key.includes('cost')) continue
    const tier = TIER.exec(key)
    const service = SERVICE.exec(key)
    const kind = PER_TOKEN[key.replace(TIER, '').replace(SERVICE, '')]
    // Of a tier of service in a tier of length there is no row here: what stands below it is charged.
    if (kind === undefined || (tier !== null && service !== null)) continue
    const price = perMillion(value)
    if (price === undefined) return `${key} is ${String(value).slice(0, 40)}, which is no price`
    if (tier !== null) getOr(tiers, Number(tier[1]) * 1000)[kind] = price
    else if (service !== null) getOr(services, SERVICE_NAMES[service[1] ?? ''] ?? '')[kind] = price
    else base[kind] = price
  }
  if (base.input === undefined) return 'it has no price of input tokens'
  if (base.output === undefined && entry.mode !== 'embedding' && entry.mode !== 'rerank') return 'it has no price of output tokens'
  const sorted = [...tiers].sort(([left], [right]) => left - right).map(([aboveInputTokens, rates]) => ({ aboveInputTokens, ...rates }))
  const search = isObject(entry.search_context_cost_per_query) ? entry.search_context_cost_per_query.search_context_size_medium : undefined
  const whole = [...services].map(([name, rates]): [string, RateRow] => [name, { ...base, output: base.output ?? '0', ...rates }])
  return {
    id,
    output: '0',
    ...base,
    ...(sorted.length === 0 ? {} : { tiers: sorted }),
    ...(whole.length === 0 ? {} : { serviceTiers: Object.fromEntries(whole) }),
    ...(typeof search === 'number' ? { toolCall: search } : {}),
  }
}

function getOr<Key>(map: Map<Key, Mutable>, key: Key): Mutable {
  const known = map.get(key) ?? {}
  map.set(key, known)
  return known
}

/** A price a token as decimal text a million, by its digits: 2.5e-06 is 2.5. */
function perMillion(perToken: unknown): string | undefined {
  if (typeof perToken !== 'number' || !Number.isFinite(perToken) || perToken < 0) return undefined
  // Some rows of such tables carry the dust of a float division; no provider has a price of more than ten digits.
  const [digits = '0', exponent = '0'] = Number(perToken.toPrecision(10)).toExponential().split('e')
  const nanoUsd = parseUsd(`${digits}e${Number(exponent) + 6}`)
  return nanoUsd === undefined ? undefined : formatUsd(nanoUsd)
}
