import type { WireName } from './types.ts'

/** What is known of a provider, so that its name in the configuration is enough. */
export interface ProviderRow {
  readonly wire: WireName
  /** Without a slash at its end. */
  readonly baseUrl: string
  /** How the key is sent: `Authorization: Bearer`, or not at all. */
  readonly auth: 'bearer' | 'none'
  /** The environment variable in which people keep the key; absent where there is no key. */
  readonly keyEnv?: string
}

/** The wire that nearly every provider speaks. */
export const COMMON_WIRE: WireName = 'openai-chat'

/** OpenAI-compatible chat endpoints. One row a provider. Addresses as known on 2026-11-21; none could be called from where they were written down. */
export const PROVIDERS: Readonly<Record<string, ProviderRow>> = {
  openai: { wire: 'openai-chat', baseUrl: 'https://api.openai.com/v1', auth: 'bearer', keyEnv: 'OPENAI_API_KEY' },
  groq: { wire: 'openai-chat', baseUrl: 'https://api.groq.com/openai/v1', auth: 'bearer', keyEnv: 'GROQ_API_KEY' },
  mistral: { wire: 'openai-chat', baseUrl: 'https://api.mistral.ai/v1', auth: 'bearer', keyEnv: 'MISTRAL_API_KEY' },
  deepseek: { wire: 'openai-chat', baseUrl: 'https://api.deepseek.com', auth: 'bearer', keyEnv: 'DEEPSEEK_API_KEY' },
  together: { wire: 'openai-chat', baseUrl: 'https://api.together.ai/v1', auth: 'bearer', keyEnv: 'TOGETHER_API_KEY' },
  fireworks: { wire: 'openai-chat', baseUrl: 'https://api.fireworks.ai/inference/v1', auth: 'bearer', keyEnv: 'FIREWORKS_API_KEY' },
  openrouter: { wire: 'openai-chat', baseUrl: 'https://openrouter.ai/api/v1', auth: 'bearer', keyEnv: 'OPENROUTER_API_KEY' },
  xai: { wire: 'openai-chat', baseUrl: 'https://api.x.ai/v1', auth: 'bearer', keyEnv: 'XAI_API_KEY' },
  nvidia: { wire: 'openai-chat', baseUrl: 'https://integrate.api.nvidia.com/v1', auth: 'bearer', keyEnv: 'NVIDIA_API_KEY' },
  perplexity: { wire: 'openai-chat', baseUrl: 'https://api.perplexity.ai', auth: 'bearer', keyEnv: 'PERPLEXITY_API_KEY' },
  cerebras: { wire: 'openai-chat', baseUrl: 'https://api.cerebras.ai/v1', auth: 'bearer', keyEnv: 'CEREBRAS_API_KEY' },
  ollama: { wire: 'openai-chat', baseUrl: 'http://127.0.0.1:11434/v1', auth: 'none' },
}
