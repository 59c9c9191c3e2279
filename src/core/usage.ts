import type { JsonObject } from './json.ts'
import type { NanoUsd } from './money.ts'

/** What was used. Absent means that the provider did not say; it is never written as 0. */
export interface Usage {
  /** All input, what was read from or written to the provider's cache included. */
  readonly inputTokens?: number
  /** The part of the input that the provider read from its cache. */
  readonly cachedInputTokens?: number
  /** The part of the input that the provider wrote to its cache. */
  readonly cacheWriteTokens?: number
  /** The part of `cacheWriteTokens` that is kept for an hour, where the provider tells it from five minutes. */
  readonly cacheWrite1hTokens?: number
  /** All output, reasoning included. */
  readonly outputTokens?: number
  readonly reasoningTokens?: number
  /** The parts of input and output that are audio, and of the input that are images. */
  readonly audioInputTokens?: number
  readonly audioOutputTokens?: number
  readonly imageInputTokens?: number
  /** Calls of tools that the provider ran itself and charges for, such as searches. */
  readonly toolCalls?: number
  /** What else is counted and charged for: pages, search units, seconds. */
  readonly units?: number
  /** Tier of service that the provider gave, by its own name: batch, flex, priority. Absent where it named none. */
  readonly serviceTier?: string
  /** Set where the provider did not say the end of it: what it used is at least this. */
  readonly isEstimate?: true
  /** What the provider said, as received. */
  readonly raw?: JsonObject
}

/** One line of a bill: tokens of a kind, and their price. The kinds `call`, `toolCall` and `unit` count these in the place of tokens. */
export interface PricedLine {
  readonly kind:
    | 'input'
    | 'audioInput'
    | 'imageInput'
    | 'cachedInput'
    | 'cachedAudioInput'
    | 'cachedImageInput'
    | 'cacheWrite'
    | 'cacheWrite1h'
    | 'output'
    | 'audioOutput'
    | 'reasoning'
    | 'call'
    | 'toolCall'
    | 'unit'
  readonly tokens: number
  /** Per million of them. */
  readonly nanoUsd: NanoUsd
}
