import { hash } from 'node:crypto'
import { GatewayError } from '../../core/errors.ts'
import { isObject, type Json, type JsonObject, MOST_PIECES, scanTopLevel } from '../../core/json.ts'
import type { Agent } from '../types.ts'
import { VERSION } from './errors.ts'

/** A card as its agent wrote it, and what the gateway took from it. */
export interface ReadCard {
  readonly card: JsonObject
  /** Its JSON-RPC endpoint at the origin of the configured URL; absent where it names none there and that is allowed. */
  readonly endpoint?: string
  /** What requests must name as their tenant, where that interface says so. */
  readonly tenant?: string
  /** Hosts that must not be shown: whoever knows them could go past the gateway. */
  readonly hosts: ReadonlySet<string>
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads an agent's card. Of its interfaces only those of JSON-RPC at the origin of the configured URL count: a card is the agent's word,
 * and one that names a private address or somebody else's would have the gateway call there.
 * @throws agent_malformed
 */
export function readCard(bytes: Uint8Array, agent: Agent): ReadCard {
  const card = parse(bytes, agent)
  if (typeof card.name !== 'string' || !Array.isArray(card.supportedInterfaces)) {
    const hint = typeof card.url === 'string' ? ': it is one of A2A 0.3, and the gateway speaks 1.0' : ''
    throw badCard(agent, `is no agent card of A2A ${VERSION}${hint}`)
  }
  const interfaces = card.supportedInterfaces.filter((item: unknown) => isObject(item) && typeof item.url === 'string')
  const spoken = interfaces.filter(speaksJsonRpc)
  if (spoken.length === 0) throw badCard(agent, `offers no interface of JSON-RPC for A2A ${VERSION}`)
  const own = spoken.find(({ url }) => originOf(String(url)) === agent.origin)
  if (own === undefined && !agent.ignoresCardUrls) {
    throw badCard(
      agent,
      'names an endpoint elsewhere than at the origin of its url; the gateway does not go there. Mend the card, or set ignoreCardUrls for this agent',
    )
  }
  const hosts = new Set([hostOf(agent.url), ...agent.cardUrls.map(hostOf), ...interfaces.map((item) => hostOf(String(item.url)))])
  const { tenant } = own ?? spoken[0] ?? {}
  return {
    card,
    ...(own === undefined ? {} : { endpoint: String(own.url) }),
    ...(typeof tenant === 'string' && tenant !== '' ? { tenant } : {}),
    hosts,
  }
}

function speaksJsonRpc({ protocolBinding, protocolVersion }: JsonObject): boolean {
  return protocolBinding === 'JSONRPC' && typeof protocolVersion === 'string' && /^1\.0(\.\d+)?$/.test(protocolVersion)
}

/** A card as the gateway serves it. */
export interface ServedCard {
  readonly text: string
  readonly etag: string
}

/**
 * The card with the gateway in the agent's place: its one interface, its way to authenticate, nothing that it does not pass on. What the
 * gateway does not know stays. A signature does not: it was over what the agent wrote.
 * @param url where callers reach this agent at the gateway
 */
export function encodeCard({ card, hosts, tenant }: ReadCard, url: string): ServedCard {
  const { signatures: _signatures, security: _security, additionalInterfaces: _additional, url: _url, ...kept } = card
  const ownHosts = withoutHosts(
    { ...kept, skills: Array.isArray(kept.skills) ? kept.skills.map(withoutRequirements) : kept.skills },
    hosts,
    url,
  )
  const shown = isObject(ownHosts) ? ownHosts : {}
  const served = {
    ...shown,
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: VERSION, ...(tenant === undefined ? {} : { tenant }) }],
    capabilities: { ...(isObject(shown.capabilities) ? shown.capabilities : {}), pushNotifications: false, extendedAgentCard: false },
    securitySchemes: { signalbox: { httpAuthSecurityScheme: { scheme: 'Bearer', description: 'A key of the gateway.' } } },
    securityRequirements: [{ schemes: { signalbox: { list: [] } } }],
  }
  const text = JSON.stringify(served)
  return { text, etag: `"${hash('sha256', text, 'hex').slice(0, 32)}"` }
}

/** What a skill requires is said in terms of schemes that are the agent's own. */
function withoutRequirements(skill: Json): Json {
  if (!isObject(skill)) return skill
  const { security: _security, securityRequirements: _requirements, ...kept } = skill
  return kept
}

/** A copy in which no URL leads to these hosts: where a field is such a URL it is left out, within a text the gateway's stands instead. */
function withoutHosts(value: Json, hosts: ReadonlySet<string>, url: string): Json | undefined {
  if (typeof value === 'string') return withoutHostsInText(value, hosts, url)
  if (Array.isArray(value)) {
    return value.map((item: Json) => withoutHosts(item, hosts, url)).filter((item) => item !== undefined)
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(
    ([key, item]) => [key, item === undefined ? undefined : withoutHosts(item, hosts, url)] as const,
  )
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined))
}

// It begins where a word does: from each letter of a long word it would read to the word's end.
const URL_IN_TEXT = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)\]}]+/gi

function withoutHostsInText(text: string, hosts: ReadonlySet<string>, url: string): string | undefined {
  if (!text.includes('://')) return text
  const shown = text.replace(URL_IN_TEXT, (found) => (hosts.has(hostOf(found)) ? url : found))
  return shown === url && text !== url ? undefined : shown
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url
}

function originOf(url: string): string | undefined {
  return URL.parse(url)?.origin
}

function parse(bytes: Uint8Array, agent: Agent): JsonObject {
  let value: unknown
  try {
    const text = decoder.decode(bytes)
    const { type } = scanTopLevel(text, NO_KEYS, MAX_CARD_DEPTH, MOST_PIECES)
    if (type === 'too-deep' || type === 'too-many') throw badCard(agent, `is nested deeper than ${MAX_CARD_DEPTH} levels, or too rich`)
    value = JSON.parse(text)
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : badCard(agent, 'is not JSON', cause)
  }
  if (isObject(value)) return value
  throw badCard(agent, 'is no JSON object')
}

/** The walk that takes out the agent's hosts goes as deep as the card. */
const MAX_CARD_DEPTH = 64
const NO_KEYS: ReadonlySet<string> = new Set()

function badCard({ name }: Agent, what: string, cause?: unknown): GatewayError {
  return new GatewayError('agent_malformed', `The card of agent ${name} ${what}.`, cause === undefined ? {} : { cause })
}
