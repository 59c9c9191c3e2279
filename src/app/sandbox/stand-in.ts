import { realWorld } from '../../platform/world.ts'
import { startSandboxAgent } from './agent.ts'
import { SANDBOX } from './index.ts'
import { startSandboxProvider } from './provider.ts'

/** Where the sandboxes are to listen, on this machine alone; 0 is any port that is free. */
export interface StandInPorts {
  readonly provider: number
  readonly agent: number
}

/** The sandboxes, in the place of what a configuration names. */
export interface StandIn {
  /** Base URL of the provider: it speaks chat completions. */
  readonly providerUrl: string
  /** Where the agent's card is found. */
  readonly agentUrl: string
  stop(): Promise<void>
}

/**
 * Starts the provider and the agent of the sandbox for a gateway that runs elsewhere: they stand in for those that somebody has no key for yet.
 * The agent learns from each message where the gateways are.
 * @param model the name of the model that the agent asks for; left out: `sandbox`
 * @throws conflict where a port is taken
 */
export async function standIn(ports: StandInPorts, model = SANDBOX): Promise<StandIn> {
  const world = realWorld()
  const provider = startSandboxProvider(world, ports.provider)
  try {
    const agent = startSandboxAgent({ world, model, gates: () => ({ models: undefined, tools: undefined }), port: ports.agent })
    return {
      providerUrl: `http://${provider.address}/v1`,
      agentUrl: `http://${agent.address}`,
      stop: async () => void (await Promise.all([provider.stop({ force: true }), agent.stop({ force: true })])),
    }
  } catch (thrown) {
    await provider.stop({ force: true })
    throw thrown
  }
}
