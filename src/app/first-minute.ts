import { join } from 'node:path'
import { createKey, type KeyDeps } from '../control/keys.ts'
import type { World } from '../core/world.ts'
import { readOrCreateSecretFile, readSecretFile } from '../storage/sqlite/secret-file.ts'
import type { ConfigSource } from './config-source.ts'
import { FIRST_KEY_FILE } from './data-folder.ts'

/** What the first lines of a start without a file show. */
export interface Greeting {
  readonly kind: ConfigSource['kind']
  readonly dataAddress: string
  readonly controlAddress: string
  readonly key: string
  /** A model that the key may use. */
  readonly model: string
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

/** What a person needs for the first call, in one screen. */
export function greet({ kind, dataAddress, controlAddress, key, model }: Greeting): string {
  const what =
    kind === 'sandbox'
      ? "There is no signalbox.yaml and no provider key in the environment, so the built-in sandbox answers. It is no model.\nTo use a real one: set OPENAI_API_KEY (or another provider's key) and start again, or run `signalbox init`."
      : 'There is no signalbox.yaml, so the provider keys of the environment are used. `signalbox init` writes a file to begin with.'
  return `
Signalbox is running.
${what}

  models    http://${dataAddress}/v1
  control   http://${controlAddress}
  key       ${key}

Try it:

  curl http://${dataAddress}/v1/chat/completions -H 'content-type: application/json' -H 'authorization: Bearer ${key}' \\
    -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'

Then \`npx signalbox logs\` and \`npx signalbox spend --by team,model\` show what happened.

`
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
