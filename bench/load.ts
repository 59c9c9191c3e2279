// The load generator: one job a line on stdin, one report a line on stdout. Its own process, so that its work is never measured as the
// gateway's, and one process for the whole run, so that it is warm.
import { readLines } from './lab/child.ts'
import { runAborts } from './load/aborts.ts'
import { runCalls } from './load/calls.ts'
import type { Job, ReportOf } from './load/jobs.ts'
import { runStalled } from './load/stalled.ts'
import { runStreams } from './load/streams.ts'

function run(job: Job): Promise<ReportOf[Job['type']]> {
  switch (job.type) {
    case 'calls':
      return runCalls(job)
    case 'streams':
      return runStreams(job)
    case 'stalled':
      return runStalled(job)
    case 'aborts':
      return runAborts(job)
    default:
      job satisfies never
      throw new Error('There is no such job.')
  }
}

readLines((line) => {
  // Only bench/lab/loader.ts writes here, and it writes nothing but jobs.
  const job = JSON.parse(line) as Job
  run(job).then(
    (report) => process.stdout.write(`${JSON.stringify({ report })}\n`),
    (error: Error) => process.stdout.write(`${JSON.stringify({ error: error.message })}\n`),
  )
})
