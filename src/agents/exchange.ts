import type { Call } from '../core/call.ts'
import { Exchange, type PeerCodes } from '../core/exchange.ts'
import type { Agent } from './types.ts'

const MAX_REPLY_BYTES = 64 * 1024 * 1024
const MAX_CARD_BYTES = 1024 * 1024
/** A card is a file: what takes longer than this is not worth waiting for. */
const CARD_TIMEOUT_MS = 15_000

const CODES: PeerCodes = {
  unreachable: 'agent_unreachable',
  connectTimeout: 'agent_timeout',
  idleTimeout: 'agent_timeout',
  totalTimeout: 'agent_timeout',
  malformed: 'agent_malformed',
  truncated: 'agent_truncated',
}

/** Begins an exchange with an agent's endpoint. */
export function openExchange(call: Call, { name, timeouts }: Agent, url: string): Exchange {
  return new Exchange(call, { label: `Agent ${name}`, url, timeouts, maxReplyBytes: MAX_REPLY_BYTES, codes: CODES })
}

/** Begins to fetch a card. */
export function openCardExchange(call: Call, { name, timeouts }: Agent, url: string): Exchange {
  const { connectMs, idleMs, totalMs } = timeouts
  const bounded = { connectMs, idleMs: Math.min(idleMs, CARD_TIMEOUT_MS), totalMs: Math.min(totalMs, CARD_TIMEOUT_MS) }
  return new Exchange(call, { label: `The card of agent ${name}`, url, timeouts: bounded, maxReplyBytes: MAX_CARD_BYTES, codes: CODES })
}
