import { type Client, connect } from './connect.ts'
import { FailureCount, type StalledJob, type StalledReport } from './jobs.ts'

/** Opens readers that stop reading after the first bytes of the body, holds them, and lets go. */
export async function runStalled(job: StalledJob): Promise<StalledReport> {
  const request = Buffer.from(job.request)
  const failures = new FailureCount()
  const clients: Client[] = []
  let stalled = 0
  let bytesRead = 0
  let isHolding = true
  const open = (): void => {
    let client: Client | undefined
    let hasStopped = false
    connect(job.port, {
      onOpen(opened) {
        client = opened
        clients.push(opened)
        opened.send(request)
      },
      onBody(piece) {
        bytesRead += piece.length
        if (hasStopped) return
        hasStopped = true
        stalled++
        client?.stopReading()
      },
      onEnd: (status) => failures.add(`the reply ended (${status}) though nobody read it`),
      onClose(reason) {
        if (isHolding) failures.add(reason)
      },
    })
  }
  for (let reader = 0; reader < job.readers; reader++) open()
  await Bun.sleep(job.holdMs)
  isHolding = false
  for (const client of clients) client.destroy()
  return { stalled, bytesRead, ...failures.report() }
}
