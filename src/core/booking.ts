import type { NanoUsd } from './money.ts'

/** What an attempt holds of the budgets that apply to it, from before it is sent until it is booked. */
export interface Hold {
  /** The call's id and the number of the attempt, from 1: `call_….1`. It is settled, released or expired once under this id. */
  readonly attempt: string
  /** Where it is sent to, as in the facts of a call. */
  readonly provider?: string | undefined
  readonly target?: string | undefined
  /** The most that it is estimated to cost; absent where the model is unpriced. */
  readonly nanoUsd?: NanoUsd | undefined
  /** The most tokens, of input and output together, that it is estimated to use. */
  readonly tokens: number
  readonly priceVersion?: string | undefined
  /** A hold that nobody booked by then is expired: charged its estimate. */
  readonly leaseUntilMs: number
  /** Ids of the balances on which it is held, such as `usd month team:support`. */
  readonly balances: readonly string[]
}

/** What a balance came to with a booking. Amounts are nano-USD, tokens or calls. */
export interface BookedBalance {
  readonly id: string
  /** The least limit of its budgets. */
  readonly limit?: number | undefined
  /** After the booking. */
  readonly settled: number
  /** What other attempts held then. */
  readonly held: number
}

/** The end of a hold: exactly one for each. */
export interface Booking {
  readonly attempt: string
  /** Charged what it cost; given back whole; or charged what it held, since nobody could say what it cost. */
  readonly state: 'settled' | 'released' | 'expired'
  readonly atMs: number
  /** What was charged. Absent where it is not known: the model is unpriced. */
  readonly nanoUsd?: NanoUsd | undefined
  readonly tokens: number
  /** The provider did not say what was used: what was charged is an estimate. */
  readonly isEstimate?: true | undefined
  readonly balances: readonly BookedBalance[]
}
