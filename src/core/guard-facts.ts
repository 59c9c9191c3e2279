/** What a guard did in a call. Never holds what it found. */
export interface GuardFact {
  /** By its name in the configuration. */
  readonly guard: string
  /** Where it looked: input, output, toolArguments, toolResults, toolNames. */
  readonly phase: string
  /** `failed`: it could not say; its `onFailure` decided. */
  readonly did: 'blocked' | 'redacted' | 'flagged' | 'monitored' | 'failed'
  /** How many of which kind it found. */
  readonly kinds?: Readonly<Record<string, number>>
  /** Why it could not say. */
  readonly reason?: string
}

/** What the header `x-signalbox-guards` says: `pii=redacted, injection=flagged`. What is only monitored is for the log alone. */
export function describeGuards(facts: readonly GuardFact[] | undefined): string | undefined {
  if (facts === undefined) return undefined
  const told = facts.filter(({ did }) => did !== 'monitored').map(({ guard, did }) => `${guard}=${did}`)
  return told.length === 0 ? undefined : [...new Set(told)].join(', ')
}
