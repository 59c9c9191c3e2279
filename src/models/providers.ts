import type { Surroundings } from './cloud/authorize.ts'
import { CLOUD_PROVIDERS } from './cloud/providers.ts'
import type { ProviderConfig } from './config.ts'
import type { Framing } from './framing.ts'
import type { Authorize, AuthStyle, Traits, WireName } from './types.ts'

/** What is known of a provider, so that its name in the configuration is enough. */
export interface ProviderRow {
  readonly wire: WireName
  /** Without a slash at its end. `{region}` stands for what the provider's configuration says under this key. Empty: must be configured. */
  readonly baseUrl: string
  /** How the key is sent. Left out: as the wire has it. */
  readonly auth?: AuthStyle
  /** The environment variable in which people keep the key; absent where there is no key. */
  readonly keyEnv?: string
  /** Headers that every request has. */
  readonly headers?: Readonly<Record<string, string>>
  /** Headers that carry a key of the provider's configuration: the name of the key, the name of the header. */
  readonly headersFrom?: Readonly<Partial<Record<'organization' | 'project', string>>>
  readonly traits?: Traits
  /** Where the provider is asked, where that is not the wire's own path: a path below its address, or a whole URL; undefined where it has no such endpoint. */
  readonly paths?: (modelId: string, how: How, provider: ProviderConfig, wire: WireName) => string | undefined
  /** How its streams are cut, where that is not the wire's own way. */
  readonly framing?: Framing
  /** Makes what signs its requests, or gets its tokens. Called once for each provider of a configuration. */
  readonly authorize?: (provider: ProviderConfig, surroundings: Surroundings) => Authorize
  /** Keys of the provider's configuration that it cannot do without, besides those in its address. */
  readonly needs?: readonly (keyof ProviderConfig & string)[]
  /** Other wires that it speaks at the same address, where it has paths for them: callers of these are passed through. */
  readonly alsoSpeaks?: readonly WireName[]
}

/** What a provider is asked for, as far as its paths differ. */
export type How = 'whole' | 'stream' | 'count' | 'embed'

/** The wire that nearly every provider speaks. */
export const COMMON_WIRE: WireName = 'openai-chat'

/** One row a provider. Addresses as known on 2026-11-21; none could be called from where they were written down. */
export const PROVIDERS: Readonly<Record<string, ProviderRow>> = {
  openai: {
    wire: 'openai-chat',
    baseUrl: 'https://api.openai.com/v1',
    keyEnv: 'OPENAI_API_KEY',
    headersFrom: { organization: 'openai-organization', project: 'openai-project' },
    traits: { maxTokensField: 'max_completion_tokens', takesOpenAiExtras: true },
    alsoSpeaks: ['openai-responses'],
  },
  anthropic: {
    wire: 'anthropic-messages',
    baseUrl: 'https://api.anthropic.com/v1',
    keyEnv: 'ANTHROPIC_API_KEY',
    traits: { takesSystemTurns: true },
  },
  gemini: { wire: 'gemini', baseUrl: 'https://generativelanguage.googleapis.com/v1beta', keyEnv: 'GEMINI_API_KEY' },
  ...CLOUD_PROVIDERS,
  groq: { wire: 'openai-chat', baseUrl: 'https://api.groq.com/openai/v1', keyEnv: 'GROQ_API_KEY' },
  mistral: { wire: 'openai-chat', baseUrl: 'https://api.mistral.ai/v1', keyEnv: 'MISTRAL_API_KEY' },
  deepseek: { wire: 'openai-chat', baseUrl: 'https://api.deepseek.com', keyEnv: 'DEEPSEEK_API_KEY' },
  together: { wire: 'openai-chat', baseUrl: 'https://api.together.ai/v1', keyEnv: 'TOGETHER_API_KEY' },
  fireworks: { wire: 'openai-chat', baseUrl: 'https://api.fireworks.ai/inference/v1', keyEnv: 'FIREWORKS_API_KEY' },
  openrouter: { wire: 'openai-chat', baseUrl: 'https://openrouter.ai/api/v1', keyEnv: 'OPENROUTER_API_KEY' },
  xai: { wire: 'openai-chat', baseUrl: 'https://api.x.ai/v1', keyEnv: 'XAI_API_KEY' },
  nvidia: { wire: 'openai-chat', baseUrl: 'https://integrate.api.nvidia.com/v1', keyEnv: 'NVIDIA_API_KEY' },
  perplexity: { wire: 'openai-chat', baseUrl: 'https://api.perplexity.ai', keyEnv: 'PERPLEXITY_API_KEY' },
  cohere: { wire: 'openai-chat', baseUrl: 'https://api.cohere.ai/compatibility/v1', keyEnv: 'COHERE_API_KEY' },
  huggingface: { wire: 'openai-chat', baseUrl: 'https://router.huggingface.co/v1', keyEnv: 'HF_TOKEN' },
  cerebras: { wire: 'openai-chat', baseUrl: 'https://api.cerebras.ai/v1', keyEnv: 'CEREBRAS_API_KEY' },
  ollama: {
    wire: 'openai-chat',
    baseUrl: 'http://127.0.0.1:11434/v1',
    auth: 'none',
    alsoSpeaks: ['openai-responses', 'anthropic-messages'],
  },
  vllm: { wire: 'openai-chat', baseUrl: 'http://127.0.0.1:8000/v1' },
  sglang: { wire: 'openai-chat', baseUrl: 'http://127.0.0.1:30000/v1' },
  llamacpp: { wire: 'openai-chat', baseUrl: 'http://127.0.0.1:8080/v1' },
  lmstudio: { wire: 'openai-chat', baseUrl: 'http://127.0.0.1:1234/v1' },
}

/** The row of a configured provider, or undefined. A name such as `constructor` must not find what every object has. */
export function rowOf(name: string, { kind = name }: Pick<ProviderConfig, 'kind'>): ProviderRow | undefined {
  return Object.hasOwn(PROVIDERS, kind) ? PROVIDERS[kind] : undefined
}
