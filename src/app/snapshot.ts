import { type AgentCatalog, compileAgents } from '../agents/catalog.ts'
import type { AgentsConfig } from '../agents/config.ts'
import type { AccessRules } from '../control/access.ts'
import { compileLedgerRules } from '../control/ledger-rules.ts'
import type { LayerName } from '../core/events.ts'
import type { BodyDetail } from '../core/ports.ts'
import type { LedgerRules } from '../ledger/rules.ts'
import type { ModelCatalog } from '../models/catalog.ts'
import type { Surroundings } from '../models/cloud/authorize.ts'
import type { ModelsConfig } from '../models/config.ts'
import type { ModelLimits } from '../models/index.ts'
import type { PriceBook } from '../models/prices/book.ts'
import type { GuardSet } from '../stages/guards/guard-set.ts'
import type { QueueRules } from '../stages/queue.ts'
import type { ToolsSettings } from '../tools/index.ts'
import { compileTools } from '../tools/settings.ts'
import { code } from './code.ts'
import { guardsOf } from './guard-names.ts'
import { layersOf } from './layer-paths.ts'
import { isLoopback } from './loopback.ts'
import type { Config } from './sections.ts'

/** One configuration, compiled. Immutable; swapped whole, so that a call never sees half of a change. */
export interface Snapshot {
  readonly config: Config
  readonly revision: string
  readonly file: string | undefined
  readonly loadedAtMs: number
  /** List prices: those in the data folder, else the built-in ones. */
  readonly prices: PriceBook
  /** The same configuration with other list prices. */
  readonly withPrices: (prices: PriceBook) => Snapshot
  /** The gateways that run. */
  readonly layers: ReadonlySet<LayerName>
  /** Without any model where the models gateway does not run. */
  readonly catalog: ModelCatalog
  /** When a provider is left alone for a while. */
  readonly breaker: ModelsConfig['breaker']
  /** How many model calls are taken at once. */
  readonly overload: QueueRules | undefined
  /** Without any agent where the agents gateway does not run. */
  readonly agents: AgentCatalog
  readonly rules: AccessRules
  /** Without any server where the tools gateway does not run. */
  readonly tools: ToolsSettings
  readonly requestLimits: ModelLimits
  readonly ledgerRules: LedgerRules
  readonly guards: GuardSet
  /** How much of the bodies of a model is kept, where the model says so. */
  readonly modelBodies: ReadonlyMap<string, BodyDetail>
}

/** Where a snapshot comes from. */
export interface SnapshotSource {
  readonly config: Config
  readonly revision: string
  readonly file: string | undefined
  readonly loadedAtMs: number
  /** List prices. */
  readonly prices: PriceBook
  /** In which the process runs: providers of clouds find their credentials there. */
  readonly surroundings: Surroundings
}

const NO_MODELS: ModelCatalog = {
  find: () => undefined,
  list: () => [],
  lanes: () => [],
  wildcardLanes: () => [],
  serverTools: undefined,
  passthrough: () => undefined,
  passed: [],
  keeper: () => undefined,
  configuredName: () => undefined,
}
const NO_BREAKER: ModelsConfig['breaker'] = { failures: 5, share: 0.5, pause: 0, longestPause: 0 }
const NO_AGENTS: AgentsConfig = { agents: {}, timeouts: { connect: 0, idle: 0, total: 0 } }

/** Compiles a checked configuration. Pure. */
export function compileSnapshot(source: SnapshotSource): Snapshot {
  const { surroundings, ...rest } = source
  const { prices } = source
  const { models, tools, agents, access, limits, listen, money } = source.config
  const catalogOf = (book: PriceBook): ModelCatalog =>
    models === undefined ? NO_MODELS : code.modelsCatalog().compileCatalog(models, book, surroundings)
  const snapshot: Snapshot = {
    ...rest,
    layers: layersOf(source.config),
    catalog: catalogOf(prices),
    // What else is in force stays the very same object.
    withPrices: (others) => ({ ...snapshot, prices: others, catalog: catalogOf(others) }),
    breaker: models?.breaker ?? NO_BREAKER,
    overload: models?.overload && { running: models.overload.running, queue: models.overload.queue, waitMs: models.overload.wait },
    agents: compileAgents(agents ?? NO_AGENTS, isLoopback(listen.data.host)),
    rules: access,
    modelBodies: new Map((models?.models ?? []).flatMap(({ name, bodies }) => (bodies === undefined ? [] : [[name, bodies] as const]))),
    guards: guardsOf(source.config),
    tools: compileTools(tools, isLoopback(listen.data.host)),
    requestLimits: {
      jsonBodyBytes: limits.jsonBody,
      otherBodyBytes: limits.otherBody,
      jsonDepth: limits.jsonDepth,
      bodyDeadlineMs: limits.bodyDeadline,
    },
    ledgerRules: compileLedgerRules(access, money),
  }
  return snapshot
}

/** The snapshot in force, and what kept a later one from it. The only state of the configuration; compose.ts owns it. */
export class CurrentSnapshot {
  #current: Snapshot
  #problems: readonly string[] = []

  constructor(first: Snapshot) {
    this.#current = first
  }

  get(): Snapshot {
    return this.#current
  }

  get problems(): readonly string[] {
    return this.#problems
  }

  swap(next: Snapshot): void {
    this.#current = next
    this.#problems = []
  }

  /** Other list prices; what keeps a later file from coming into force stays known. */
  reprice(prices: PriceBook): void {
    this.#current = this.#current.withPrices(prices)
  }

  reject(problems: readonly string[]): void {
    this.#problems = problems
  }
}
