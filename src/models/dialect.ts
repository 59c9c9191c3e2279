import type { GatewayError } from '../core/errors.ts'
import type { NanoUsd } from '../core/money.ts'
import type { PeerHeaders } from '../core/peer-reply.ts'
import type { Framing } from './framing.ts'
import type { NeutralEmbeddings, NeutralInputs } from './neutral/embedding.ts'
import type { Loss } from './neutral/loss.ts'
import type { NeutralReply, StreamEvent } from './neutral/reply.ts'
import type { NeutralRequest } from './neutral/request.ts'
import type {
  AuthStyle,
  DecodeBounds,
  ModelPart,
  ModelRequest,
  Operation,
  ProviderFailure,
  RequestAddress,
  Target,
  WireName,
} from './types.ts'

/**
 * One wire format, both ways. No clock, no network, no state but that of one stream: the same input always gives the same output.
 * `decode` and `encode` are for the same wire on both sides, where bytes pass through; `read` and `write` go by the neutral form.
 */
export interface Dialect {
  readonly wire: WireName
  /** Where callers of this wire ask. Empty: only providers speak it. */
  readonly endpoints: readonly Endpoint[]
  /** No provider is asked in it. */
  readonly isForCallersOnly?: true
  /** Path of the endpoint below a provider's base URL, for an id that is not yet encoded. */
  path(modelId: string, how: 'whole' | 'stream'): string
  /** How a provider of this wire is sent its key, unless its row says otherwise. */
  readonly auth: AuthStyle
  /** Headers that every request of this wire has. */
  readonly headers: Readonly<Record<string, string>>
  /** Its streams tell the input before the answer: where the provider tells it at the end, it is estimated. */
  readonly beginsWithUsage?: true
  /** How its streams are cut into frames. Left out: server-sent events. */
  readonly framing?: Framing
  /** @throws invalid_json, duplicate_key, invalid_request */
  decodeRequest(body: Uint8Array, bounds: DecodeBounds, address: RequestAddress): ModelRequest
  /** The body for a provider of the same wire: the caller's text with the spliced changes. */
  encodeRequest(request: ModelRequest, target: Target): string
  /** The body for a provider of this wire, of a request that came in another. */
  writeRequest(request: NeutralRequest, isStream: boolean, target: Target): Written
  /**
   * @param headers of the reply, where it came just now
   * @throws provider_malformed, provider_error (an error in a body of status 200)
   */
  decodeReply(body: Uint8Array, target: Target, headers?: PeerHeaders): ModelPart
  /** The body for a caller of this wire, of a reply that came in another. */
  writeReply(reply: NeutralReply, context: ReplyContext): Written
  /** A decoder for one stream. @param headers of the reply, where it comes just now */
  decodeStream(request: Pick<ModelRequest, 'wantsUsage'>, target: Target, headers?: PeerHeaders): StreamDecoder
  /** A reader that says what the frames of one stream mean. */
  readStream(target: Target): StreamReader
  /** A writer of one stream for a caller of this wire. */
  writeStream(context: ReplyContext): StreamWriter
  /** Another form of a caller's stream than server-sent events, where its URL asks for one. */
  shapeStream?(url: string): StreamShape | undefined
  /**
   * Makes the frames of a stream that goes on with a text those of the one that broke, where more than the text would tell that they are two.
   * @param lastText the last frame that told a piece of the text
   * @param id of the answer, as the first stream told it
   */
  resumeStream?(lastText: Uint8Array, id: string | undefined): ResumedStream
  decodeError(failure: ProviderFailure): GatewayError
  encodeError(error: GatewayError, requestId: string): string
  /** The bytes that tell a reader of a stream that it failed. No terminal event follows. */
  encodeStreamError(error: GatewayError, requestId: string): Uint8Array
  /** The last usage chunk, or the whole reply, with the cost added. */
  encodeCost(part: ModelPart, cost: NanoUsd): Uint8Array
  /** Where the wire counts tokens. */
  readonly counting?: CountingDialect
  /** Where the wire makes vectors. */
  readonly embedding?: EmbeddingDialect
}

/** Where callers ask for something. */
export interface Endpoint {
  /** `{model}` stands for the model's name, which may hold slashes: `/v1beta/models/{model}:generateContent`. */
  readonly path: string
  readonly operation: Operation
  /** Whether the path asks for a stream, where the wire says so there. */
  readonly isStream?: boolean
}

/** How a wire counts the tokens of a request. */
export interface CountingDialect {
  path(modelId: string): string
  /** The body is that of a generation, of which some fields may be missing. @throws as `Dialect.decodeRequest` */
  decodeRequest(body: Uint8Array, bounds: DecodeBounds, address: RequestAddress): ModelRequest
  encodeRequest(request: ModelRequest, target: Target): string
  writeRequest(request: NeutralRequest, target: Target): Written
  /** A part with `countedTokens`. @throws provider_malformed, provider_error */
  decodeReply(body: Uint8Array, target: Target, headers?: PeerHeaders): ModelPart
  writeReply(tokens: number): string
}

/** How a wire makes vectors. */
export interface EmbeddingDialect {
  path(modelId: string): string
  /** A request with `inputs`. @throws as `Dialect.decodeRequest` */
  decodeRequest(body: Uint8Array, bounds: DecodeBounds, address: RequestAddress): ModelRequest
  encodeRequest(request: ModelRequest, target: Target): string
  writeRequest(inputs: NeutralInputs, target: Target): Written
  /** A part with `embeddings` and, where the provider says it, `usage`. @throws provider_malformed, provider_error */
  decodeReply(body: Uint8Array, target: Target, headers?: PeerHeaders): ModelPart
  writeReply(reply: NeutralEmbeddings, request: NeutralInputs, context: ReplyContext): Written
}

/** The form of one stream as its caller gets it. */
export interface StreamShape {
  readonly contentType: string
  /** The bytes for a frame of server-sent events. */
  frame(frame: Uint8Array): Uint8Array
  /** What follows the last frame, also where that tells of a failure. */
  end(): Uint8Array
}

/** What a writer of replies needs to know. */
export interface ReplyContext {
  readonly request: Pick<ModelRequest, 'model' | 'wantsUsage' | 'text' | 'continues'>
  /** Stands in for an id that the provider did not give. */
  readonly callId: string
  /** Seconds since the epoch; stands in for a time that the provider did not give. */
  readonly nowSeconds: number
  /** An estimate, where the wire `beginsWithUsage`. */
  readonly likelyInputTokens?: number | undefined
}

/** A body in the wire of the other side, and what it could not carry. */
export interface Written {
  readonly text: string
  readonly losses: readonly Loss[]
}

/** A frame of the second stream as one of the first. `said`: the text of both up to here. */
export type ResumedStream = (frame: Uint8Array, said: string) => Uint8Array

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
