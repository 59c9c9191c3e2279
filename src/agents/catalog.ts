import { revealHeaders, secretsOf } from '../core/header-fields.ts'
import type { Doors } from './addresses.ts'
import type { AgentConfig, AgentsConfig } from './config.ts'
import type { Agent } from './types.ts'

/** The configured agents, ready to be found. Immutable; a new configuration makes a new one. */
export interface AgentCatalog {
  find(name: string): Agent | undefined
  /** In the order of the configuration. */
  names(): readonly string[]
  readonly doors: Doors
}

/**
 * Builds the catalog of a checked configuration. Pure.
 * @param isLoopback whether the gateway listens on this machine alone
 */
export function compileAgents(config: AgentsConfig, isLoopback: boolean): AgentCatalog {
  const agents = new Map(Object.entries(config.agents).map(([name, agent]) => [name, agentOf(name, agent, config)]))
  const names = [...agents.keys()]
  return { find: (name) => agents.get(name), names: () => names, doors: { isLoopback, publicUrl: config.publicUrl } }
}

const CARD_PATH = '/.well-known/agent-card.json'

function agentOf(name: string, written: AgentConfig, { timeouts, models, tools }: AgentsConfig): Agent {
  const { origin, pathname } = new URL(written.url)
  const { connect, idle, total } = { ...timeouts, ...written.timeouts }
  return {
    name,
    url: written.url,
    origin,
    isBareOrigin: pathname === '/',
    cardUrls: cardUrls(written, origin),
    ignoresCardUrls: written.ignoreCardUrls,
    headers: {
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      'a2a-version': '1.0',
      // Where the key that it is given is good, when that is elsewhere.
      ...(written.forwardKey && models !== undefined ? { 'x-signalbox-models': models } : {}),
      ...(written.forwardKey && tools !== undefined ? { 'x-signalbox-tools': tools } : {}),
      ...revealHeaders(written.headers),
    },
    credentials: secretsOf(Object.values(written.headers ?? {})),
    forwardsKey: written.forwardKey,
    timeouts: { connectMs: connect, idleMs: idle, totalMs: total },
  }
}

function cardUrls({ url, card }: AgentConfig, origin: string): readonly string[] {
  if (card !== undefined) return [new URL(card, origin).href]
  // Several agents may share a host: the card below the endpoint is surely this agent's own.
  return [...new Set([`${url}${CARD_PATH}`, `${origin}${CARD_PATH}`])]
}
