import type { GatewayError } from './errors.ts'
import type { CallRecord, LayerName } from './events.ts'
import { CallAbort, type CallSignal } from './signal.ts'
import type { TraceContext } from './trace.ts'
import type { World } from './world.ts'

/** Names a call's money and rights go by: any label a key carries or the caller sends (`feature`, `environment`, `agent`, `end_user`, …). */
export type Labels = Readonly<Record<string, string>>

/** Who asks. Each field is absent where nothing is known, never empty. */
export interface Principal {
  readonly organisation: string
  readonly team?: string
  readonly user?: string
  /** Public id of the key; the secret part never leaves authentication. */
  readonly keyId?: string
  /** Where the key was rotated: id of the newer key that was sent. `keyId` stays that of the first, so that spend and budgets go on. */
  readonly rotatedKeyId?: string
  /** The key's own labels win over those of the header, so that nobody dodges a budget. */
  readonly labels: Labels
}

/** Everybody before `authenticate`. */
export const ANONYMOUS: Principal = { organisation: '-', labels: {} }

/** Which prompt this is. `hash` is of the system prompt, and is there whenever one was sent. */
export interface PromptIdentity {
  readonly name?: string
  readonly version?: string
  readonly hash?: string
}

/** What a call asks its caller in mid-call: an MCP elicitation, an approval, an A2A input-required. */
export interface Question {
  readonly type: 'input' | 'approval' | 'sampling'
  readonly message: string
  /** JSON Schema of the answer that is expected. */
  readonly schema?: unknown
}

/** What came back. `left` means that nobody will answer: the asker decides whether that ends the call. */
export type Answer = { readonly type: 'accepted'; readonly content: unknown } | { readonly type: 'declined' } | { readonly type: 'left' }

/** Asks the caller in mid-call. */
export type Ask = (question: Question) => Promise<Answer>

/**
 * One request through a layer. Immutable: a stage passes a changed copy on. The record alone is written to, by its owner's rules.
 */
export interface Call {
  readonly id: string
  readonly layer: LayerName
  /** The call on whose behalf this one is made. */
  readonly parentId?: string
  readonly trace: TraceContext
  readonly principal: Principal
  /** The key as the caller sent it. Only `authenticate` reads it, and passes the call on without it. */
  readonly credential?: string | undefined
  /** Labels as the caller sent them. */
  readonly sentLabels?: Labels | undefined
  readonly prompt: PromptIdentity
  /** Aborts with a GatewayError as reason: client gone, key revoked, shutdown, deadline. */
  readonly signal: CallSignal
  /** Ends the call from outside, with the reason that its caller and the log will see. */
  readonly abort: (reason: GatewayError) => void
  readonly world: World
  readonly record: CallRecord
  /** Guards look at its reply, and may end it before its provider does. */
  readonly mayBeCut?: true
  /** Absent where this edge cannot ask; a stage that must ask then ends the call `paused`. */
  readonly ask?: Ask
}

/** What an edge knows when a call begins. */
export interface CallStart {
  readonly layer: LayerName
  readonly world: World
  readonly record: CallRecord
  readonly trace: TraceContext
  readonly credential?: string | undefined
  readonly sentLabels?: Labels | undefined
  readonly prompt?: PromptIdentity | undefined
  readonly ask?: Ask
}

const NO_PROMPT: PromptIdentity = {}

/** Begins a call: anonymous until `authenticate`, with a signal of its own. The id is the record's. */
export function openCall(start: CallStart): Call {
  const signal = new CallAbort()
  return {
    ...start,
    id: start.record.callId,
    principal: ANONYMOUS,
    prompt: start.prompt ?? NO_PROMPT,
    signal,
    abort: (reason) => signal.abort(reason),
  }
}
