import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createAccess } from '../control/access.ts'
import type { ControlApiDeps } from '../control/api/deps.ts'
import { type ControlApi, createControlApi } from '../control/api/index.ts'
import { loadConfig } from '../control/config/load.ts'
import { formatProblem } from '../control/config/problems.ts'
import { compileLedgerRules } from '../control/ledger-rules.ts'
import { LiveCallTable } from '../control/live-calls.ts'
import { SpendProjection } from '../control/projections/spend.ts'
import { GatewayError } from '../core/errors.ts'
import type { BodyFilter, BodyStore, EventLog, KeyStore } from '../core/ports.ts'
import { Secret } from '../core/secret.ts'
import type { World } from '../core/world.ts'
import { NO_RULES } from '../ledger/rules.ts'
import { type FolderReader, openReader } from '../storage/sqlite/open-reader.ts'
import { installationSecret } from '../storage/sqlite/secret-file.ts'
import { openSqliteStore } from '../storage/sqlite/store.ts'
import { purgeAtRest } from './answer-cache.ts'
import { openInstallation } from './data-folder.ts'
import { type GatewayPlace, PlaceError } from './gateway-place.ts'
import { Money } from './money.ts'
import { databaseUrl, openStore } from './open-store.ts'
import { createPriceDesk } from './price-desk.ts'
import { openPrices } from './price-file.ts'
import { type Config, SECTIONS } from './sections.ts'
import { readVersion } from './version.ts'

/** What opening a data folder without a gateway takes. */
export interface OfflineRequest {
  readonly place: GatewayPlace
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly world: World
  /** `read` writes nothing and needs no lock; `change` has the folder alone, as a gateway would. */
  readonly mode: 'read' | 'change'
  /** Takes what goes wrong in the background. */
  readonly report: (message: string) => void
}

/** The control API over a data folder, in this process. */
export interface OfflineGateway {
  readonly api: ControlApi
  readonly adminKey: string
  close(): Promise<void>
}

/**
 * Opens the data folder of a gateway that does not run, and puts the same control API over it.
 * @throws PlaceError where the configuration has problems
 * @throws conflict where another process has the folder; not_found where it is no data folder yet
 */
export async function openOffline(request: OfflineRequest): Promise<OfflineGateway> {
  const known = readKnown(request)
  const opened = request.mode === 'read' ? await readStore(known, request) : await changeStore(known, request)
  try {
    const { place, world } = request
    const installation = request.mode === 'read' ? UNUSED : readInstallation(known, request)
    const rules = { organisation: known?.access.organisation ?? 'default', teams: known?.access.teams ?? { default: {} } }
    const adminKey = new Secret(world.randomHex(24))
    const api = createControlApi({
      ...opened.stores,
      ...{ world, installation, adminKey, version: readVersion(), startedAtMs: world.now() },
      access: createAccess(await opened.stores.keys.list(), installation, () => rules),
      live: new LiveCallTable(),
      teams: () => Object.keys(rules.teams),
      // Without a file, what the gateway offers depends on the environment that it starts in.
      models: () => (known === undefined ? ['*'] : (known.models?.models ?? []).map(({ name }) => name)),
      // What is written down is taken up at the next start; what is known of a provider lives in a process.
      cache: () => undefined,
      bodyReaders: () => [],
      prices: createPriceDesk({
        ...{ now: () => world.now(), folder: place.dataFolder, log: opened.stores.log, reader: opened.stores.reader },
        current: () => openPrices(place.dataFolder),
        kindOf: (provider) => known?.models?.providers[provider]?.kind ?? provider,
        // Taken up, as all of the log is, when the gateway starts.
        ...{ swap: () => undefined, fold: () => undefined },
      }),
      providers: { list: () => [], reset: () => undefined },
      explainRoute: () => {
        throw new GatewayError('conflict', 'No gateway runs here that could say where a call would go.')
      },
      metricsText: () => '',
      readiness: () => ({ ready: false, checks: [{ name: 'gateway', ok: false, detail: 'It is not running.' }] }),
      configStatus: () => ({ revision: '-', loadedAtMs: world.now(), ...(place.file === undefined ? {} : { file: place.file }) }),
      reload: async () => {
        throw new GatewayError('conflict', 'The gateway is not running; it reads the file when it starts.')
      },
      ...{ hosts: 'any', openMetrics: false },
      reportFault: (_requestId, cause) => request.report(cause instanceof Error ? cause.message : String(cause)),
    })
    return { api, adminKey: adminKey.reveal(), close: opened.close }
  } catch (thrown) {
    await opened.close()
    throw thrown
  }
}

/** Reading needs no key's hash. */
const UNUSED = new Secret(undefined, 'not needed for reading')

interface Opened {
  readonly stores: Pick<ControlApiDeps, 'log' | 'reader' | 'keys' | 'bodies' | 'eraseKept' | 'tallies' | 'verify' | 'rebuild' | 'money'>
  close(): Promise<void>
}

function projectionsOf(known: Config | undefined) {
  return [() => new SpendProjection(known?.money.labelValues)]
}

/** What a running gateway of this configuration would have opened, for reading. */
async function readStore(known: Config | undefined, { place, world }: OfflineRequest): Promise<Opened> {
  if (known?.storage.type === 'postgres') return readDatabase(known, databaseUrl(known.storage), world)
  const money = new Money(world, known === undefined ? NO_RULES : compileLedgerRules(known.access, known.money))
  const folder: FolderReader = openReader(place.dataFolder, { world, projections: projectionsOf(known), state: money.state })
  const { reader, tallies } = folder
  const keys: KeyStore = { list: () => folder.keys.list(), insert: refuseChange, revoke: refuseChange }
  const now = () => ({ ledger: money.ledger, at: money.moment() })
  const stores = {
    log: CLOSED_LOG,
    reader,
    keys,
    bodies: CLOSED_BODIES,
    eraseKept: refuseChange,
    tallies,
    money: now,
    verify: () => folder.verify(),
    rebuild: refuseChange,
  }
  return { stores, close: async () => folder.close() }
}

async function readDatabase(known: Config, url: string, world: World): Promise<Opened> {
  const { openDatabaseReader } = await import('../storage/postgres/open-reader.ts')
  const database = await openDatabaseReader({ url, world, projections: projectionsOf(known) })
  const { reader, tallies } = database
  const keys: KeyStore = { list: () => database.keys.list(), insert: refuseChange, revoke: refuseChange }
  const stores = {
    log: CLOSED_LOG,
    reader,
    keys,
    bodies: CLOSED_BODIES,
    eraseKept: refuseChange,
    tallies,
    money: unknownMoney,
    verify: () => database.verify(),
    rebuild: refuseChange,
  }
  return { stores, close: () => database.close() }
}

async function changeStore(known: Config | undefined, { place, world, report }: OfflineRequest): Promise<Opened> {
  const options = {
    ...{ world, projections: projectionsOf(known), version: readVersion() },
    lastResort: report,
    report: ({ message }: GatewayError) => report(message),
  }
  const store = await (known?.storage.type === 'postgres' ? openStore(known, options) : openSqliteStore(place.dataFolder, options))
  const { log, reader, keys, bodies, objects, tallies } = store
  const eraseKept = async (filter: BodyFilter) =>
    (await objects.erase(filter)) + (await purgeAtRest(filter, { config: known, folder: place.dataFolder, world }))
  const checks = { verify: () => store.verify(), rebuild: () => store.rebuild() }
  const stores = { log, reader, keys, bodies, eraseKept, tallies, money: unknownMoney, ...checks }
  return { stores, close: () => store.close() }
}

const refuseChange = async (): Promise<never> => {
  throw new GatewayError('conflict', 'The data folder was opened for reading only.')
}

const unknownMoney = (): never => {
  throw new GatewayError(
    'conflict',
    'What budgets have left is known to the gateway that counts it, and it is not running. Start it, and ask again.',
  )
}

const CLOSED_LOG: EventLog = { append: refuseChange, keep: () => {}, flush: async () => {}, isWritable: false, countUnrecorded: () => {} }
const CLOSED_BODIES: BodyStore = { put: () => {}, get: refuseChange, erase: refuseChange, dropped: 0 }

/** What the file says; undefined where there is none. Secrets of providers are not needed here, so they need not be set. */
function readKnown({ place, cwd, env }: OfflineRequest): Config | undefined {
  if (place.file === undefined) return undefined
  const path = resolve(cwd, place.file)
  const result = loadConfig(readFileSync(path, 'utf8'), {
    file: path,
    shownAs: place.file,
    sections: SECTIONS,
    // But where the database is, must be known.
    readEnv: (name) => env[name] ?? 'not-needed-here',
    readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : 'not-needed-here'),
  })
  if (result.type === 'loaded') return result.snapshot.config
  throw new PlaceError(`${result.problems.map(formatProblem).join('\n')}\nThe configuration has problems, so the store was not opened.`)
}

/** The installation's own secret, which keys the hash of every key; made now where the gateway never started. */
function readInstallation(known: Config | undefined, { place, env, world }: OfflineRequest): Secret {
  if (known?.secret.type === 'env') {
    const name = known.secret.secret.origin.slice('env:'.length)
    if (env[name]) return new Secret(env[name], known.secret.secret.origin)
    throw new PlaceError(
      `The environment variable ${name} is not set. It must hold what it holds for the gateway (\`secret\` in the file).`,
    )
  }
  if (known !== undefined) return openInstallation(known, world)
  return new Secret(installationSecret(join(place.dataFolder, 'secret'), world), 'file')
}
