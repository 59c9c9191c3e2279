import { formatJsonSchema } from '../control/config/schema.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { LayerName } from '../core/events.ts'
import { PROVIDERS } from '../models/providers.ts'
import { providersWithKey } from './built-in-config.ts'
import { LAYERS } from './layer-paths.ts'
import { SECTIONS } from './sections.ts'

export type { LayerName } from '../core/events.ts'

/** Name of the schema file that stands beside a configuration, for editors. */
export const SCHEMA_FILE = 'signalbox.schema.json'

/** The question that each gateway answers, in the words of whoever has it. */
export const PAINS: Readonly<Record<LayerName, string>> = {
  models: 'What did the support team spend on Claude last month?',
  tools: 'Who may call which tool, and who did?',
  agents: 'Which agent called which agent?',
}

/** What a first configuration is to have. */
export interface StartingWish {
  /** The gateways that are to run. */
  readonly layers: readonly LayerName[]
  /** Name of a provider. Left out: the first whose key is in the environment, else Ollama on this machine, which needs none. */
  readonly provider: string | undefined
}

/** A first configuration, or why there is none. */
export type StartingConfig =
  | {
      readonly type: 'written'
      /** In the order of the file. */
      readonly layers: readonly LayerName[]
      /** Absent where the models gateway does not run. */
      readonly provider?: string
      /** The environment variable that must hold the provider's key before it works; absent where it needs none. */
      readonly keyEnv?: string
      readonly yaml: string
      readonly schema: string
    }
  | { readonly type: 'unknown-provider'; readonly message: string }

/** Writes a first configuration: only the gateways that are wished for. */
export function startingConfig(wish: StartingWish, env: Readonly<Record<string, string | undefined>>): StartingConfig {
  const layers = LAYERS.filter((name) => wish.layers.includes(name))
  const schema = formatJsonSchema(SECTIONS)
  if (!layers.includes('models')) return { type: 'written', layers, yaml: yamlFor(layers, ''), schema }
  const provider = wish.provider ?? providersWithKey(env)[0] ?? 'ollama'
  const row = Object.hasOwn(PROVIDERS, provider) ? PROVIDERS[provider] : undefined
  if (row === undefined) {
    const known = Object.keys(PROVIDERS)
    const hint = didYouMean(provider, known) || '.'
    const message = `no known provider is called "${provider}"${hint} The known ones are ${known.join(', ')}.`
    return { type: 'unknown-provider', message }
  }
  const { keyEnv } = row
  const yaml = yamlFor(layers, modelsFor(provider, keyEnv))
  return { type: 'written', layers, provider, ...(keyEnv === undefined ? {} : { keyEnv }), yaml, schema }
}

function yamlFor(layers: readonly LayerName[], models: string): string {
  const written = { models, tools: TOOLS, agents: AGENTS }
  const absent = LAYERS.filter((name) => !layers.includes(name))
  const more =
    absent.length === 0
      ? ''
      : `# Only what stands here runs. To add a gateway later, add ${absent.map((name) => `\`${name}:\``).join(' or ')}; docs/config.md shows how.\n`
  return `# yaml-language-server: $schema=./${SCHEMA_FILE}
# Configuration of Signalbox. Every key that is left out has a default; \`signalbox check --print\` shows them all.
# A change is taken up at once, and a mistake in it leaves what was in force.
${more}
# listen: { data: 127.0.0.1:4000, control: 127.0.0.1:4001 }
# storage: sqlite:./data

${layers.map((name) => `# ${PAINS[name]}\n${written[name]}`).join('\n')}
access:
  teams:
    # A key belongs to a team: signalbox keys create --team default
    default:${teamFor(layers)}
`
}

function modelsFor(provider: string, keyEnv: string | undefined): string {
  const settings = keyEnv === undefined ? '{}' : `{ apiKey: env:${keyEnv} }`
  return `models:
  providers:
    ${provider}: ${settings}
  models:
    # Callers may name every model of the provider, as ${provider}/<its id>.
    - { name: "${provider}/*", provider: ${provider} }
    # Or one under a name of your own, with its price in US dollars per million tokens:
    # - { name: mini, provider: ${provider}, id: <its id>, price: { inputPerMillion: 0.25, outputPerMillion: 2 } }
`
}

const TOOLS = `tools:
  # MCP clients reach the tools of all servers at /mcp, under the names <server>__<tool>, and those of one at /mcp/<server>.
  servers:
    # One that the gateway starts itself. This one is for trying things out.
    everything: { command: [npx, -y, "@modelcontextprotocol/server-everything@2026.8.31"] }
    # files: { command: [npx, -y, "@modelcontextprotocol/server-filesystem@2026.8.31", ./shared] }
    # One that is reached over HTTP:
    # crm: { url: "https://mcp.example.com/mcp" }
`

const AGENTS = `agents:
  agents:
    # An agent that speaks A2A, by the address below which its card stands. Callers reach it at /a2a/researcher.
    # researcher: { url: "https://research.example.com" }
`

/** What the first team may do: all models; of the tools those that say that they only read; all agents. */
function teamFor(layers: readonly LayerName[]): string {
  const rules = [
    ...(layers.includes('tools') ? ['tools: { default: deny, readOnly: allow } # also: allow: ["crm__*"], deny: [...]'] : []),
    ...(layers.includes('agents') ? ['agents: ["*"]'] : []),
  ]
  return rules.length === 0 ? ' {}' : `\n${rules.map((rule) => `      ${rule}`).join('\n')}`
}
