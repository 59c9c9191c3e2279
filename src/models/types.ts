import type { PromptIdentity } from '../core/call.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Usage } from '../core/events.ts'
import type { NanoUsd } from '../core/money.ts'

/** A wire that clients or providers speak. */
export type WireName = 'openai-chat'

/** A decoded request: what the gateway reads of it, and the text that goes on. */
export interface ModelRequest {
  readonly wire: WireName
  /** The model as the caller named it. */
  readonly model: string
  readonly isStream: boolean
  /** Whether the caller asked for usage in the stream; else the chunk that carries it is hidden. */
  readonly wantsUsage: boolean
  readonly prompt: PromptIdentity
  /** The body as received, for the wire's own `encodeRequest`. */
  readonly text: string
  readonly edits: RequestEdits
}

/** Where, in the text, the things stand that may have to change. */
export interface RequestEdits {
  /** The value of `model`. */
  readonly model: { readonly from: number; readonly to: number }
  /** What makes the provider report the usage of a stream; absent where it would anyway. */
  readonly askForUsage?: { readonly from: number; readonly to: number; readonly with: string }
}

/** Milliseconds, each counted from the moment its name says. */
export interface Timeouts {
  /** Until the provider's host accepts the connection. */
  readonly connectMs: number
  /** From sending to the first content of a stream. */
  readonly firstTokenMs: number
  /** Between two pieces of a reply. */
  readonly idleMs: number
  /** From sending to the end of the reply. */
  readonly totalMs: number
}

/** Price of a model, each in nano-USD per million tokens. */
export interface Price {
  readonly input: NanoUsd
  readonly output: NanoUsd
  /** Left out: as `input`. */
  readonly cachedInput?: NanoUsd
  /** Left out: as `input`. */
  readonly cacheWrite?: NanoUsd
  readonly version: string
}

/** A model at a provider, ready to be sent to. */
export interface Target {
  /** The configured name of the model. */
  readonly name: string
  readonly provider: string
  /** The provider's id of the model. */
  readonly id: string
  readonly wire: WireName
  readonly url: string
  /** With the provider's credential. Never logged. */
  readonly headers: Readonly<Record<string, string>>
  /** The secrets among the headers, for keeping them out of what is told and written down. */
  readonly credentials: readonly string[]
  readonly timeouts: Timeouts
  readonly price: Price | undefined
  /** Names of guards that stand at the model. */
  readonly guards?: readonly string[]
}

/** One try at a target. */
export interface Attempt {
  readonly request: ModelRequest
  readonly target: Target
}

/** A piece of a reply, with the provider's own bytes. Every reply that ends `ok` has exactly one part with `isLast`. */
export interface ModelPart {
  /** `whole`: the entire body. `frame`: one SSE frame, its blank line included. */
  readonly type: 'whole' | 'frame'
  readonly bytes: Uint8Array
  readonly isLast: boolean
  /** Not for this caller: the usage chunk that only the gateway asked for. */
  readonly isHidden: boolean
  readonly usage?: Usage
  /** The caller asked for usage, and this is the frame that carries it: the cost goes in there. */
  readonly takesCost?: true
  /** As the provider's wire names it: `stop`, `length`, `tool_calls`, `content_filter`, … */
  readonly finishReason?: string
  /** Names of the tools that the model asks for in this part, as it wrote them. */
  readonly toolCalls?: readonly string[]
  /** Set on a frame that reports a failure inside a reply that began well. */
  readonly error?: GatewayError
}

/** What a provider's error answer looked like. */
export interface ProviderFailure {
  readonly provider: string
  readonly status: number
  readonly retryAfter: string | null
  readonly body: Uint8Array
}

/** Bounds on what a dialect reads. */
export interface DecodeBounds {
  readonly maxDepth: number
}

/**
 * One wire format, both ways. No clock, no network, no state but that of one stream: the same input always gives the same output.
 */
export interface Dialect {
  readonly wire: WireName
  /** Path of the endpoint below a provider's base URL. */
  readonly path: string
  /** @throws invalid_json, duplicate_key, invalid_request */
  decodeRequest(body: Uint8Array, bounds: DecodeBounds): ModelRequest
  /** The body for a provider of the same wire: the caller's text with the spliced changes. */
  encodeRequest(request: ModelRequest, target: Target): string
  /** @throws provider_malformed, provider_error (an error in a body of status 200) */
  decodeReply(body: Uint8Array, target: Target): ModelPart
  /** A decoder for one stream. */
  decodeStream(request: ModelRequest, target: Target): StreamDecoder
  decodeError(failure: ProviderFailure): GatewayError
  encodeError(error: GatewayError, requestId: string): string
  /** The bytes that tell a reader of a stream that it failed. No terminal event follows. */
  encodeStreamError(error: GatewayError, requestId: string): Uint8Array
  /** The last usage chunk with the cost added. */
  encodeCost(part: ModelPart, cost: NanoUsd): Uint8Array
}

/** Decodes the frames of one stream, in order. */
export interface StreamDecoder {
  /** @throws provider_malformed */
  frame(frame: Uint8Array): ModelPart
  /** What to add at a clean end without the terminal event: the terminal event, where the content was complete; else undefined (truncated). */
  atEnd(): ModelPart | undefined
}
