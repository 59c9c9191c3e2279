import { dialects } from '../models/dialects/index.ts'
import { COMMON_WIRE, PROVIDERS } from '../models/providers.ts'
import { SANDBOX, type Sandboxes } from './sandbox/index.ts'

/** Where a gateway listens, as the configuration writes it. */
export interface ListenAddresses {
  readonly data: string
  readonly control: string
}

/** What a configuration without a file is made of. */
interface BuiltIn {
  /** Providers whose key is in the environment. */
  readonly providers: readonly string[]
  readonly sandboxes: Sandboxes
  /** Left out: the defaults. */
  readonly listen?: ListenAddresses | undefined
}

/** The providers whose key the environment holds, and whose wire is spoken. */
export function providersWithKey(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.keys(PROVIDERS).filter((name) => {
    const row = PROVIDERS[name]
    const variable = row?.keyEnv
    return row !== undefined && variable !== undefined && (env[variable] ?? '') !== '' && dialects[row.wire] !== undefined
  })
}

/** The configuration of a start without a file, as the text of one: all three gateways, the sandboxes behind them, and one team that may use all. */
export function builtInConfig({ providers, sandboxes, listen }: BuiltIn): string {
  const { providerUrl, mcpCommand, agentUrl } = sandboxes
  const known = Object.fromEntries(providers.map((name) => [name, { apiKey: `env:${PROVIDERS[name]?.keyEnv}` }]))
  const free = { inputPerMillion: 0, outputPerMillion: 0 }
  const config = {
    ...(listen === undefined ? {} : { listen }),
    models: {
      providers: { ...known, [SANDBOX]: { wire: COMMON_WIRE, baseUrl: providerUrl } },
      models: [...providers.map((name) => ({ name: `${name}/*`, provider: name })), { name: SANDBOX, provider: SANDBOX, price: free }],
    },
    tools: { servers: { [SANDBOX]: { command: mcpCommand } } },
    agents: { agents: { [SANDBOX]: { url: agentUrl, forwardKey: true } } },
    access: { teams: { default: { tools: { default: 'allow' }, agents: ['*'] } } },
  }
  // JSON is YAML too.
  return JSON.stringify(config, undefined, 2)
}
