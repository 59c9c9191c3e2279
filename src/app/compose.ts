import { createAgents } from '../agents/index.ts'
import { createAccess, type KeyAccess } from '../control/access.ts'
import type { ConfigStatus, Readiness } from '../control/api/deps.ts'
import { createControlApi } from '../control/api/index.ts'
import { Tokens } from '../control/jwt/tokens.ts'
import type { LiveCallTable } from '../control/live-calls.ts'
import type { MoneyConfig } from '../control/money-config.ts'
import type { Metrics } from '../control/projections/metrics.ts'
import { createTaskOwners } from '../control/task-owners.ts'
import { createToolAsks } from '../control/tool-asks.ts'
import { GatewayError } from '../core/errors.ts'
import { pathOf } from '../core/headers.ts'
import type { Layer, Upgrade } from '../core/layer.ts'
import type { Ending } from '../core/reply.ts'
import type { Secret } from '../core/secret.ts'
import type { World } from '../core/world.ts'
import { createModels, type ModelsDeps } from '../models/index.ts'
import { MemoryResponseStore } from '../models/responses.ts'
import { providerStates } from '../models/routing/report.ts'
import { RouterState } from '../models/routing/router.ts'
import { createProgramRunner } from '../platform/processes.ts'
import { layerFor } from '../platform/serve-http.ts'
import type { Store } from '../storage/store.ts'
import { createTools } from '../tools/index.ts'
import { AlertWebhook } from './alert-webhook.ts'
import { openAnswerCache } from './answer-cache.ts'
import { dataFolder } from './data-folder.ts'
import { keepProviderStates } from './keep-provider-states.ts'
import { answerNowhere } from './layer-paths.ts'
import { describeThrown, type Logger } from './logger.ts'
import { isLoopback } from './loopback.ts'
import type { Money } from './money.ts'
import { answerOwnRequest, isOwnRequest, type OwnRequestsDeps } from './own-requests.ts'
import { createPriceDesk } from './price-desk.ts'
import type { CurrentSnapshot } from './snapshot.ts'

/** What a gateway is put together from. */
export interface ComposeDeps {
  readonly world: World
  readonly logger: Logger
  readonly store: Store
  readonly keys: KeyAccess
  readonly live: LiveCallTable
  readonly metrics: Metrics
  readonly installation: Secret
  readonly adminKey: Secret
  readonly snapshot: CurrentSnapshot
  readonly money: Money
  readonly reload: () => Promise<ConfigStatus>
  readonly version: string
}

/** A gateway without its sockets. */
export interface Gateway {
  /** The data port. */
  readonly data: (request: Request) => Promise<Response | Upgrade>
  /** The control port. */
  readonly control: (request: Request) => Promise<Response>
  /** From now on calls are refused, and readiness says so. What runs goes on. */
  closeDoors(): void
  /** Takes the configuration in force where that is more than to look at it: MCP servers are begun and closed. */
  reconfigure(): void
  /** Ends what runs beside the calls: MCP servers and sessions. */
  close(): Promise<void>
}

/** Puts the layers together. The only place that knows them all. */
export function compose(deps: ComposeDeps): Gateway {
  const { world, store, live, snapshot, money } = deps
  let isOpen = true
  const asks = createToolAsks()
  const router = new RouterState(() => snapshot.get().breaker)
  const stopKeeping = keepProviderStates({ world, logger: deps.logger, folder: dataFolder(snapshot.get().config), lanes: router.lanes })
  const common = {
    world,
    log: store.log,
    live,
    access: deps.keys,
    bodies: store.bodies,
    bodyKeeping: {
      detailFor: ({ team }) =>
        (team === undefined ? undefined : snapshot.get().rules.teams[team]?.bodies) ?? snapshot.get().config.bodies.store,
      maxBytes: () => snapshot.get().config.bodies.maxSize,
    },
    asks,
    guards: () => snapshot.get().guards,
    limits: () => snapshot.get().requestLimits,
    onEnded: (callId: string, ending: Ending) => reportEnding(deps.logger, callId, ending),
    isOpen: () => isOpen,
  } satisfies Partial<ModelsDeps>
  const cache = openAnswerCache({ world, logger: deps.logger, config: () => snapshot.get().config })
  money.begin(
    store.log,
    new AlertWebhook({ world, target: () => snapshot.get().config.money.webhook, report: (message) => deps.logger.log('warn', message) }),
  )
  const models = createModels({
    ...common,
    money,
    drainMs: () => drainMsOf(snapshot.get().config.money),
    router,
    responses: new MemoryResponseStore(world),
    catalog: () => snapshot.get().catalog,
    overload: () => snapshot.get().overload,
    cache: cache.get,
  })
  const tools = createTools({
    ...common,
    runner: createProgramRunner(process.env),
    version: deps.version,
    settings: () => snapshot.get().tools,
    note: (level, message, fields) => deps.logger.log(level, message, fields),
  })
  const agents = createAgents({
    ...common,
    owners: createTaskOwners({ world, log: store.log, reader: store.reader, isShared: store.condition() !== undefined }),
    catalog: () => snapshot.get().agents,
  })
  const layers: readonly Layer[] = [models, tools, agents]
  const api = createControlApi({
    world,
    log: store.log,
    reader: store.reader,
    keys: store.keys,
    access: deps.keys,
    live,
    installation: deps.installation,
    teams: () => Object.keys(snapshot.get().rules.teams),
    models: () =>
      snapshot
        .get()
        .catalog.list()
        .map(({ name }) => name),
    bodies: store.bodies,
    cache: cache.get,
    tallies: store.tallies,
    money: () => ({ ledger: money.ledger, at: money.moment() }),
    prices: createPriceDesk({
      ...{ now: () => world.now(), folder: dataFolder(snapshot.get().config), log: store.log, reader: store.reader },
      current: () => snapshot.get().prices,
      swap: (book) => snapshot.reprice(book),
      kindOf: (provider) => snapshot.get().config.models?.providers[provider]?.kind ?? provider,
      fold: (event) => money.ledger.fold(event),
    }),
    providers: providerStates(router, world, () => snapshot.get().catalog.lanes()),
    adminKey: deps.adminKey,
    version: deps.version,
    startedAtMs: world.now(),
    metricsText: () => deps.metrics.render(),
    readiness: () => readiness(deps, isOpen),
    configStatus: () => configStatus(snapshot),
    reload: deps.reload,
    verify: () => store.verify(),
    rebuild: () => store.rebuild(),
    hosts: hostsOf(snapshot.get().config.listen.control.host),
    openMetrics: isLoopback(snapshot.get().config.listen.control.host),
    reportFault: (requestId, cause) => deps.logger.log('error', 'control request failed', { requestId, ...describeThrown(cause) }),
  })
  const own = { world, access: deps.keys, reader: store.reader, live, adminKey: deps.adminKey }
  const port: DataPort = { layers, snapshot, own, readiness: () => readiness(deps, isOpen) }
  return {
    data: (request) => answerData(port, request),
    control: (request) => api.fetch(request),
    closeDoors: () => {
      isOpen = false
      tools.closeStreams()
    },
    reconfigure: () => {
      money.apply(snapshot.get().ledgerRules)
      cache.reconfigure()
      tools.reconfigure()
    },
    close: async () => {
      money.close()
      stopKeeping()
      cache.close()
      await tools.close()
    },
  }
}

/** How long replies are read on whose client has left; undefined where they are not. */
function drainMsOf({ onClientLeave, drainFor }: MoneyConfig): number | undefined {
  return onClientLeave === 'drain' ? drainFor : undefined
}

/** Keys and tokens, by the teams and issuers in force. */
export async function composeAccess(store: Store, installation: Secret, snapshot: CurrentSnapshot, world: World): Promise<KeyAccess> {
  const rules = () => snapshot.get().rules
  return createAccess(await store.keys.list(), installation, rules, new Tokens(world, rules))
}

/** What the control API says of the configuration. */
export function configStatus(snapshot: CurrentSnapshot): ConfigStatus {
  const { revision, file, loadedAtMs } = snapshot.get()
  return { revision, loadedAtMs, lastProblems: snapshot.problems, ...(file === undefined ? {} : { file }) }
}

/** What the data port answers from. */
interface DataPort {
  readonly layers: readonly Layer[]
  readonly snapshot: CurrentSnapshot
  readonly own: OwnRequestsDeps
  readonly readiness: () => Readiness
}

function answerData(port: DataPort, request: Request): Promise<Response | Upgrade> {
  const path = pathOf(request.url)
  if (isOwnRequest(path)) return answerOwnRequest(port.own, request, path)
  const layer = layerFor(port.layers, path)
  const isRunning = layer !== undefined && port.snapshot.get().layers.has(layer.name)
  return isRunning ? layer.fetch(request) : Promise.resolve(answerElse(port, path, request.method))
}

function answerElse({ snapshot, readiness }: DataPort, path: string, method: string): Response {
  if (path === '/livez') return new Response('ok\n', { headers: PLAIN })
  if (path === '/readyz') return answerReadiness(readiness())
  return answerNowhere(path, method, snapshot.get().layers)
}

/** For load balancers, which ask at the port that they send calls to. Why it is not ready in words, the control port says. */
function answerReadiness({ ready, checks }: Readiness): Response {
  if (ready) return new Response('ok\n', { headers: PLAIN })
  const names = checks.filter(({ ok }) => !ok).map(({ name }) => name)
  return new Response(`not ready: ${names.join(', ')}\n`, { status: 503, headers: PLAIN })
}

const PLAIN = { 'content-type': 'text/plain' }

function readiness({ store, snapshot }: ComposeDeps, isOpen: boolean): Readiness {
  const checks = [
    { name: 'draining', ok: isOpen, ...(isOpen ? {} : { detail: 'The gateway is shutting down.' }) },
    {
      name: 'log',
      ok: store.log.isWritable,
      ...(store.log.isWritable ? {} : { detail: 'The event log cannot be written; see the process log for the reason.' }),
    },
    ...storeCheck(store),
    {
      name: 'config',
      ok: true,
      ...(snapshot.problems.length === 0 ? {} : { detail: 'The file has problems; the last good configuration is in force.' }),
    },
  ]
  return { ready: checks.every(({ ok }) => ok), checks }
}

/** Calls go on while a database is away, so it is no reason to send them elsewhere: every replica has the same one. */
function storeCheck({ condition }: Store): Readiness['checks'] {
  const now = condition()
  if (now === undefined) return []
  return [{ name: 'store', ok: true, ...(now.detail === undefined ? {} : { detail: now.detail }) }]
}

/** Failures are worth a line; what went well is in the event log. */
function reportEnding(logger: Logger, callId: string, ending: Ending): void {
  if (ending.outcome === 'ok' || ending.outcome === 'paused') return
  const { error } = ending
  const fields = { requestId: callId, outcome: ending.outcome, code: error.code, source: error.source, says: error.message }
  const cause = error.cause === undefined ? {} : describeThrown(error.cause)
  logger.log(error.code === 'internal' ? 'error' : ending.outcome === 'broken' ? 'warn' : 'debug', 'call failed', { ...fields, ...cause })
}

function hostsOf(host: string): readonly string[] | 'any' {
  return isLoopback(host) ? [host] : 'any'
}

/** The refusal with which a shutdown ends what still runs. */
export function shutdownReason(): GatewayError {
  return new GatewayError('shutting_down', 'The gateway was shut down before the reply was complete.')
}
