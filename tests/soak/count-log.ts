import type { LogPosition } from '../../src/core/ports.ts'
import { realWorld } from '../../src/platform/world.ts'
import { openReader } from '../../src/storage/sqlite/open-reader.ts'
import type { Verification } from '../../src/storage/store.ts'

const PAGE = 5000

/** What a log came to, counted page by page: a long run's log does not fit into memory. */
export interface CountedLog {
  readonly counts: {
    readonly started: number
    readonly ended: number
    readonly attempts: number
    readonly outcomes: Readonly<Record<string, number>>
  }
  readonly problems: readonly string[]
  readonly verification: Verification
}

/** Counts the log of a data folder. */
export async function countLog(dataFolder: string): Promise<CountedLog> {
  const { reader, verify, close } = openReader(dataFolder, { world: realWorld() })
  const [open, outcomes, problems] = [new Set<string>(), {} as Record<string, number>, [] as string[]]
  const counts = { started: 0, ended: 0, attempts: 0 }
  try {
    for (let after: LogPosition | undefined; ; ) {
      const page = await reader.read({ order: 'oldest-first', limit: PAGE, ...(after === undefined ? {} : { after }) })
      for (const { event } of page) {
        if (event.type === 'call.started') {
          counts.started++
          open.add(event.callId)
        } else if (event.type === 'call.ended') {
          counts.ended++
          counts.attempts += event.attempts
          const name = event.errorCode === undefined ? event.outcome : `${event.outcome} ${event.errorCode}`
          outcomes[name] = (outcomes[name] ?? 0) + 1
          if (!open.delete(event.callId)) problems.push(`${event.callId} ended twice, or without a start`)
        }
      }
      after = page.at(-1)?.position
      if (after === undefined) break
    }
    for (const callId of open) problems.push(`${callId} has no ending`)
    return { counts: { ...counts, outcomes }, problems, verification: await verify() }
  } finally {
    close()
  }
}
