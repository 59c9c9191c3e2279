import type { Scenario } from '../../../src/testing/scenario.ts'

/** What a caller's SDK made of an answer, in words that all SDKs share. */
export interface Said {
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[]
  /** As the wire of the SDK names it. */
  readonly stop: string | null | undefined
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
}

/** What is asked. */
export interface Asked {
  readonly model: string
  readonly prompt: string
  readonly isStream: boolean
  readonly tools?: readonly string[]
  /** Whether the answer is to be JSON of this shape: `{ city: string }`. */
  readonly isStructured?: boolean
}

/** Where a client asks: a gateway, or the provider itself. */
export type Endpoint = Pick<Scenario, 'dataUrl' | 'key'>

/** An SDK in front of the gateway. */
export interface Client {
  readonly name: string
  /** The words of its wire for an answer that ended, and for one that asks for tools. */
  readonly stops: { readonly plain: string; readonly tools: string }
  ask(endpoint: Endpoint, asked: Asked): Promise<Said>
}

/** The shape of a structured answer, and of the arguments of every tool. */
export const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
