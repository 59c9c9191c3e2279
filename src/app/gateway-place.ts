import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseConfigText } from '../control/config/document.ts'
import { serverSections } from '../control/config/server-section.ts'
import { isObject } from '../core/json.ts'
import type { Address } from '../core/places.ts'
import { findConfigFile } from './check-config.ts'
import { ADMIN_KEY_FILE } from './data-folder.ts'

/** Where somebody stands who looks for a gateway. */
export interface PlaceRequest {
  /** As the user wrote it; relative to `cwd`. Left out: the file of the folder, or none. */
  readonly configFile: string | undefined
  readonly cwd: string
}

/** Where a gateway of this machine listens and keeps its files, as its configuration says. */
export interface GatewayPlace {
  /** The configuration file; undefined where there is none and the defaults hold. */
  readonly file: string | undefined
  readonly storage: 'sqlite' | 'postgres'
  readonly controlUrl: string
  readonly dataFolder: string
  readonly adminKeyFile: string
}

/** The configuration cannot be used to find the gateway. Its message says what to do. */
export class PlaceError extends Error {}

/**
 * Finds out where the gateway is. Reads only the keys that say so: a mistake elsewhere in the file, which the running gateway has
 * refused too, must not keep anybody from asking it.
 * @throws PlaceError
 */
export function findPlace({ configFile, cwd }: PlaceRequest): GatewayPlace {
  const file = configFile ?? findConfigFile(cwd)
  const value = file === undefined ? {} : readValue(file, resolve(cwd, file))
  const folder = file === undefined ? cwd : dirname(resolve(cwd, file))
  const [listen, storage, dataDir] = serverSections
  const { control } = parse(listen.name, () => listen.schema.parse(value.listen ?? undefined))
  const store = parse(storage.name, () => storage.schema.parse(value.storage ?? undefined))
  const own = store.type === 'sqlite' ? store.folder : parse(dataDir.name, () => dataDir.schema.parse(value.dataDir ?? undefined))
  const dataFolder = own.resolveFrom(folder).absolute
  return {
    file,
    storage: store.type,
    controlUrl: `http://${reachable(control)}`,
    dataFolder,
    adminKeyFile: join(dataFolder, ADMIN_KEY_FILE),
  }
}

function readValue(file: string, path: string): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable'
    throw new PlaceError(code === 'ENOENT' ? `There is no file ${file}.` : `The file ${file} cannot be read (${code}).`)
  }
  const { isReadable, value } = parseConfigText(text)
  if (!isReadable) throw new PlaceError(`The file ${file} is not valid YAML; \`signalbox check --config ${file}\` says where.`)
  return isObject(value) ? value : {}
}

function parse<Value>(name: string, read: () => Value): Value {
  try {
    return read()
  } catch (thrown) {
    throw new PlaceError(`What the configuration says under \`${name}\` is not valid; \`signalbox check\` says what is wrong.`, {
      cause: thrown,
    })
  }
}

/** An address that listens everywhere is reached on loopback. */
function reachable({ host, port }: Address): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${name.includes(':') ? `[${name}]` : name}:${port}`
}
