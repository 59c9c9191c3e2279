import type { LimitWindow } from './limit-window.ts'

/** What an attempt goes to, and the name that its caller asked for, which may be that of a route. */
export interface AttemptTarget {
  readonly subject: string
  readonly model: string
  readonly provider: string
}

/** Whether a limit counts a call as a whole, by the name that was asked for. Others that are about some models or providers count attempts. */
export function isOfCall({ scope }: LimitWindow, subject: string): boolean {
  return scope?.matches(subject, undefined) ?? true
}

/** Whether a limit counts an attempt by itself. */
export function isOfAttempt(window: LimitWindow, { subject, model, provider }: AttemptTarget): boolean {
  const { scope } = window
  if (scope === undefined || isOfCall(window, subject)) return false
  return scope.matches(model, provider) || scope.matches(subject, provider)
}
