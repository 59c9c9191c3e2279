import type { Call, PromptIdentity } from '../core/call.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Usage } from '../core/events.ts'
import type { OutgoingConnection } from '../core/world.ts'
import type { CacheWish } from './cache/wish.ts'
import type { Framing } from './framing.ts'
import type { NeutralEmbeddings, NeutralInputs } from './neutral/embedding.ts'
import type { Fidelity } from './neutral/loss.ts'
import type { NeutralReply } from './neutral/reply.ts'
import type { NeutralRequest } from './neutral/request.ts'
import type { Price } from './prices/types.ts'
import type { BackgroundRun } from './responses/background.ts'
import type { Lane } from './routing/lanes.ts'
import type { Route } from './routing/types.ts'

/** A wire that clients or providers speak. A folder of dialects/ each. */
export type WireName = 'openai-chat' | 'openai-responses' | 'openai-completions' | 'anthropic-messages' | 'gemini' | 'converse' | 'cohere'

/** How a provider is sent its key. `none` also where `Target.authorize` does it. */
export type AuthStyle = 'bearer' | 'x-api-key' | 'api-key' | 'x-goog-api-key' | 'none'

/** What is asked of a model: an answer, the number of tokens that a question has, or vectors. */
export type Operation = 'generate' | 'count-tokens' | 'embed'

/** A decoded request: what the gateway reads of it, and the text that goes on. */
export interface ModelRequest {
  readonly wire: WireName
  readonly operation: Operation
  /** The model as the caller named it. */
  readonly model: string
  readonly isStream: boolean
  /** Whether the caller asked for usage in the stream; else the chunk that carries it is hidden. */
  readonly wantsUsage: boolean
  readonly prompt: PromptIdentity
  /** The body as received, for the wire's own `encodeRequest`; where it is large, without the insides of its pictures (`fullTextOf` has all of it). */
  readonly text: string
  readonly elided?: ElidedBody
  readonly edits: RequestEdits
  /** Headers of the wire that go on with the request to a provider of the same wire. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The request in no wire's words. Read anew each time: who never asks does not pay, and nothing is kept while the provider works.
   * @throws invalid_request with the field at fault, as the caller wrote it; internal where the operation is `embed`
   */
  neutral(): NeutralRequest
  /** What is to become vectors, where the operation is `embed`. Read anew each time. @throws invalid_request */
  readonly inputs?: () => NeutralInputs
  /** In a form of its wire that providers are not asked in: it goes by the neutral form also to one of the same wire. */
  readonly isVariant?: true
  readonly hooks?: SendHooks
  /** The response that this one continues, where all that was said before stands in the text in the place of its name. */
  readonly continues?: string
  /** What bounds its cost; absent where its wire's decoder does not say. */
  readonly bounds?: RequestBounds
}

/** What was taken out of the text of a large body, for which marks stand there. */
export interface ElidedBody {
  /** Of what was taken out. */
  readonly hiddenBytes: number
  /** The body as it was received. Made anew each time: it is large. */
  fullText(): string
  /** A body that was made of the text, in any wire, with what the marks stand for. */
  expand(text: string): OutgoingBody
}

/** A large body on its way out. */
export interface OutgoingBody {
  readonly sizeBytes: number
  /** For whoever must have it whole, to sign it. */
  text(): string
  /** A fresh stream of it, as often as wanted. */
  open(): ReadableStream<Uint8Array>
}

/** The body of a request as it was received, for whoever looks into pictures or keeps what was said. */
export function fullTextOf({ text, elided }: Pick<ModelRequest, 'text' | 'elided'>): string {
  return elided === undefined ? text : elided.fullText()
}

/** Who wants to hear of the sending of one request. */
export interface SendHooks {
  /** Nothing has refused it: waited for before it is sent. */
  readonly before?: () => Promise<void>
  /** A target took it: what is kept there is its caller's. */
  readonly taken: (target: Target) => void
}

/** What a request says of how much it may cost. */
export interface RequestBounds {
  /** The caller's own bound on the output of one answer, in tokens. */
  readonly maxOutputTokens?: number
  /** How many answers are asked for. */
  readonly choices: number
  /** Images, sounds, files: how many, and how much of the body they are. Nobody knows their tokens before they are sent. */
  readonly mediaParts: number
  readonly mediaBytes: number
  /** The tier of service that it asks for, as replies name it. Absent, or `auto`: the provider chooses. */
  readonly serviceTier?: string
  /** What about it cannot be bounded before it is sent, in words. */
  readonly unbounded?: string
}

/** What the edge knows of a request besides its body. */
export interface RequestAddress {
  readonly headers: Headers
  /** The URL as it came, for wires that read its query. */
  readonly url: string
  /** The model, decoded, where the wire has it in the path. */
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

/** A model at a provider with one of its keys, ready to be sent to. */
export interface Target extends Lane {
  /** The configured name of the model. */
  readonly name: string
  readonly wire: WireName
  /** Where a whole answer is asked for. */
  readonly url: string
  /** Where a stream is asked for, where that is another place. */
  readonly streamUrl?: string
  /** Where the provider counts tokens and makes vectors; absent where its wire has no such endpoint. */
  readonly countUrl?: string
  readonly embedUrl?: string
  /** With the provider's credential. Never logged. */
  readonly headers: Readonly<Record<string, string>>
  /** Makes the headers that depend on the request or on time. They win over `headers`. */
  readonly authorize?: Authorize
  /** How its streams are cut into frames, where that is not its wire's own way. */
  readonly framing?: Framing
  /** Proxy, authorities and client certificate of its connections. */
  readonly connection?: OutgoingConnection
  /** The secrets among the headers, for keeping them out of what is told and written down. */
  readonly credentials: readonly string[]
  readonly timeouts: Timeouts
  readonly price: Price | undefined
  /** The most tokens that the model gives out in one answer, where that is known. */
  readonly maxOutputTokens?: number
  /** Names of guards that stand at the model. */
  readonly guards?: readonly string[]
  /** The other wires that the provider speaks, and where: a caller of one of these is passed through. */
  readonly also?: readonly (Pick<Target, 'wire' | 'headers' | 'url'> & Partial<Pick<Target, 'streamUrl' | 'countUrl' | 'embedUrl'>>)[]
  /** What becomes of a request that its wire cannot carry whole. Left out: `warn`. */
  readonly fidelity?: Fidelity
  /** What the provider does its own way within its wire. */
  readonly traits?: Traits
}

/**
 * Signs a request, or gets a token that runs out. Called for each attempt, just before it is sent.
 * What it keeps (a token until it runs out) belongs to the catalog that it was made for.
 * @throws provider_auth, provider_unreachable
 */
export type Authorize = (call: Call, request: UnsignedRequest) => Promise<Readonly<Record<string, string>>>

/** A request as it will be sent, but for what `Authorize` adds. */
export interface UnsignedRequest {
  readonly method: 'POST' | 'GET' | 'DELETE' | 'PUT' | 'PATCH'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What providers of one wire do differently. A row of PROVIDERS says it. */
export interface Traits {
  /** The model stands in the path alone, and a body that names it is refused (Bedrock, Vertex). */
  readonly hasModelInPath?: true
  /** With the model in the path: the body says all the same that a stream is asked for (Vertex). */
  readonly saysStream?: true
  /** Fields that stand in each body, such as `anthropic_version` on Bedrock and Vertex. */
  readonly bodyFields?: Readonly<Record<string, string>>
  /** The field that bounds the output in `openai-chat`. Left out: `max_tokens`, which nearly all know. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  /** Takes what the wires of OpenAI have and most servers that speak them refuse: fields such as `service_tier` and `verbosity`, custom tools. */
  readonly takesOpenAiExtras?: true
  /** Takes instructions as turns of their own between the others, where the model does (Anthropic; not all of the clouds that have Claude). */
  readonly takesSystemTurns?: true
}

/** A call while it is not decided where it goes. A model that is named directly is a route of one target. */
export interface ModelCall {
  readonly request: ModelRequest
  readonly route: Route
  /** What the caller wants of the cache. */
  readonly cacheWish: CacheWish
  /** Reads another body as it came from the same caller to the same endpoint: one that a guard changed. @throws as decoding does */
  readonly decodeAgain: (text: string) => ModelRequest
  /** Answers the caller now, while the call goes on. Where its edge can. */
  readonly detach?: (run: BackgroundRun) => void
  /** What the client's headers name its session by. Looked at when a route asks for it. */
  readonly session?: () => string | undefined
}

/** One try at a target. */
export interface Attempt {
  /** The call's id and the number of the attempt, from 1: `call_….2`. */
  readonly id: string
  readonly number: number
  /** Why it is made, for the receipt. */
  readonly why: string
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
  /** Of a whole answer: the answer in no wire's words. Read anew each time. */
  readonly neutral?: () => NeutralReply
  /** Of a whole answer to `count-tokens`. */
  readonly countedTokens?: number
  /** Of a whole answer to `embed`. */
  readonly embeddings?: () => NeutralEmbeddings
}

/** What a provider's error answer looked like. */
export interface ProviderFailure {
  readonly provider: string
  readonly status: number
  /** Seconds after which it wants to be asked again, where its answer says so. */
  readonly retryAfterSeconds?: number | undefined
  readonly body: Uint8Array
}

/** Bounds on what a dialect reads. */
export interface DecodeBounds {
  readonly maxDepth: number
}
