import type { NanoUsd } from '../../core/money.ts'
import type { Target, Timeouts } from '../types.ts'
import type { Method, PathRule } from './rules.ts'

/** A provider to which something is passed through. */
export interface PassedProvider {
  /** `passthrough/<provider>`: what the list of models of a team or key grants, and what scopes of limits and budgets match. */
  readonly name: string
  /** Where its API begins, without a slash at its end. */
  readonly base: string
  readonly target: Pick<Target, 'provider' | 'wire' | 'headers' | 'credentials' | 'authorize' | 'connection'>
  readonly timeouts: Timeouts
  readonly rules: readonly PathRule[]
  /** Of each call; undefined: not known. */
  readonly nanoUsdPerCall: NanoUsd | undefined
  /** Whether it takes calls to which guards apply. */
  readonly isUnguarded: boolean
}

/** A request as it came, and where it is to go. */
export interface PassedCall {
  /** Of its one attempt: a second one could do the work twice. */
  readonly id: string
  readonly to: PassedProvider
  readonly method: Method
  /** The rule that lists it, as it is written. */
  readonly rule: string
  readonly url: string
  readonly request: Request
}

/** A piece of the answer. Every reply that began has exactly one `head`, first. */
export type PassedPart =
  | { readonly type: 'head'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly type: 'piece'; readonly bytes: Uint8Array }
