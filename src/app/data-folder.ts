import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import type { World } from '../core/world.ts'
import { installationSecret, readOrCreateSecretFile, readSecretFile } from '../storage/sqlite/secret-file.ts'
import type { Config } from './sections.ts'

/** Names of the files beside the databases of a data folder; each has mode 0600. */
export const ADMIN_KEY_FILE = 'admin-key'
/** The key that the first start makes and the next ones show again. */
export const FIRST_KEY_FILE = 'first-key'

/** The secrets that a gateway makes for itself at its first start. */
export interface OwnSecrets {
  /** Keys the hash of every key. */
  readonly installation: Secret
  /** The credential of the control API. */
  readonly adminKey: Secret
}

/** The folder of a configuration for what is this process's own: with SQLite that is everything. */
export function dataFolder({ storage, dataDir }: Pick<Config, 'storage' | 'dataDir'>): string {
  return (storage.type === 'sqlite' ? storage.folder : dataDir).absolute
}

/** What `secret` is in a file that does not say it: in the folder of the default `storage`. */
const UNSAID_SECRET = './data/secret'

/** The installation's secret. With SQLite it is made at the first start; replicas that share a database must be given the same. */
export function openInstallation({ storage, secret }: Pick<Config, 'storage' | 'secret'>, world: World): Secret {
  if (secret.type === 'env') return secret.secret
  const { absolute: path, written } = secret.path
  if (storage.type === 'sqlite') {
    // A store that was moved elsewhere has its secret with it, unless the file says where, or one was made before.
    const isBesideStore = written === UNSAID_SECRET && !existsSync(path)
    return new Secret(installationSecret(isBesideStore ? join(storage.folder.absolute, 'secret') : path, world), 'file')
  }
  const text = readSecretFile(path)
  if (text !== undefined) return new Secret(text, 'file')
  throw new GatewayError(
    'not_found',
    `There is no secret file ${path}. Replicas that share a database need the same one: put it there (mode 0600), or make the first with \`openssl rand -hex 32\`.`,
  )
}

/**
 * Reads the gateway's own secrets, or makes them.
 * @throws conflict where others can read such a file; log_unavailable where it cannot be written
 */
export function openOwnSecrets(config: Config, world: World): OwnSecrets {
  const installation = openInstallation(config, world)
  const adminKey = readOrCreateSecretFile(join(dataFolder(config), ADMIN_KEY_FILE), () => `sba_${world.randomHex(24)}`, world)
  return { installation, adminKey: new Secret(adminKey, 'file') }
}
