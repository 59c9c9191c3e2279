import { fileURLToPath } from 'node:url'
import type { World } from '../../core/world.ts'
import type { HttpServer } from '../../platform/serve-http.ts'
import { startSandboxAgent } from './agent.ts'
import { startSandboxProvider } from './provider.ts'

/** What stands behind the gateways where nobody configured anything: a provider, an MCP server and an agent, each of which says what it is. */
export interface Sandboxes {
  readonly servers: readonly HttpServer[]
  /** Base URL of the provider. */
  readonly providerUrl: string
  /** What starts the MCP server, which speaks on stdin and stdout. */
  readonly mcpCommand: readonly string[]
  /** Where the agent's card is found. */
  readonly agentUrl: string
  /** Tells the agent where the gateways are, once they listen. */
  reachGateways(url: string): void
}

/** The name of each of the three in the configuration, and of the model. */
export const SANDBOX = 'sandbox'

/** Starts the provider and the agent; the MCP server is started by the tools gateway. */
export function startSandboxes(world: World): Sandboxes {
  let gatewaysUrl: string | undefined
  const provider = startSandboxProvider(world)
  const agent = startSandboxAgent({ world, model: SANDBOX, gates: () => ({ models: gatewaysUrl, tools: gatewaysUrl }) })
  return {
    servers: [provider, agent],
    providerUrl: `http://${provider.address}/v1`,
    mcpCommand: [process.execPath, fileURLToPath(new URL('./mcp-server.ts', import.meta.url))],
    agentUrl: `http://${agent.address}`,
    reachGateways: (url) => {
      gatewaysUrl = url
    },
  }
}
