/** What is known of one way to a model: a provider, one of its keys, the provider's id of the model. */
export interface ProviderReport {
  readonly provider: string
  /** Which of the provider's keys, from 1. */
  readonly key: number
  /** The provider's own id of the model. */
  readonly model: string
  /**
   * `ready`; `limited`: at the provider's rate limit; `open`: its circuit is open; `probing`: one call finds out whether it works again;
   * `parked`: its key is not used until it changes or is reset.
   */
  readonly state: 'ready' | 'limited' | 'open' | 'probing' | 'parked'
  /** Why it rests. */
  readonly why?: string
  /** Milliseconds since the epoch when it may be used again, where that is known. */
  readonly untilMs?: number
  /** Calls that are under way. */
  readonly inFlight: number
  /** Recent failures and successes; they fade. */
  readonly recentFailures: number
  readonly recentSuccesses: number
  /** As observed of late. */
  readonly firstTokenMs?: number
  readonly tokensPerSecond?: number
}

/** What the control API can ask and do about providers. */
export interface ProviderStates {
  list(): readonly ProviderReport[]
  /** Forgets what keeps a provider from being used. @returns how many of its ways were changed; undefined where none is known */
  reset(provider: string): number | undefined
}
