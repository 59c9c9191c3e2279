import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { formatTraceparent } from '../core/trace.ts'
import { encodeCard, type ReadCard, readCard, type ServedCard } from './a2a/card.ts'
import { openCardExchange } from './exchange.ts'
import type { Agent } from './types.ts'

/** How long a card is believed: what it says itself (`Cache-Control: max-age`), within these bounds. */
const DEFAULT_AGE_MS = 5 * 60_000
const MIN_AGE_MS = 10_000
const MAX_AGE_MS = 60 * 60_000

interface KeptCard {
  readonly read: ReadCard
  readonly url: string
  readonly etag: string | null
  readonly untilMs: number
  /** The last one that was served from it, and under which URL. */
  readonly served?: { readonly url: string; readonly card: ServedCard }
}

/** The agents' cards, fetched when they are asked for and kept for a while. One an agents layer; a changed agent begins anew. */
export class AgentCards {
  readonly #kept = new WeakMap<Agent, KeptCard>()

  /**
   * Where the agent takes its calls, as its card says.
   * @throws agent_malformed, agent_unreachable, agent_timeout, agent_error
   */
  async endpointOf(call: Call, agent: Agent): Promise<string> {
    const { read } = await this.#card(call, agent)
    return read.endpoint ?? agent.url
  }

  /**
   * The card for callers who reach the agent under this URL.
   * @throws as endpointOf
   */
  async serve(call: Call, agent: Agent, url: string): Promise<ServedCard> {
    const kept = await this.#card(call, agent)
    if (kept.served?.url === url) return kept.served.card
    const card = encodeCard(kept.read, url)
    this.#kept.set(agent, { ...kept, served: { url, card } })
    return card
  }

  async #card(call: Call, agent: Agent): Promise<KeptCard> {
    const kept = this.#kept.get(agent)
    if (kept !== undefined && call.world.now() < kept.untilMs) return kept
    const fetched = await this.#fetchFirst(call, agent, kept)
    this.#kept.set(agent, fetched)
    return fetched
  }

  async #fetchFirst(call: Call, agent: Agent, kept: KeptCard | undefined): Promise<KeptCard> {
    for (const url of agent.cardUrls) {
      const card = await fetchCard(call, agent, url, kept?.url === url ? kept : undefined)
      if (card !== undefined) return card
    }
    throw new GatewayError(
      'agent_error',
      `Agent ${agent.name} has no card at ${agent.cardUrls.length === 1 ? 'its place' : 'either of its places'}; say where it is with card.`,
    )
  }
}

/** @returns undefined where there is none at this place */
async function fetchCard(call: Call, agent: Agent, url: string, kept: KeptCard | undefined): Promise<KeptCard | undefined> {
  const exchange = openCardExchange(call, agent, url)
  // Of a message it is where the attempt goes, and none of its own.
  if (call.record.action === 'agents.card') call.record.facts.attempts++
  try {
    exchange.awaitMore()
    const response = await exchange.send({ method: 'GET', headers: headersFor(call, agent, url, kept) })
    const untilMs = call.world.now() + ageOf(response.headers.get('cache-control'))
    if (response.status === 304 && kept !== undefined) return { ...kept, untilMs }
    if (response.status === 404 || response.status === 410) return undefined
    if (response.status !== 200) throw statusFailure(agent, response.status)
    return { read: readCard(await exchange.readAll(response), agent), url, etag: response.headers.get('etag'), untilMs }
  } finally {
    call.record.facts.providerMs = exchange.elapsedMs
    // What was not read is not wanted.
    exchange.abort()
  }
}

function headersFor(call: Call, agent: Agent, url: string, kept: KeptCard | undefined): Record<string, string> {
  const common = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'a2a-version': '1.0',
    traceparent: formatTraceparent(call.trace),
  }
  const conditional = kept?.etag == null ? {} : { 'if-none-match': kept.etag }
  // The credential is for the agent: a card that stands elsewhere is fetched without it.
  return URL.parse(url)?.origin === agent.origin ? { ...agent.headers, ...common, ...conditional } : { ...common, ...conditional }
}

function ageOf(cacheControl: string | null): number {
  const maxAge = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(cacheControl ?? '')?.[1]
  if (maxAge === undefined) return DEFAULT_AGE_MS
  return Math.min(MAX_AGE_MS, Math.max(MIN_AGE_MS, Number(maxAge) * 1000))
}

function statusFailure({ name }: Agent, status: number): GatewayError {
  if (status >= 300 && status < 400) {
    return new GatewayError(
      'agent_malformed',
      `The card of agent ${name} is behind a redirect (${status}), which the gateway does not follow.`,
    )
  }
  return new GatewayError('agent_error', `The card of agent ${name} could not be fetched: HTTP ${status}.`, { providerStatus: status })
}
