import { relative } from 'node:path'
import type { ConfigStatus } from '../control/api/deps.ts'
import { takeKey } from '../control/keys.ts'
import { LiveCallTable } from '../control/live-calls.ts'
import { Metrics } from '../control/projections/metrics.ts'
import { SpendProjection } from '../control/projections/spend.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { Address } from '../core/places.ts'
import type { World } from '../core/world.ts'
import { giveBackMemory } from '../platform/give-back-memory.ts'
import { type HttpServer, serveHttp } from '../platform/serve-http.ts'
import { realWorld } from '../platform/world.ts'
import type { Store } from '../storage/store.ts'
import type { ListenAddresses } from './built-in-config.ts'
import { code } from './code.ts'
import { type ComposeDeps, compose, composeAccess, type Gateway } from './compose.ts'
import { type ConfigSource, type ConfigStart, openConfig } from './config-source.ts'
import { dataFolder, openOwnSecrets } from './data-folder.ts'
import { createLogger, describeThrown, type Logger } from './logger.ts'
import { Money } from './money.ts'
import { openStore } from './open-store.ts'
import { programName } from './program-name.ts'
import type { Sandboxes } from './sandbox/index.ts'
import { type Stopped, shutDown, untilSignalled } from './shutdown.ts'
import { readVersion } from './version.ts'

/** How a gateway is started. */
export interface ServeOptions {
  /** As the user wrote it; relative to `cwd`. Left out: the file of the folder, or none. */
  readonly configFile: string | undefined
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where a gateway without a file listens. Left out: at the default addresses. For tests, of which several run at once. */
  readonly builtInListen?: ListenAddresses | undefined
  /** Writes talk: the process's log, and the greeting. */
  readonly err: (text: string) => void
  /** Whether a person reads that, who is then told where what runs. Left out: nobody. */
  readonly isTerminal?: boolean
}

/** Everything of a running gateway that must be closed. */
export interface Running {
  readonly world: World
  readonly logger: Logger
  readonly source: ConfigSource
  readonly store: Store
  readonly live: LiveCallTable
  readonly gateway: Gateway
  /** Of the data port, of the control port, then of the sandboxes. */
  readonly servers: readonly [HttpServer, HttpServer, ...HttpServer[]]
}

/** A gateway that runs, or the exit code of one that does not; then `err` was told why. */
export type GatewayStart = { readonly type: 'started'; readonly running: Running } | { readonly type: 'failed'; readonly exitCode: 1 | 2 }

/**
 * Runs a gateway until a signal stops it.
 * @returns the exit code: 0 stopped in good order, 1 could not start or was cut off, 2 the configuration has problems
 */
export async function serve(options: ServeOptions): Promise<0 | 1 | 2> {
  const started = await startGateway(options)
  if (started.type === 'failed') return started.exitCode
  const { running } = started
  // Here and not in `startGateway`: several gateways of a test share one process.
  const keepMemory = giveBackMemory(running.world, () => running.live.size > 0)
  const stopped: Stopped = await untilSignalled({
    ...{ world: running.world, env: options.env },
    onHangup: () => running.source.reload(),
    onFault: (thrown) => reportFault(running.logger, thrown),
  })
  keepMemory()
  return shutDown(running, stopped)
}

/** Starts a gateway and leaves the signals of the process alone. `shutDown` stops it. */
export async function startGateway(options: ServeOptions): Promise<GatewayStart> {
  const world = realWorld()
  let sandboxes: Sandboxes | undefined
  const couldNot = async (thrown: unknown): Promise<GatewayStart> => {
    for (const server of sandboxes?.servers ?? []) await server.stop({ force: true })
    const error = asGatewayError(thrown)
    options.err(`signalbox: could not start: ${error.code === 'internal' ? describeThrown(thrown).cause : error.message}\n`)
    return { type: 'failed', exitCode: 1 }
  }
  const request = { file: options.configFile, cwd: options.cwd, env: options.env, world, builtInListen: options.builtInListen }
  let started: ConfigStart
  try {
    started = openConfig(request, () => {
      sandboxes = code.sandbox().startSandboxes(world)
      return sandboxes
    })
  } catch (thrown) {
    return couldNot(thrown)
  }
  if (started.type === 'rejected') {
    for (const server of sandboxes?.servers ?? []) await server.stop({ force: true })
    options.err(`${started.lines.join('\n')}\n${started.file} has problems, so nothing was started.\n`)
    return { type: 'failed', exitCode: 2 }
  }
  const { source } = started
  const logger = createLogger(world, () => source.snapshot.get().config.log.level, options.err)
  try {
    return { type: 'started', running: await start(options, { world, logger, source, sandboxes }) }
  } catch (thrown) {
    source.stop()
    return couldNot(thrown)
  }
}

interface Parts {
  readonly world: World
  readonly logger: Logger
  readonly source: ConfigSource
  readonly sandboxes: Sandboxes | undefined
}

async function start(options: ServeOptions, { world, logger, source, sandboxes }: Parts): Promise<Running> {
  const { config } = source.snapshot.get()
  const version = readVersion()
  const live = new LiveCallTable()
  const metrics = new Metrics({
    version,
    modelLabel: (subject) => (subject === undefined ? '' : (source.snapshot.get().catalog.configuredName(subject) ?? 'other')),
    liveCalls: () => live.size,
    isLogWritable: () => store.log.isWritable,
    droppedBodies: () => store.bodies.dropped,
    condition: () => store.condition(),
    residentBytes: () => process.memoryUsage.rss(),
  })
  const money = new Money(world, source.snapshot.get().ledgerRules)
  const store = await openOwnStore(source, { world, logger, metrics, version, options, money })
  try {
    const { installation, adminKey } = openOwnSecrets(config, world)
    const keys = await composeAccess(store, installation, source.snapshot, world)
    const reload = async (): Promise<ConfigStatus> => source.reload()
    const deps: ComposeDeps = {
      world,
      logger,
      store,
      keys,
      live,
      metrics,
      installation,
      adminKey,
      snapshot: source.snapshot,
      money,
      reload,
      version,
    }
    const gateway = compose(deps)
    store.watchKeys((key) => takeKey({ access: keys, live }, key))
    const servers = listen(source, gateway)
    const running: Running = { world, logger, source, store, live, gateway, servers: [...servers, ...(sandboxes?.servers ?? [])] }
    sandboxes?.reachGateways(`http://${servers[0].address}`)
    await announce(options, running, deps, servers)
    return running
  } catch (thrown) {
    await store.close()
    throw thrown
  }
}

interface StoreParts {
  readonly world: World
  readonly logger: Logger
  readonly metrics: Metrics
  readonly version: string
  readonly options: ServeOptions
  readonly money: Money
}

function openOwnStore(source: ConfigSource, { world, logger, metrics, version, options, money }: StoreParts): Promise<Store> {
  return openStore(source.snapshot.get().config, {
    world,
    version,
    projections: [() => new SpendProjection(source.snapshot.get().config.money.labelValues)],
    state: money.state,
    onCommitted: (event) => metrics.observe(event),
    lastResort: (line) => options.err(`${line}\n`),
    report: (problem) => logger.log('error', problem.message, { code: problem.code }),
  })
}

function listen(source: ConfigSource, gateway: Gateway): readonly [HttpServer, HttpServer] {
  const { config } = source.snapshot.get()
  const { data, control } = config.listen
  const maxBodyBytes = Math.max(config.limits.jsonBody, config.limits.otherBody)
  const dataServer = listenAt('data', data, maxBodyBytes, gateway.data)
  try {
    return [dataServer, listenAt('control', control, config.limits.jsonBody, gateway.control)]
  } catch (thrown) {
    void dataServer.stop({ force: true })
    throw thrown
  }
}

function listenAt(port: 'data' | 'control', address: Address, maxBodyBytes: number, answer: Gateway['data']): HttpServer {
  try {
    return serveHttp({ ...address, maxBodyBytes, fetch: answer })
  } catch (thrown) {
    const { code, message } = asGatewayError(thrown)
    const where = `\`listen: { ${port}: HOST:PORT }\` in the configuration file says where; \`signalbox init\` writes a file to begin with.`
    throw new GatewayError(code, `${message} ${where}`, { cause: thrown })
  }
}

/** Says that the gateway runs: to a person on a start without a file, and always to the log. */
async function announce(
  options: ServeOptions,
  running: Running,
  deps: ComposeDeps,
  [data, control]: readonly [HttpServer, HttpServer],
): Promise<void> {
  const { source, store, logger } = running
  const { config, revision, file, catalog, layers } = source.snapshot.get()
  source.listen({
    onSwapped: (snapshot) => {
      running.gateway.reconfigure()
      store.log.keep({ type: 'config.loaded', atMs: snapshot.loadedAtMs, revision: snapshot.revision, ...fileOf(snapshot.file) })
      logger.log('info', 'configuration loaded', { revision: snapshot.revision })
    },
    onRejected: (name, problems) => {
      store.log.keep({ type: 'config.rejected', atMs: running.world.now(), file: name, problems })
      logger.log('error', 'the changed configuration has problems; the last good one stays in force', { problems })
    },
  })
  store.log.keep({ type: 'config.loaded', atMs: running.world.now(), revision, ...fileOf(file) })
  if (store.recoveredCalls > 0) logger.log('warn', 'calls that a crash had cut off were ended', { calls: store.recoveredCalls })
  logger.log('info', 'signalbox is running', { data: data.address, control: control.address, dataFolder: dataFolder(config), revision })
  const addresses = { dataAddress: data.address, controlAddress: control.address, program: programName(options.env) }
  if (source.kind === 'file') {
    if (options.isTerminal) options.err((await import('./greeting.ts')).greetConfigured({ ...addresses, layers, file: file ?? '' }))
    return
  }
  const models = catalog.list().map(({ name }) => name)
  const keyDeps = { ...deps, log: store.log, keys: store.keys, access: deps.keys, teams: () => ['default'], models: () => models }
  const { firstKey, greet } = await import('./first-minute.ts')
  const { key, file: keyFile } = await firstKey(dataFolder(config), keyDeps, running.world)
  options.err(greet({ ...addresses, key, keyFile: shownIn(options.cwd, keyFile), models }))
}

/** A path as whoever stands in the folder would write it. */
function shownIn(folder: string, path: string): string {
  const short = relative(folder, path)
  return short.startsWith('..') ? path : short
}

function fileOf(file: string | undefined): { readonly file?: string } {
  return file === undefined ? {} : { file }
}

function reportFault(logger: Logger, thrown: unknown): void {
  logger.log('error', 'a fault outside of any call', describeThrown(thrown))
}
