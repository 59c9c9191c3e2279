import { formatJsonSchema } from '../control/config/schema.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import { PROVIDERS } from '../models/providers.ts'
import { SECTIONS } from './sections.ts'

/** Name of the schema file that stands beside a configuration, for editors. */
export const SCHEMA_FILE = 'signalbox.schema.json'

/** A first configuration, or why there is none. */
export type StartingConfig =
  | {
      readonly type: 'written'
      readonly provider: string
      /** The environment variable that must hold the provider's key before it works; absent where it needs none. */
      readonly keyEnv?: string
      readonly yaml: string
      readonly schema: string
    }
  | { readonly type: 'unknown-provider'; readonly message: string }

/**
 * Writes a first configuration for one provider.
 * @param wanted its name; left out, the first provider whose key is in the environment, else Ollama on this machine, which needs none
 */
export function startingConfig(wanted: string | undefined, env: Readonly<Record<string, string | undefined>>): StartingConfig {
  const provider = wanted ?? providerWithKey(env) ?? 'ollama'
  const row = Object.hasOwn(PROVIDERS, provider) ? PROVIDERS[provider] : undefined
  if (row === undefined) {
    const known = Object.keys(PROVIDERS)
    const hint = didYouMean(provider, known)
    return { type: 'unknown-provider', message: `no known provider is called "${provider}"${hint} The known ones are ${known.join(', ')}.` }
  }
  const { keyEnv } = row
  return {
    type: 'written',
    provider,
    ...(keyEnv === undefined ? {} : { keyEnv }),
    yaml: yamlFor(provider, keyEnv),
    schema: formatJsonSchema(SECTIONS),
  }
}

function providerWithKey(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return Object.keys(PROVIDERS).find((name) => {
    const variable = PROVIDERS[name]?.keyEnv
    return variable !== undefined && (env[variable] ?? '') !== ''
  })
}

function yamlFor(provider: string, keyEnv: string | undefined): string {
  const settings = keyEnv === undefined ? '{}' : `{ apiKey: env:${keyEnv} }`
  return `# yaml-language-server: $schema=./${SCHEMA_FILE}
# Configuration of Signalbox. Every key that is left out has a default; \`signalbox check --print\` shows them all.
# A change is taken up at once, and a mistake in it leaves what was in force.

# listen: { data: 127.0.0.1:4000, control: 127.0.0.1:4001 }
# storage: sqlite:./data

models:
  providers:
    ${provider}: ${settings}
  models:
    # Callers may name every model of the provider, as ${provider}/<its id>.
    - { name: "${provider}/*", provider: ${provider} }
    # Or one under a name of your own, with its price in US dollars per million tokens:
    # - { name: mini, provider: ${provider}, id: <its id>, price: { inputPerMillion: 0.25, outputPerMillion: 2 } }

access:
  teams:
    default: {} # a key belongs to a team: signalbox keys create --team default
`
}
