import { join } from 'node:path'
import { createKey, type KeyDeps } from '../control/keys.ts'
import type { World } from '../core/world.ts'
import { readSecretFile, replaceSecretFile } from '../storage/sqlite/secret-file.ts'
import { FIRST_KEY_FILE } from './data-folder.ts'
import { SANDBOX } from './sandbox/index.ts'

/** What the first lines of a start without a file show. */
export interface Greeting {
  readonly dataAddress: string
  readonly controlAddress: string
  readonly key: string
  /** Where the key is kept. */
  readonly keyFile: string
  /** Names of the models that can be asked for. */
  readonly models: readonly string[]
  /** How the command line is run. */
  readonly program: string
}

/** The key of a start without a file, and the file of mode 0600 that keeps it. */
export interface FirstKey {
  readonly key: string
  readonly file: string
}

/**
 * The key of a start without a configuration file: made once, and the same at the next start. Of keys only hashes are stored, so this one is
 * kept in a file as well; one that was revoked since, or belongs to another data folder, gives way to a new one.
 * @throws as createKey does; conflict where others can read the file; log_unavailable where it cannot be written
 */
export async function firstKey(folder: string, deps: KeyDeps, world: World): Promise<FirstKey> {
  const file = join(folder, FIRST_KEY_FILE)
  const kept = readSecretFile(file)
  if (kept !== undefined && isAlive(kept, deps)) return { key: kept, file }
  const { key } = await createKey(deps, { team: 'default', name: 'first' }, 'serve')
  replaceSecretFile(file, key, world)
  return { key, file }
}

/** What a person needs for the first calls, in one screen. A curl is one line, so that it can be copied, or taken by a script. */
export function greet({ dataAddress, controlAddress, key, keyFile, models, program }: Greeting): string {
  const data = `http://${dataAddress}`
  const calls = FIRST_CALLS.map((call) => `  # ${call.does}\n  ${curlOf(data, key, call)}\n`)
  return `
Signalbox is running. There is no signalbox.yaml, so all three gateways are open, with a built-in sandbox behind each.

  models    ${data}/v1    ${models.join(', ')}
  tools     ${data}/mcp
  agents    ${data}/a2a/${SANDBOX}
  control   http://${controlAddress}
  key       ${key}
            (kept in ${keyFile}; the next start shows it again)

One call through each:

${calls.join('\n')}
Then, in this folder:

  ${program} trace      the last call, what it caused, what that cost
  ${program} logs       all calls
  ${program} spend      who spent what
  ${program} init       a configuration of your own${models.length > 1 ? '' : '; or set OPENAI_API_KEY (or another) and start again'}

Ctrl-C stops it.

`
}

interface FirstCall {
  readonly does: string
  readonly path: string
  readonly headers: readonly string[]
  readonly body: object
}

/** One call a gateway. */
const FIRST_CALLS: readonly FirstCall[] = [
  {
    does: 'ask the model',
    path: '/v1/chat/completions',
    headers: [],
    body: { model: SANDBOX, messages: [{ role: 'user', content: 'Hello' }] },
  },
  {
    does: 'call a tool',
    path: '/mcp',
    headers: ['accept: application/json, text/event-stream'],
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: `${SANDBOX}__add`, arguments: { a: 1, b: 2 } } },
  },
  {
    does: 'ask the agent, which asks the model, calls the tool that it wants, and asks again',
    path: `/a2a/${SANDBOX}`,
    headers: ['a2a-version: 1.0'],
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: 'SendMessage',
      params: { message: { messageId: '1', role: 'ROLE_USER', parts: [{ text: `Please use ${SANDBOX}__echo` }] } },
    },
  },
]

function curlOf(data: string, key: string, { path, headers, body }: FirstCall): string {
  const flags = [`authorization: Bearer ${key}`, 'content-type: application/json', ...headers].map((header) => ` -H '${header}'`)
  return `curl -s ${data}${path}${flags.join('')} -d '${JSON.stringify(body)}'`
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
