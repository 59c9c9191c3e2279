import type { Usage } from '../../core/events.ts'
import type { Citation, Content, Seal, ToolCallContent } from './content.ts'
import type { Loss } from './loss.ts'

/** Why a model stopped. `other` carries what its wire calls it: no reason is ever made up. */
export type StopReason =
  | { readonly type: 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'refusal' | 'context-full' | 'pause' }
  | { readonly type: 'stop-sequence'; readonly sequence?: string }
  | { readonly type: 'other'; readonly said: string }

/** Log-probability of one token of the output. */
export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly top: readonly { readonly token: string; readonly logprob: number }[]
}

/** One of the answers that were asked for. */
export interface Candidate {
  readonly content: readonly Content[]
  /** Absent where the provider did not say. */
  readonly stop?: StopReason
  readonly logprobs?: readonly TokenLogprob[]
}

/** A whole answer, in no wire's words. */
export interface NeutralReply {
  readonly id?: string
  readonly model?: string
  readonly createdSeconds?: number
  readonly candidates: readonly Candidate[]
  readonly usage?: Usage
  readonly losses: readonly Loss[]
}

/**
 * What happens in a streamed answer. In each candidate, what belongs to one piece of content follows each other, but for the arguments
 * of tool calls, which may alternate.
 */
export type StreamEvent =
  | { readonly type: 'start'; readonly id?: string; readonly model?: string; readonly createdSeconds?: number }
  | { readonly type: 'text'; readonly candidate: number; readonly text: string }
  | { readonly type: 'refusal'; readonly candidate: number; readonly text: string }
  | { readonly type: 'thinking'; readonly candidate: number; readonly text: string }
  /** Ends a piece of thinking. Where no text came before it, it is thinking that is hidden whole, or a seal on what comes next. */
  | { readonly type: 'seal'; readonly candidate: number; readonly seal: Seal; readonly isHidden?: true }
  /** The piece of text or thinking ends, and another of its kind may follow. */
  | { readonly type: 'break'; readonly candidate: number }
  | ({ readonly type: 'tool-call'; readonly candidate: number; readonly index: number } & Pick<ToolCallContent, 'id' | 'name' | 'isFree'>)
  /** Belongs to the piece of text that is open. */
  | { readonly type: 'citation'; readonly candidate: number; readonly citation: Citation }
  | { readonly type: 'arguments'; readonly candidate: number; readonly index: number; readonly text: string }
  | { readonly type: 'logprobs'; readonly candidate: number; readonly logprobs: readonly TokenLogprob[] }
  | { readonly type: 'finish'; readonly candidate: number; readonly stop: StopReason }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'loss'; readonly loss: Loss }
