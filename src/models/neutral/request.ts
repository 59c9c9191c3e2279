import type { JsonObject } from '../../core/json.ts'
import type { CacheMark, Content } from './content.ts'
import type { Loss } from './loss.ts'
import type { SharedField } from './shared-field.ts'

/**
 * What a caller asks of a model, in no wire's words. Fields are absent where the caller said nothing.
 * Messages of one role that follow each other are one message; tool results are content of the user.
 */
export interface NeutralRequest {
  readonly messages: readonly NeutralMessage[]
  readonly tools?: readonly Tool[]
  readonly toolChoice?: ToolChoice
  readonly allowsParallelTools?: boolean
  /** Reasoning included. */
  readonly maxOutputTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly seed?: number
  readonly stopSequences?: readonly string[]
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  readonly candidates?: number
  /** Log-probabilities of the output, with so many alternatives a token. */
  readonly logprobs?: { readonly top: number }
  readonly output?: OutputForm
  readonly reasoning?: Reasoning
  /** The caller's id of its end user. */
  readonly endUser?: string
  /** What the wires of one maker alone have, and all of them. */
  readonly shared?: readonly SharedField[]
  /** Calls in the history that no result answers. */
  readonly unanswered?: readonly UnansweredCall[]
  /** What the wire that it came in could say and this form cannot. */
  readonly losses: readonly Loss[]
}

/** A call of a tool without a result. */
export interface UnansweredCall {
  /** As the caller wrote it. */
  readonly path: string
  readonly name: string
}

/** `system` and `developer` are instructions; most wires know one of the two. */
export interface NeutralMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant'
  readonly content: readonly Content[]
}

/** A function that the model may ask for. Tools that a provider runs itself are no part of this form. */
export interface Tool {
  readonly name: string
  readonly description?: string
  /** JSON Schema of the arguments. */
  readonly schema: JsonObject
  readonly isStrict?: boolean
  readonly cache?: CacheMark
  /** Its input is one free text and no JSON (a custom tool of OpenAI's). `schema` is then that of the function that stands for it elsewhere. */
  readonly free?: FreeInput
}

/** What a free text must be. */
export interface FreeInput {
  readonly grammar?: { readonly syntax: string; readonly definition: string }
}

export type ToolChoice =
  | { readonly type: 'auto' | 'none' | 'required' }
  | { readonly type: 'tool'; readonly name: string }
  /** Only these, of those that are given. */
  | { readonly type: 'some'; readonly names: readonly string[]; readonly isRequired: boolean }

/** The form of the answer, where it is not free text. */
export type OutputForm =
  | { readonly type: 'json' }
  | {
      readonly type: 'schema'
      readonly name?: string
      readonly schema: JsonObject
      readonly isStrict?: boolean
      readonly description?: string
    }

/** How hard to think. */
export type Effort = 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

export type Reasoning =
  | { readonly type: 'off' }
  /** As the model sees fit. */
  | { readonly type: 'adaptive'; readonly effort?: Effort; readonly isShown?: boolean }
  | { readonly type: 'effort'; readonly effort: Effort; readonly isShown?: boolean }
  | { readonly type: 'budget'; readonly tokens: number; readonly isShown?: boolean }
