import type { CallsJob } from '../load/jobs.ts'
import type { Loader } from './loader.ts'
import type { MockUpstream } from './mock-upstream.ts'
import { readCpuMicros, readForeignCpuMicros } from './proc.ts'
import type { Scale } from './scale.ts'
import { requestOf, type Target } from './target.ts'

const WARM_UP_ROUNDS = 4
// What a call leaves behind for later (a group commit, a collection) belongs to its price.
const settleMs = 100

/** What a row measures with. */
export interface Lab {
  readonly floor: Target
  readonly gateway: Target
  readonly mock: MockUpstream
  readonly load: Loader
  readonly scale: Scale
  /** A second, separate installation of the gateway, stopped; for rows that start and stop it. */
  installSpare(): Promise<Target>
  /** A gateway before so many MCP servers and one agent of the mock, and a proxy that passes through: both running. */
  installProtocols(servers: number): Promise<Pair<Target>>
  /** bench/least.ts, running; with a cache, or without. */
  startLeast(options: { readonly isCached: boolean }): Promise<Target>
  /** An installation that caches the answers of all models. */
  installCached(): Promise<Target>
  /** An installation, stopped, whose data folder a row may fill. */
  installReporting(): Promise<ReportingTarget>
  /** Two installations of the gateway, both running: one without budgets and limits, one with three budgets a key and limits. */
  installBudgeted(): Promise<{ readonly plain: KeyedTarget; readonly budgeted: KeyedTarget }>
}

/** A gateway on which many keys can be made and used. */
export interface KeyedTarget extends Target {
  makeKeys(count: number): Promise<readonly string[]>
  callWithEach(keys: readonly string[]): Promise<void>
}

/** A gateway that is asked for reports. */
export interface ReportingTarget extends Target {
  readonly dataFolder: string
  askControl(method: 'GET' | 'POST', path: string): Promise<string>
  runCommand(args: readonly string[]): Promise<string>
}

/** CPU that calls through a target cost in a closed loop, and how many there were. */
export async function measureCalls(lab: Lab, target: Target, options: { readonly shape: string; readonly seconds: number }) {
  const { shape, seconds } = options
  return measureJob(lab, target, { type: 'calls', port: target.port, request: requestOf(target, shape), connections: 64, seconds })
}

/** The same for calls of any kind. */
export async function measureJob(lab: Lab, target: Target, job: CallsJob) {
  const cpuBefore = readCpuMicros(target.pid)
  const report = await lab.load.run(job)
  await Bun.sleep(settleMs)
  const cpuMicros = (readCpuMicros(target.pid) - cpuBefore) / report.calls
  return { ...report, cpuMicros, callsPerSecond: report.calls / report.seconds }
}

/** Both targets of one pair of rounds. */
export interface Pair<T> {
  readonly floor: T
  readonly gateway: T
}

/**
 * Measures both targets again and again in short turns, and swaps who goes first, so that a noisy moment of the machine meets both.
 * Rounds before the first are thrown away: they warm both up, and while a process is warming up its compiler's threads count. Of the others the calmest two thirds are answered: those in which other
 * programs used the least CPU. What was measured has no say in which are dropped.
 */
export async function alternate<T>(lab: Lab, rounds: number, measure: (target: Target) => Promise<T>): Promise<Pair<T>[]> {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) await measureBoth(lab, measure)
  const measured: { readonly pair: Pair<T>; readonly foreignMicros: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const before = readForeignCpuMicros()
    const pair = round % 2 === 0 ? await measureBoth(lab, measure) : await measureGatewayFirst(lab, measure)
    measured.push({ pair, foreignMicros: readForeignCpuMicros() - before })
  }
  const calmestFirst = measured.toSorted((a, b) => a.foreignMicros - b.foreignMicros)
  return calmestFirst.slice(0, Math.ceil((rounds * 2) / 3)).map(({ pair }) => pair)
}

/** Measures each target once, the floor first. */
export async function measureBoth<T>(lab: Lab, measure: (target: Target) => Promise<T>): Promise<Pair<T>> {
  const floor = await measure(lab.floor)
  return { floor, gateway: await measure(lab.gateway) }
}

async function measureGatewayFirst<T>(lab: Lab, measure: (target: Target) => Promise<T>): Promise<Pair<T>> {
  const gateway = await measure(lab.gateway)
  return { floor: await measure(lab.floor), gateway }
}
