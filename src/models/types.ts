import type { PromptIdentity } from '../core/call.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Usage } from '../core/events.ts'
import type { NanoUsd } from '../core/money.ts'
import type { Fidelity, Loss } from './neutral/loss.ts'
import type { NeutralReply, StreamEvent } from './neutral/reply.ts'
import type { NeutralRequest } from './neutral/request.ts'

/** A wire that clients or providers speak. */
export type WireName = 'openai-chat' | 'anthropic-messages'

/** How a provider is sent its key. */
export type AuthStyle = 'bearer' | 'x-api-key' | 'api-key' | 'x-goog-api-key' | 'none'

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
  /** Headers of the wire that go on with the request to a provider of the same wire. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The request in no wire's words. Read anew each time: who never asks does not pay, and nothing is kept while the provider works.
   * @throws invalid_request with the field at fault, as the caller wrote it
   */
  neutral(): NeutralRequest
}

/** What the edge knows of a request besides its body. */
export interface RequestAddress {
  readonly headers: Headers
  /** The model, where the wire has it in the path. */
  readonly model?: string
  /** Whether the path asks for a stream, where the wire says so there. */
  readonly isStream?: boolean
}

/** Where, in the text, the things stand that may have to change. */
export interface RequestEdits {
  /** The value of `model`; absent where the wire has it in the path. */
  readonly model?: { readonly from: number; readonly to: number }
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
  /** Where a stream is asked for, where that is another place. */
  readonly streamUrl?: string
  /** With the provider's credential. Never logged. */
  readonly headers: Readonly<Record<string, string>>
  /** The secrets among the headers, for keeping them out of what is told and written down. */
  readonly credentials: readonly string[]
  readonly timeouts: Timeouts
  readonly price: Price | undefined
  /** What becomes of a request that its wire cannot carry whole. Left out: `warn`. */
  readonly fidelity?: Fidelity
  /** What the provider does its own way within its wire. */
  readonly traits?: Traits
}

/** What providers of one wire do differently. A row of PROVIDERS says it. */
export interface Traits {
  /** The field that bounds the output in `openai-chat`. Left out: `max_tokens`, which nearly all know. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens'
}

/** One try at a target. */
export interface Attempt {
  readonly request: ModelRequest
  readonly target: Target
  /** The body in the target's wire, where that is not the caller's. */
  readonly encoded?: string
}

/** A piece of a reply, with the provider's own bytes. Every reply that ends `ok` has exactly one part with `isLast`. */
export interface ModelPart {
  /** `whole`: the entire body. `frame`: one SSE frame, its blank line included. */
  readonly type: 'whole' | 'frame'
  readonly bytes: Uint8Array
  readonly isLast: boolean
  /** Not for this caller: the usage chunk that only the gateway asked for. */
  readonly isHidden: boolean
  /** Says that something will come, and not yet anything of it. */
  readonly isPreamble?: true
  readonly usage?: Usage
  /** The caller asked for usage, and this is the frame that carries it: the cost goes in there. */
  readonly takesCost?: true
  /** As the provider's wire names it: `stop`, `length`, `tool_calls`, `content_filter`, … */
  readonly finishReason?: string
  /** Names of the tools that the model asks for in this part, as it wrote them. */
  readonly toolCalls?: readonly string[]
  /** Set on a frame that reports a failure inside a reply that began well. */
  readonly error?: GatewayError
  /** Of a whole reply: the reply in no wire's words. Read anew each time. */
  readonly neutral?: () => NeutralReply
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

/** What a writer of replies needs to know. */
export interface ReplyContext {
  readonly request: Pick<ModelRequest, 'model' | 'wantsUsage'>
  /** Stands in for an id that the provider did not give. */
  readonly callId: string
  /** Seconds since the epoch; stands in for a time that the provider did not give. */
  readonly nowSeconds: number
}

/**
 * One wire format, both ways. No clock, no network, no state but that of one stream: the same input always gives the same output.
 * `decode` and `encode` are for the same wire on both sides, where bytes pass through; `read` and `write` go by the neutral form.
 */
export interface Dialect {
  readonly wire: WireName
  /** Path of the endpoint below a provider's base URL. */
  path(modelId: string, how: 'whole' | 'stream'): string
  /** How a provider of this wire is sent its key, unless its row says otherwise. */
  readonly auth: AuthStyle
  /** Headers that every request of this wire has. */
  readonly headers: Readonly<Record<string, string>>
  /** @throws invalid_json, duplicate_key, invalid_request */
  decodeRequest(body: Uint8Array, bounds: DecodeBounds, address: RequestAddress): ModelRequest
  /** The body for a provider of the same wire: the caller's text with the spliced changes. */
  encodeRequest(request: ModelRequest, target: Target): string
  /** The body for a provider of this wire, of a request that came in another. */
  writeRequest(request: NeutralRequest, isStream: boolean, target: Target): WrittenRequest
  /** @throws provider_malformed, provider_error (an error in a body of status 200) */
  decodeReply(body: Uint8Array, target: Target): ModelPart
  /** The body for a caller of this wire, of a reply that came in another. */
  writeReply(reply: NeutralReply, context: ReplyContext): WrittenReply
  /** A decoder for one stream. */
  decodeStream(request: ModelRequest, target: Target): StreamDecoder
  /** A reader that says what the frames of one stream mean. */
  readStream(): StreamReader
  /** A writer of one stream for a caller of this wire. */
  writeStream(context: ReplyContext): StreamWriter
  decodeError(failure: ProviderFailure): GatewayError
  encodeError(error: GatewayError, requestId: string): string
  /** The bytes that tell a reader of a stream that it failed. No terminal event follows. */
  encodeStreamError(error: GatewayError, requestId: string): Uint8Array
  /** The last usage chunk with the cost added. */
  encodeCost(part: ModelPart, cost: NanoUsd): Uint8Array
}

/** A request in the wire of a provider, and what it could not carry. */
export interface WrittenRequest {
  readonly text: string
  readonly losses: readonly Loss[]
}

/** A reply in the wire of a caller, and what it could not carry. */
export interface WrittenReply {
  readonly text: string
  readonly losses: readonly Loss[]
}

/** Decodes the frames of one stream, in order. */
export interface StreamDecoder {
  /** @throws provider_malformed */
  frame(frame: Uint8Array): ModelPart
  /** What to add at a clean end without the terminal event: the terminal event, where the content was complete; else undefined (truncated). */
  atEnd(): ModelPart | undefined
}

/** Says what the frames of one stream mean, in order. The decoder has seen them: they are well formed and no errors. */
export interface StreamReader {
  /** @throws provider_malformed */
  read(frame: Uint8Array): readonly StreamEvent[]
}

/** A frame for the caller. */
export interface WrittenFrame {
  readonly bytes: Uint8Array
  /** It carries the usage, and the cost goes in there. */
  readonly takesCost?: true
}

/** Writes one stream for a caller. */
export interface StreamWriter {
  write(event: StreamEvent): readonly WrittenFrame[]
  /** What is still to be said, the terminal event last. Called once, at a good end. */
  end(): readonly WrittenFrame[]
}
