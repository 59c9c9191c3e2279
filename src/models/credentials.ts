import { GatewayError } from '../core/errors.ts'
import { hideSecrets } from '../core/header-fields.ts'
import type { Target } from './types.ts'

/** A text of a provider without the credentials that it was sent: some quote them in what they say. */
export function hideCredentials(text: string, target: Pick<Target, 'credentials'>): string {
  return hideSecrets(text, target.credentials)
}

/** The same for what was thrown. An error that quotes none stays the one that it is. */
export function withoutCredentials(thrown: unknown, target: Pick<Target, 'credentials'>): unknown {
  if (!(thrown instanceof GatewayError)) return thrown
  const { code, message, extra } = thrown
  const shown = hideCredentials(message, target)
  const param = extra.param === undefined ? undefined : hideCredentials(extra.param, target)
  if (shown === message && param === extra.param) return thrown
  return new GatewayError(code, shown, { ...extra, ...(param === undefined ? {} : { param }) })
}
