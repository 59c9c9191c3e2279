import { join } from 'node:path'
import { createKey, type KeyDeps } from '../control/keys.ts'
import type { LayerName } from '../core/events.ts'
import type { World } from '../core/world.ts'
import { readOrCreateSecretFile, readSecretFile } from '../storage/sqlite/secret-file.ts'
import type { ConfigSource } from './config-source.ts'
import { FIRST_KEY_FILE } from './data-folder.ts'
import { SANDBOX } from './sandbox/index.ts'

/** What the first lines of a start without a file show. */
export interface Greeting {
  readonly kind: ConfigSource['kind']
  readonly dataAddress: string
  readonly controlAddress: string
  readonly key: string
}

/**
 * The key of a start without a configuration file: made once, kept in a file of mode 0600, and the same at the next start.
 * @throws as createKey does
 */
export async function firstKey(folder: string, deps: KeyDeps, world: World): Promise<string> {
  const path = join(folder, FIRST_KEY_FILE)
  const kept = readSecretFile(path)
  if (kept !== undefined && isAlive(kept, deps)) return kept
  const { key } = await createKey(deps, { team: 'default', name: 'first' }, 'serve')
  return kept === undefined ? readOrCreateSecretFile(path, () => key, world) : key
}

/** What a person needs for the first calls, in one screen. */
export function greet({ kind, dataAddress, controlAddress, key }: Greeting): string {
  const data = `http://${dataAddress}`
  return `
Signalbox is running. There is no signalbox.yaml, so all three gateways run, with a built-in sandbox behind each: a model that is none, a
server of harmless tools, and an agent that asks the one and calls the other.
${kind === 'sandbox' ? WITHOUT_KEYS : WITH_KEYS}

  models    ${data}/v1
  tools     ${data}/mcp
  agents    ${data}/a2a/${SANDBOX}
  control   http://${controlAddress}
  key       ${key}

Try each:

${Object.values(FIRST_CALLS)
  .map((call) => curlOf(data, key, call))
  .join('\n\n')}

Then \`npx signalbox logs\` shows what happened, \`npx signalbox trace\` with the id of a call what caused it and what it caused, and
\`npx signalbox spend --by team,model\` what it cost.

`
}

const WITHOUT_KEYS = "To use a real model: set OPENAI_API_KEY (or another provider's key) and start again, or run `signalbox init`."
const WITH_KEYS =
  'The providers whose keys are in the environment can be used too, as PROVIDER/MODEL; GET /v1/models lists them. `signalbox init` writes a file to begin with.'

interface FirstCall {
  readonly path: string
  readonly headers: readonly string[]
  readonly body: object
}

/** One call a gateway. */
const FIRST_CALLS: Readonly<Record<LayerName, FirstCall>> = {
  models: {
    path: '/v1/chat/completions',
    headers: [],
    body: { model: SANDBOX, messages: [{ role: 'user', content: 'Hello' }] },
  },
  tools: {
    path: '/mcp',
    headers: ['accept: application/json, text/event-stream'],
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: `${SANDBOX}__add`, arguments: { a: 1, b: 2 } } },
  },
  agents: {
    path: `/a2a/${SANDBOX}`,
    headers: ['a2a-version: 1.0'],
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: 'SendMessage',
      params: { message: { messageId: '1', role: 'ROLE_USER', parts: [{ text: `Please use ${SANDBOX}__echo` }] } },
    },
  },
}

function curlOf(data: string, key: string, { path, headers, body }: FirstCall): string {
  const flags = ['content-type: application/json', `authorization: Bearer ${key}`, ...headers].map((header) => ` -H '${header}'`)
  return `  curl ${data}${path}${flags.join('')} \\\n    -d '${JSON.stringify(body)}'`
}

function isAlive(key: string, deps: KeyDeps): boolean {
  try {
    deps.access.identify(key, {}, deps.world.now())
    return true
  } catch {
    // Revoked, expired, or of another installation's secret: a new one is made.
    return false
  }
}
