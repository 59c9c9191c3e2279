import type { Call } from '../core/call.ts'
import { Exchange, type PeerCodes } from '../core/exchange.ts'
import type { Target } from './types.ts'

const MAX_REPLY_BYTES = 64 * 1024 * 1024

const CODES: PeerCodes = {
  unreachable: 'provider_unreachable',
  connectTimeout: 'provider_connect_timeout',
  idleTimeout: 'provider_idle_timeout',
  totalTimeout: 'provider_total_timeout',
  malformed: 'provider_malformed',
  truncated: 'provider_truncated',
}

/** Begins an exchange with the provider of a target. */
export function openExchange(call: Call, { provider, timeouts }: Pick<Target, 'provider' | 'timeouts'>, url: string): Exchange {
  return new Exchange(call, { label: `Provider ${provider}`, url, timeouts, maxReplyBytes: MAX_REPLY_BYTES, codes: CODES })
}
