import type { ConfigStatus, ControlApiDeps, Readiness } from '../control/api/deps.ts'
import { GatewayError } from '../core/errors.ts'
import { OnDemand } from '../core/on-demand.ts'
import type { CurrentCache } from './answer-cache.ts'
import { code } from './code.ts'
import type { ComposeDeps } from './compose.ts'
import type { Models } from './compose-models.ts'
import { dataFolder } from './data-folder.ts'
import { describeThrown } from './logger.ts'
import { isLoopback } from './loopback.ts'
import type { CurrentSnapshot } from './snapshot.ts'

/** What the control API reaches of the gateway that it stands beside. */
interface Beside {
  readonly models: OnDemand<Models>
  readonly cache: CurrentCache
  readonly readiness: () => Readiness
}

/** What the control API works on. */
export function composeControl(deps: ComposeDeps, { models, cache, readiness }: Beside): ControlApiDeps {
  const { world, store, snapshot, money } = deps
  const { host } = snapshot.get().config.listen.control
  const desk = new OnDemand(() => openPriceDesk(deps))
  return {
    world,
    log: store.log,
    reader: store.reader,
    keys: store.keys,
    bodies: store.bodies,
    tallies: store.tallies,
    access: deps.keys,
    live: deps.live,
    installation: deps.installation,
    adminKey: deps.adminKey,
    version: deps.version,
    startedAtMs: world.now(),
    reload: deps.reload,
    readiness,
    cache: cache.get,
    teams: () => Object.keys(snapshot.get().rules.teams),
    models: () =>
      snapshot
        .get()
        .catalog.list()
        .map(({ name }) => name),
    eraseKept: async (filter) => {
      const kept = (await store.objects.erase(filter)) + (models.made?.eraseKept(filter) ?? 0)
      return kept + (await cache.erase(filter))
    },
    bodyReaders: () => snapshot.get().config.bodies.readers,
    money: () => ({ ledger: money.ledger, at: money.moment() }),
    get prices() {
      return desk.get()
    },
    providers: {
      list: () => models.made?.providers.list() ?? [],
      reset: (provider) => models.made?.providers.reset(provider),
    },
    explainRoute: (question) => {
      if (models.made === undefined) throw new GatewayError('model_not_found', 'This gateway has no section models: it has no routes.')
      return models.made.explain(question)
    },
    metricsText: () => deps.metrics.render(),
    configStatus: () => configStatus(snapshot),
    verify: () => store.verify(),
    rebuild: () => store.rebuild(),
    hosts: isLoopback(host) ? [host] : 'any',
    openMetrics: isLoopback(host),
    reportFault: (requestId, cause) => deps.logger.log('error', 'control request failed', { requestId, ...describeThrown(cause) }),
  }
}

function openPriceDesk({ world, store, snapshot, money }: ComposeDeps) {
  return code.priceDesk().createPriceDesk({
    now: () => world.now(),
    folder: dataFolder(snapshot.get().config),
    log: store.log,
    reader: store.reader,
    current: () => snapshot.get().prices,
    swap: (book) => snapshot.reprice(book),
    kindOf: (provider) => snapshot.get().config.models?.providers[provider]?.kind ?? provider,
    fold: (event) => money.ledger.fold(event),
  })
}

/** What the control API says of the configuration. */
export function configStatus(snapshot: CurrentSnapshot): ConfigStatus {
  const { revision, file, loadedAtMs } = snapshot.get()
  return { revision, loadedAtMs, lastProblems: snapshot.problems, ...(file === undefined ? {} : { file }) }
}
