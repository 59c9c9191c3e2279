import type { Usage } from '../../core/events.ts'
import type { Loss } from './loss.ts'

/** What is to become vectors, in no wire's words. */
export interface NeutralInputs {
  readonly inputs: readonly EmbedInput[]
  /** Length of the vectors. Left out: the model's own. */
  readonly dimensions?: number
  /** How the caller wants the numbers. */
  readonly encoding: 'float' | 'base64'
  /** One input alone, in the wire that tells one from a list of one. */
  readonly isSingle?: true
  /** What the vectors are for, as Gemini and Cohere ask. */
  readonly purpose?: 'query' | 'document' | 'similarity' | 'classification' | 'clustering'
  readonly endUser?: string
  readonly losses: readonly Loss[]
}

export type EmbedInput =
  | { readonly type: 'text'; readonly text: string }
  /** Numbers of tokens, which mean something to the model of one provider only. */
  | { readonly type: 'tokens'; readonly tokens: readonly number[] }

/** Vectors, in the order of their inputs. */
export interface NeutralEmbeddings {
  readonly model?: string
  readonly vectors: readonly (readonly number[])[]
  readonly usage?: Usage
  readonly losses: readonly Loss[]
}
