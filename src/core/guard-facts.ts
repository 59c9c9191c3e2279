import type { GuardFact } from './events.ts'

/** What the header `x-signalbox-guards` says: `pii=redacted, injection=flagged`. What is only monitored is for the log alone. */
export function describeGuards(facts: readonly GuardFact[] | undefined): string | undefined {
  if (facts === undefined) return undefined
  const told = facts.filter(({ did }) => did !== 'monitored').map(({ guard, did }) => `${guard}=${did}`)
  return told.length === 0 ? undefined : [...new Set(told)].join(', ')
}
