import type { Quantiles } from './samples.ts'

/** What the load generator is asked to do: one job at a time. A request is the text of a whole HTTP/1.1 request, head and body. */
export type Job = CallsJob | StreamsJob | StalledJob | AbortsJob

/** A closed loop: each connection sends its next call when it has read the last reply. Ends after so many seconds or calls. */
export interface CallsJob {
  readonly type: 'calls'
  readonly port: number
  readonly request: string
  readonly connections: number
  readonly seconds?: number
  readonly calls?: number
}

/** Streams opened evenly over `openOverMs`; each is to bring `chunks` stamped chunks and `[DONE]`. */
export interface StreamsJob {
  readonly type: 'streams'
  readonly port: number
  readonly request: string
  readonly streams: number
  readonly chunks: number
  readonly openOverMs: number
  readonly limitMs: number
}

/** Readers that take the first bytes of their reply and then stop reading for `holdMs`. */
export interface StalledJob {
  readonly type: 'stalled'
  readonly port: number
  readonly request: string
  readonly readers: number
  readonly holdMs: number
}

/** Calls whose socket is destroyed: after the first byte of the body, or `waitMs` after the request when that is given. */
export interface AbortsJob {
  readonly type: 'aborts'
  readonly port: number
  readonly plans: readonly AbortPlan[]
  readonly aborts: number
  readonly connections: number
}

export interface AbortPlan {
  readonly request: string
  readonly waitMs?: number
}

/** Every report counts what went wrong; `firstError` is the first of it, with the reply where there was one. */
export interface Failures {
  readonly errors: number
  readonly firstError?: string
}

export interface CallsReport extends Failures {
  readonly calls: number
  readonly seconds: number
  readonly latencyMs: Quantiles
}

export interface StreamsReport extends Failures {
  readonly streams: number
  /** Streams that did not bring every chunk, or ended early. */
  readonly lost: number
  readonly chunks: number
  /** Chunks that came while every stream was open: those that `delayMs` is about. */
  readonly measuredChunks: number
  /** Time from the mock's write to the read here, through the proxy. */
  readonly delayMs: Quantiles
}

export interface StalledReport extends Failures {
  readonly stalled: number
  readonly bytesRead: number
}

export interface AbortsReport extends Failures {
  readonly aborted: number
}

/** The report that belongs to a job. */
export interface ReportOf {
  readonly calls: CallsReport
  readonly streams: StreamsReport
  readonly stalled: StalledReport
  readonly aborts: AbortsReport
}

/** Counts failures and keeps the first, cut to a readable length. */
export class FailureCount {
  #errors = 0
  #first: string | undefined

  get count(): number {
    return this.#errors
  }

  add(text: string): void {
    this.#errors++
    this.#first ??= text.slice(0, 400)
  }

  report(): Failures {
    return this.#first === undefined ? { errors: this.#errors } : { errors: this.#errors, firstError: this.#first }
  }
}
