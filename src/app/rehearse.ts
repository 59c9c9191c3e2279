import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyAccess } from '../control/access.ts'
import { LiveCallTable } from '../control/live-calls.ts'
import { Metrics } from '../control/projections/metrics.ts'
import { FilePath } from '../core/places.ts'
import { Secret } from '../core/secret.ts'
import type { World } from '../core/world.ts'
import { BROKEN_STREAMS, FAILURES } from '../models/routing/failures.ts'
import type { ModelTarget, RouteTarget } from '../models/routing/types.ts'
import type { Target } from '../models/types.ts'
import { realWorld } from '../platform/world.ts'
import { openMemoryStore } from '../storage/memory/store.ts'
import { compose } from './compose.ts'
import { PROVIDER_STATES_FILE } from './keep-provider-states.ts'
import { type FileRequest, loadFile } from './load-file.ts'
import { createLogger } from './logger.ts'
import { Money } from './money.ts'
import { HEALTHY_TEXT } from './rehearsal-replies.ts'
import { FAULTS, type FaultName, wallWorld } from './rehearsal-wall.ts'
import type { Config } from './sections.ts'
import { CurrentSnapshot, compileSnapshot, type Snapshot } from './snapshot.ts'
import { withoutSecrets } from './without-secrets.ts'

/** What became of one call under one fault. */
export interface Rehearsed {
  readonly route: string
  readonly fault: FaultName
  /** The fault in words. */
  readonly what: string
  readonly reply: 'whole' | 'stream'
  /**
   * `survived`: the caller got a good answer. `told`: a proper error, and nothing else could be done. `exposed`: a proper error, though the route has another
   * way that was not taken. `untried`: its conditions do not hold for a plain chat, so nothing was asked. `wrong`: neither a whole answer nor a proper error.
   */
  readonly verdict: 'survived' | 'told' | 'exposed' | 'untried' | 'wrong'
  readonly status: number
  readonly code?: string
  readonly attempts: number
}

/** Waits that a rehearsal has time for. */
const QUICK = { connect: 60, firstToken: 120, idle: 120, total: 500 }
/** A call that is not over by then hangs. */
const HANGS_MS = 8000

/**
 * Calls every route, and every model that is named directly, under every fault, whole and streamed: in this process, with the providers of the
 * configuration replaced by a wall of faults. Nothing is sent, and nothing of the data folder is touched.
 * @throws PlaceError where the configuration has problems
 */
export async function rehearse(request: FileRequest, onDone: (one: Rehearsed) => void = () => {}): Promise<readonly Rehearsed[]> {
  const env = withoutSecrets(request.env)
  const snapshot = loadFile({ ...request, env })
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-rehearsal-'))
  try {
    const own = compileSnapshot({ ...snapshot, surroundings: { env }, config: rehearsalConfig(snapshot.config, folder) })
    const results: Rehearsed[] = []
    for (const { name } of own.catalog.list().filter((model) => !model.name.endsWith('*'))) {
      for (const fault of FAULTS) {
        for (const reply of ['whole', 'stream'] as const) {
          if (reply === 'whole' && (!(fault in FAILURES) || fault === 'first_token_timeout')) continue
          const done = await rehearseOne(own, { route: name, fault, reply })
          // What one call taught the gateway is none of the next one's business.
          rmSync(join(folder, PROVIDER_STATES_FILE), { force: true })
          results.push(done)
          onDone(done)
        }
      }
    }
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The user's own, but for what reaches outside: its folders, its tools and agents, its long waits. */
function rehearsalConfig(config: Config, folder: string): Config {
  const { models } = config
  const storage: Config['storage'] = { type: 'sqlite', folder: new FilePath(folder).resolveFrom(folder) }
  // What is rehearsed is nothing that replicas should hear of.
  const shared: Config['shared'] = { type: 'none' }
  if (models === undefined) return { ...config, storage, shared, tools: undefined, agents: undefined }
  const { overload: _overload, ...rest } = models
  const withoutTimeouts = <Item extends object>({ timeouts: _timeouts, ...item }: Item & { timeouts?: unknown }) => item
  return {
    ...config,
    storage,
    shared,
    tools: undefined,
    agents: undefined,
    models: {
      ...rest,
      // An answer to one call must not be the answer under the next fault.
      cache: { ...models.cache, store: 'memory' },
      timeouts: QUICK,
      providers: Object.fromEntries(
        Object.entries(models.providers).map(([name, provider]) => [name, withoutTimeouts(provider)]),
      ) as typeof models.providers,
      models: models.models.map(withoutTimeouts) as typeof models.models,
      routes: models.routes.map((route) => ({
        ...withoutTimeouts(route),
        retries: { ...route.retries, base: 1, longest: 1100 },
      })) as typeof models.routes,
    },
  }
}

interface Rehearsal {
  readonly route: string
  readonly fault: FaultName
  readonly reply: 'whole' | 'stream'
}

async function rehearseOne(snapshot: Snapshot, { route, fault, reply }: Rehearsal): Promise<Rehearsed> {
  const targets = everyTarget(snapshot)
  const world = wallWorld(realWorld(), fault, targets)
  const gateway = openGateway(snapshot, world)
  try {
    const body = JSON.stringify({ model: route, messages: [{ role: 'user', content: 'Say how it is.' }], stream: reply === 'stream' })
    const request = new Request('http://127.0.0.1/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const answered = gateway
      .data(request)
      .then(async (response) => (response instanceof Response ? { response, text: await response.text() } : undefined))
    const late = world.sleep(HANGS_MS, new AbortController().signal).then(() => undefined)
    const answer = await Promise.race([answered, late])
    return judge({ route, fault, reply }, answer, waysOf(snapshot, route))
  } finally {
    await gateway.close()
  }
}

interface Answer {
  readonly response: Response
  readonly text: string
}

function judge({ route, fault, reply }: Rehearsal, answer: Answer | undefined, ways: Ways): Rehearsed {
  const what = fault in FAILURES ? FAILURES[fault as keyof typeof FAILURES].what : BROKEN_STREAMS[fault as keyof typeof BROKEN_STREAMS].what
  const base = { route, fault, what, reply } as const
  if (answer === undefined) return { ...base, verdict: 'wrong', status: 0, attempts: 0 }
  const { response, text } = answer
  const attempts = Number(response.headers.get('x-signalbox-attempts') ?? 0)
  const code = /"code":\s*"([a-z_]+)"/.exec(text)?.[1]
  const told = { ...base, status: response.status, attempts, ...(code === undefined ? {} : { code }) }
  const isGood = response.status === 200 && code === undefined && (reply === 'whole' || text.includes('[DONE]')) && saidWhole(text, reply)
  if (isGood) return { ...told, verdict: 'survived' }
  const isTold = code !== undefined && (response.status >= 400 || (reply === 'stream' && !text.includes('[DONE]')))
  if (!isTold) return { ...told, verdict: 'wrong' }
  if (code === 'no_capable_target') return { ...told, verdict: 'untried' }
  return { ...told, verdict: couldSurvive(fault, ways, attempts) ? 'exposed' : 'told' }
}

/** Whether the table knows a way on, and the route has one that was not taken. */
function couldSurvive(fault: FaultName, { models, lanes }: Ways, attempts: number): boolean {
  if (!(fault in FAILURES) || attempts > 1) return false
  const actions: readonly string[] = FAILURES[fault as keyof typeof FAILURES].actions
  return (actions.includes('next-target') && models > 1) || (actions.includes('next-key') && lanes > 1)
}

function saidWhole(text: string, reply: 'whole' | 'stream'): boolean {
  if (reply === 'whole') return text.includes(HEALTHY_TEXT)
  const said = [...text.matchAll(/"content":\s*"((?:[^"\\]|\\.)*)"/g)].map(([, piece]) => piece ?? '').join('')
  return said === HEALTHY_TEXT
}

/** How many models a route has, and how many ways to them: a model may be asked with several keys. */
interface Ways {
  readonly models: number
  readonly lanes: number
}

function waysOf({ catalog }: Snapshot, name: string): Ways {
  const models = (targets: readonly RouteTarget[]): readonly ModelTarget[] =>
    targets.flatMap((target) => (target.type === 'model' ? [target] : models(target.targets)))
  const all = models(catalog.find(name)?.targets ?? [])
  return {
    models: new Set(all.map((model) => model.name)).size,
    lanes: new Set(all.flatMap(({ lanes }) => lanes.map(({ laneId }) => laneId))).size,
  }
}

function everyTarget({ catalog }: Snapshot): readonly Target[] {
  const below = (targets: NonNullable<ReturnType<typeof catalog.find>>['targets']): readonly Target[] =>
    targets.flatMap((target) => (target.type === 'model' ? target.lanes : below(target.targets)))
  return catalog.list().flatMap(({ name }) => below(catalog.find(name)?.targets ?? []))
}

/** A caller of the rehearsal may do everything: whose key may use what is not what is rehearsed. */
function openAccess(organisation: string): KeyAccess {
  return {
    identify: () => ({ organisation, labels: {} }),
    mayUseModel: () => true,
    mayUseTool: () => true,
    mayUseAgent: () => true,
    put: () => {},
    get: () => undefined,
    expiredBy: () => undefined,
    list: () => [],
  }
}

function openGateway(snapshot: Snapshot, world: World) {
  const live = new LiveCallTable()
  const store = openMemoryStore({ world, version: 'rehearsal', projections: [], lastResort: () => {}, report: () => {} })
  const money = new Money(world, snapshot.ledgerRules)
  const metrics = new Metrics({
    version: 'rehearsal',
    modelLabel: () => 'rehearsal',
    liveCalls: () => live.size,
    isLogWritable: () => true,
    droppedBodies: () => 0,
    condition: () => undefined,
    residentBytes: () => 0,
  })
  const secret = new Secret('rehearsal')
  const gateway = compose({
    ...{ world, store, live, metrics, money, installation: secret, adminKey: secret, version: 'rehearsal' },
    logger: createLogger(
      world,
      () => 'error',
      () => {},
    ),
    keys: openAccess(snapshot.config.access.organisation),
    snapshot: new CurrentSnapshot(snapshot),
    reload: async () => ({ revision: '-', loadedAtMs: 0 }),
  })
  return {
    data: gateway.data,
    close: async () => {
      await gateway.close()
      money.close()
      await store.close()
    },
  }
}
