import type { AccessRules } from '../control/access.ts'
import { compileCatalog, type ModelCatalog } from '../models/catalog.ts'
import type { ModelsConfig } from '../models/config.ts'
import type { RequestLimits } from '../models/index.ts'
import type { Config } from './sections.ts'

/** One configuration, compiled. Immutable; swapped whole, so that a call never sees half of a change. */
export interface Snapshot {
  readonly config: Config
  readonly revision: string
  readonly file: string | undefined
  readonly loadedAtMs: number
  /** Without any model where the models gateway does not run. */
  readonly catalog: ModelCatalog
  readonly rules: AccessRules
  readonly requestLimits: RequestLimits
}

/** Where a snapshot comes from. */
export interface SnapshotSource {
  readonly config: Config
  readonly revision: string
  readonly file: string | undefined
  readonly loadedAtMs: number
}

const NO_MODELS: ModelsConfig = { providers: {}, models: [], timeouts: { connect: 0, firstToken: 0, idle: 0, total: 0 } }

/** Compiles a checked configuration. Pure. */
export function compileSnapshot(source: SnapshotSource): Snapshot {
  const { models, access, limits } = source.config
  return {
    ...source,
    catalog: compileCatalog(models ?? NO_MODELS),
    rules: access,
    requestLimits: { jsonBodyBytes: limits.jsonBody, jsonDepth: limits.jsonDepth, bodyDeadlineMs: limits.bodyDeadline },
  }
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

  reject(problems: readonly string[]): void {
    this.#problems = problems
  }
}
