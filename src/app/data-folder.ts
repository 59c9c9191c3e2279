import { join } from 'node:path'
import { Secret } from '../core/secret.ts'
import type { World } from '../core/world.ts'
import { installationSecret, readOrCreateSecretFile } from '../storage/sqlite/secret-file.ts'
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

/** The data folder of a configuration. */
export function dataFolder(config: Config): string {
  return config.storage.folder.absolute
}

/**
 * Reads the gateway's own secrets, or makes them.
 * @throws conflict where others can read such a file; log_unavailable where it cannot be written
 */
export function openOwnSecrets(config: Config, world: World): OwnSecrets {
  const { secret } = config
  const installation = secret.type === 'env' ? secret.secret : new Secret(installationSecret(secret.path.absolute, world), 'file')
  const adminKey = readOrCreateSecretFile(join(dataFolder(config), ADMIN_KEY_FILE), () => `sba_${world.randomHex(24)}`, world)
  return { installation, adminKey: new Secret(adminKey, 'file') }
}
