import { createAccess, type KeyAccess } from '../control/access.ts'
import type { ConfigStatus, Readiness } from '../control/api/deps.ts'
import type { LiveCallTable } from '../control/live-calls.ts'
import type { MoneyConfig } from '../control/money-config.ts'
import type { Metrics } from '../control/projections/metrics.ts'
import { createTaskOwners } from '../control/task-owners.ts'
import { createToolAsks } from '../control/tool-asks.ts'
import { GatewayError } from '../core/errors.ts'
import type { LayerName } from '../core/events.ts'
import { pathOf } from '../core/headers.ts'
import type { Layer, Upgrade } from '../core/layer.ts'
import { OnDemand } from '../core/on-demand.ts'
import type { Ending } from '../core/reply.ts'
import type { Secret } from '../core/secret.ts'
import type { World } from '../core/world.ts'
import type { ModelsDeps } from '../models/index.ts'
import { createProgramRunner } from '../platform/processes.ts'
import { layerFor } from '../platform/serve-http.ts'
import { askJudge } from '../stages/guards/judges/ask.ts'
import type { LayerDeps } from '../stages/layer-deps.ts'
import type { Store } from '../storage/store.ts'
import { AlertWebhook } from './alert-webhook.ts'
import { openAnswerCache } from './answer-cache.ts'
import { bodyKeeping } from './body-keeping.ts'
import { code } from './code.ts'
import { composeControl } from './compose-control.ts'
import type { Models } from './compose-models.ts'
import { EndExpired } from './end-expired.ts'
import { GuardThread } from './guard-thread.ts'
import { answerNowhere, LAYERS } from './layer-paths.ts'
import { describeThrown, type Logger } from './logger.ts'
import type { Money } from './money.ts'
import { answerOwnRequest, isOwnRequest, type OwnRequestsDeps } from './own-requests.ts'
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

/** Puts the layers together. The only place that knows them all. Long, for it is a list: each part once, behind those that it needs. */
export function compose(deps: ComposeDeps): Gateway {
  const { world, store, live, snapshot, money } = deps
  let isOpen = true
  const thread = new GuardThread()
  const asks = createToolAsks()
  const common = {
    world,
    log: store.log,
    live,
    access: deps.keys,
    bodies: store.bodies,
    bodyKeeping: bodyKeeping(snapshot),
    asks,
    guards: () => snapshot.get().guards,
    judges: {
      search: thread.search,
      ask: (call, judge, question) =>
        askJudge({ askModel: (asking, asked) => models.get().layer.ask(asking, asked) }, call, judge, question),
    },
    limits: () => snapshot.get().requestLimits,
    onEnded: (callId: string, ending: Ending) => reportEnding(deps.logger, callId, ending),
    money,
    isOpen: () => isOpen,
  } satisfies LayerDeps & Pick<ModelsDeps, 'asks' | 'limits'>
  const cache = openAnswerCache({ world, logger: deps.logger, config: () => snapshot.get().config })
  money.begin(
    store.log,
    new AlertWebhook({ world, target: () => snapshot.get().config.money.webhook, report: (message) => deps.logger.log('warn', message) }),
  )
  const models: OnDemand<Models> = new OnDemand(() =>
    code.models().composeModels(deps, { ...common, drainMs: () => drainMsOf(snapshot.get().config.money), cache: cache.get }),
  )
  const tools = new OnDemand(() =>
    code.tools().createTools({
      ...common,
      runner: createProgramRunner(process.env),
      version: deps.version,
      settings: () => snapshot.get().tools,
      note: (level, message, fields) => deps.logger.log(level, message, fields),
    }),
  )
  const agents = new OnDemand(() =>
    code.agents().createAgents({
      ...common,
      owners: createTaskOwners({ world, log: store.log, reader: store.reader, isShared: store.condition() !== undefined }),
      catalog: () => snapshot.get().agents,
    }),
  )
  // One that runs is loaded now rather than with its first call; one that a reload brings, with the reload.
  const running = (): readonly Layer[] => LAYERS.filter((name) => snapshot.get().layers.has(name)).map((name) => layerOf[name]())
  const layerOf: Readonly<Record<LayerName, () => Layer>> = {
    models: () => models.get().layer,
    tools: () => tools.get(),
    agents: () => agents.get(),
  }
  let layers = running()
  const expiry = new EndExpired({ world, live, keys: deps.keys, isWanted: () => snapshot.get().rules.onExpiry === 'end' })
  const ready = () => readiness(deps, isOpen)
  const controlDeps = composeControl(deps, { models, cache, readiness: ready })
  // With its first request: many gateways are never asked.
  const api = new OnDemand(async () => (await import('../control/api/index.ts')).createControlApi(controlDeps))
  const own = { world, access: deps.keys, reader: store.reader, live, adminKey: deps.adminKey }
  const port: DataPort = { layers: () => layers, snapshot, own, readiness: ready }
  return {
    data: (request) => answerData(port, request),
    control: async (request) => (await api.get()).fetch(request),
    closeDoors: () => {
      isOpen = false
      tools.made?.closeStreams()
    },
    reconfigure: () => {
      money.apply(snapshot.get().ledgerRules)
      cache.reconfigure()
      expiry.reconfigure()
      layers = running()
      tools.made?.reconfigure()
    },
    close: async () => {
      money.close()
      expiry.close()
      models.made?.close()
      cache.close()
      thread.close()
      await tools.made?.close()
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
  const tokens = new OnDemand(() => new (code.tokens().Tokens)(world, rules))
  const areTaken = () => (rules().issuers?.length ?? 0) > 0
  return createAccess(await store.keys.list(), installation, rules, () => (areTaken() ? tokens.get() : undefined))
}

/** What the data port answers from. */
interface DataPort {
  /** Those that run. */
  readonly layers: () => readonly Layer[]
  readonly snapshot: CurrentSnapshot
  readonly own: OwnRequestsDeps
  readonly readiness: () => Readiness
}

function answerData(port: DataPort, request: Request): Promise<Response | Upgrade> {
  const path = pathOf(request.url)
  if (isOwnRequest(path)) return answerOwnRequest(port.own, request, path)
  const layer = layerFor(port.layers(), path)
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

/** The refusal with which a shutdown ends what still runs. */
export function shutdownReason(): GatewayError {
  return new GatewayError('shutting_down', 'The gateway was shut down before the reply was complete.')
}
