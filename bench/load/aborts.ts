import { connect } from './connect.ts'
import { type AbortPlan, type AbortsJob, type AbortsReport, FailureCount } from './jobs.ts'

const limitMs = 10_000
const maxErrors = 100

/** Opens calls and destroys their sockets, each plan in turn, a few side by side. */
export async function runAborts(job: AbortsJob): Promise<AbortsReport> {
  const failures = new FailureCount()
  let begun = 0
  let aborted = 0
  const keepAborting = async (): Promise<void> => {
    while (begun < job.aborts && failures.count < maxErrors) {
      const plan = job.plans[begun++ % job.plans.length]
      if (plan === undefined) return
      const failure = await abortOne(job.port, plan)
      if (failure === undefined) aborted++
      else failures.add(failure)
    }
  }
  await Promise.all(Array.from({ length: job.connections }, keepAborting))
  return { aborted, ...failures.report() }
}

/** What went wrong, or undefined when the call was cut off at the planned point. */
async function abortOne(port: number, plan: AbortPlan): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const limit = setTimeout(() => resolve('nothing came in ten seconds'), limitMs)
  let destroy = (): void => {}
  connect(port, {
    onOpen(client) {
      destroy = () => client.destroy()
      client.send(Buffer.from(plan.request))
      if (plan.waitMs !== undefined) setTimeout(() => resolve(undefined), plan.waitMs)
    },
    onBody: (piece, status) => resolve(status === 200 ? undefined : `${status} ${piece.toString()}`),
    onEnd: (status) => resolve(`the reply ended (${status}) before it was cut off`),
    onClose: resolve,
  })
  const failure = await promise
  clearTimeout(limit)
  destroy()
  return failure
}
