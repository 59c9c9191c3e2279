import type { Job, ReportOf } from '../load/jobs.ts'
import type { Child, Processes } from './processes.ts'

type Answer<T> = { readonly report: T; readonly error?: never } | { readonly error: string; readonly report?: never }

/** The load generator, seen from the benchmark. */
export class Loader {
  readonly #child: Child

  constructor(processes: Processes, folder: string) {
    this.#child = processes.spawnScript('load.ts', { environment: {}, logFile: `${folder}/load.log` })
  }

  /** Runs one job; jobs are run one after another. */
  async run<J extends Job>(job: J): Promise<ReportOf[J['type']]> {
    this.#child.writeLine(JSON.stringify(job))
    // bench/load.ts answers a job with the report of its type.
    const answer = JSON.parse(await this.#child.readLine()) as Answer<ReportOf[J['type']]>
    if (answer.report === undefined) throw new Error(`The load generator failed: ${answer.error}`)
    return answer.report
  }
}
