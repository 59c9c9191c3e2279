import { type Client, connect } from './connect.ts'
import { type CallsJob, type CallsReport, FailureCount } from './jobs.ts'
import { Samples } from './samples.ts'

const graceMs = 15_000
const maxErrors = 1000

interface Run {
  readonly job: CallsJob
  readonly request: Uint8Array
  readonly latencies: Samples
  readonly failures: FailureCount
  readonly endAtMs: number
  begun: number
}

/** Runs a closed loop of calls. It stops early after a thousand failures: there is nothing left to measure then. */
export async function runCalls(job: CallsJob): Promise<CallsReport> {
  const startMs = performance.now()
  const run: Run = {
    job,
    request: Buffer.from(job.request),
    latencies: new Samples(),
    failures: new FailureCount(),
    endAtMs: startMs + (job.seconds ?? 1800) * 1000,
    begun: 0,
  }
  await Promise.all(Array.from({ length: job.connections }, () => keepCalling(run)))
  const seconds = (performance.now() - startMs) / 1000
  return { calls: run.latencies.count, seconds, latencyMs: run.latencies.summarize(), ...run.failures.report() }
}

function hasMore(run: Run): boolean {
  return run.begun < (run.job.calls ?? Number.POSITIVE_INFINITY) && performance.now() < run.endAtMs && run.failures.count < maxErrors
}

async function keepCalling(run: Run): Promise<void> {
  while (hasMore(run)) await callOnOneConnection(run)
}

/** Calls until the run ends or the proxy closes the connection, which is a failure only in the middle of a call. */
function callOnOneConnection(run: Run): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let client: Client | undefined
  let sentMs: number | undefined
  let refusal = ''
  const next = (): void => {
    sentMs = undefined
    if (!hasMore(run)) {
      client?.destroy()
      return
    }
    run.begun++
    sentMs = performance.now()
    client?.send(run.request)
  }
  const limit = setTimeout(() => client?.destroy(), run.endAtMs - performance.now() + graceMs)
  connect(run.job.port, {
    onOpen(opened) {
      client = opened
      next()
    },
    onBody(piece, status) {
      if (status !== 200) refusal += piece.toString()
    },
    onEnd(status) {
      if (status !== 200) run.failures.add(`${status} ${refusal}`)
      else if (sentMs !== undefined) run.latencies.add(performance.now() - sentMs)
      refusal = ''
      next()
    },
    onClose(reason) {
      clearTimeout(limit)
      if (client === undefined || sentMs !== undefined) run.failures.add(reason)
      resolve()
    },
  })
  return promise
}
