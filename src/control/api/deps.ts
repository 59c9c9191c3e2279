import type { AnswerCache } from '../../core/answer-cache.ts'
import type { BodyFilter, BodyStore, EventReader, TallyReader } from '../../core/ports.ts'
import type { ProviderStates } from '../../core/provider-report.ts'
import type { RouteExplanation, RouteQuestion } from '../../core/route-explanation.ts'
import type { Secret } from '../../core/secret.ts'
import type { BodyReader } from '../body-readers.ts'
import type { KeyDeps } from '../keys.ts'
import type { PriceDesk } from '../price-desk.ts'
import type { MoneyNow } from './budgets.ts'

/** Whether one thing that the gateway needs is in order. */
export interface ReadinessCheck {
  /** Short and stable: `config`, `store`, `log`, `draining`. */
  readonly name: string
  readonly ok: boolean
  /** What is wrong and what to do, where it is not in order. */
  readonly detail?: string
}

/** Whether the gateway can take calls: all checks are in order. */
export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
}

/** The configuration in force, and what kept a later one from coming into force. */
export interface ConfigStatus {
  readonly revision: string
  /** Absent where the gateway runs without a file. */
  readonly file?: string
  readonly loadedAtMs: number
  /** Problems of the file as it stands now, one line each. Absent or empty where the file is the one in force. */
  readonly lastProblems?: readonly string[]
}

/** What a check of the log's chain of hashes found. */
export type Verification =
  | { readonly type: 'intact'; readonly batches: number; readonly events: number; readonly lastHash: string }
  | { readonly type: 'broken'; readonly batch: number; readonly reason: string }

/** What the control API works on. Each function gives what is in force at that moment. */
export interface ControlApiDeps extends KeyDeps {
  readonly reader: EventReader
  readonly bodies: BodyStore
  /** Erases what is kept for callers. Returns how many those were. */
  readonly eraseKept: (filter: BodyFilter) => Promise<number>
  /** Who may read bodies, by the configuration in force. */
  readonly bodyReaders: () => readonly BodyReader[]
  /** Cached answers; undefined where nothing is cached. */
  readonly cache: () => AnswerCache | undefined
  /** Spend is read from its tallies. */
  readonly tallies: TallyReader
  /** Balances of budgets, as they are at this moment. @throws conflict where nobody here knows them */
  readonly money: () => MoneyNow
  /** List prices. */
  readonly prices: PriceDesk
  /** States of the providers of models. */
  readonly providers: ProviderStates
  /** Where a call would go now. @throws model_not_found */
  readonly explainRoute: (question: RouteQuestion) => RouteExplanation
  readonly adminKey: Secret
  /** Of Signalbox itself. */
  readonly version: string
  readonly startedAtMs: number
  /** In the Prometheus text format. */
  readonly metricsText: () => string
  readonly readiness: () => Readiness
  readonly configStatus: () => ConfigStatus
  /** Reads the configuration file again. A file with problems leaves the one in force, and they are in `lastProblems`. Never rejects. */
  readonly reload: () => Promise<ConfigStatus>
  /** Walks the log's chain of hashes, in slices. */
  readonly verify: () => Promise<Verification>
  /** Drops the projections and folds the log again, in slices. */
  readonly rebuild: () => Promise<void>
  /**
   * Names by which the control port may be addressed besides IP addresses and localhost; `any` where it listens beyond loopback and is
   * reached under names that the gateway does not know (a service name in a cluster).
   */
  readonly hosts: readonly string[] | 'any'
  /** Whether /metrics is answered without the admin key. */
  readonly openMetrics: boolean
  /** Told of what was thrown that is no GatewayError, for the process's own log. */
  readonly reportFault: (requestId: string, cause: unknown) => void
}
