import type { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { ToolIdentity } from '../core/ports.ts'

/** A place in a text: from its first character to just after its last. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What a frame's `params` hold that may have to change; positions are in the text of the frame. */
export interface ParamSpans {
  /** Just after the opening brace. */
  readonly inside: number
  readonly isEmpty: boolean
  readonly name?: Span
  readonly meta?: MetaSpans
  /** On notifications and responses that carry one outside of `_meta`. */
  readonly progressToken?: Span
  readonly requestId?: Span
}

/** Of `params._meta`. */
export interface MetaSpans {
  readonly inside: number
  readonly isEmpty: boolean
  readonly traceparent?: Span
  readonly progressToken?: Span
}

/** What all frames have. */
interface AnyFrame {
  /** As received. */
  readonly text: string
  /** The same, parsed: for reading only. */
  readonly body: JsonObject
  /** Just after the opening brace of the frame. */
  readonly inside: number
}

/** A request. Its id is kept as JSON text: `"1"` and `1` are two ids. */
export interface RequestFrame extends AnyFrame {
  readonly type: 'request'
  readonly method: string
  readonly idText: string
  readonly id: Span
  readonly params?: ParamSpans
}

/** A notification. */
export interface NotificationFrame extends AnyFrame {
  readonly type: 'notification'
  readonly method: string
  readonly params?: ParamSpans
}

/** An answer to a request, good or bad. */
export interface ResponseFrame extends AnyFrame {
  readonly type: 'response'
  readonly idText: string
  readonly id: Span
}

/** One JSON-RPC message. */
export type Frame = RequestFrame | NotificationFrame | ResponseFrame

/** A message that was read, or what is wrong with it and the id to answer under, as JSON text. */
export type DecodedFrame =
  | { readonly type: 'frame'; readonly frame: Frame }
  | { readonly type: 'invalid'; readonly error: GatewayError; readonly idText: string }

/** A message for the caller. Every reply of a call ends with exactly one part that `isLast`. */
export interface ToolPart {
  readonly text: string
  readonly isLast: boolean
}

/** A tool of a server, ready to be listed and called. */
export interface Tool {
  /** The server, by its name in the configuration. */
  readonly server: string
  /** The server's own name for it. */
  readonly name: string
  /** The name on the aggregate. */
  readonly exposedName: string
  /** What rules see: the name `server__tool`, however the endpoint shows it. */
  readonly identity: ToolIdentity
  readonly inputSchema: unknown
  /** Its entry in a list, as JSON text: with the server's own name, and with the exposed one. */
  readonly rawEntry: string
  readonly exposedEntry: string
}
