import type { Command } from 'commander'
import type { Reached } from '../../app/reach-gateway.ts'
import type { Query, ShownEvent } from '../../control/client.ts'
import { type CliContext, type GatewayFlags, withGateway } from '../context.ts'
import { formatEvent } from '../event-line.ts'
import { configOption } from '../options.ts'

const POLL_MS = 500
/** A page of a follower: the most that the API gives. */
const PAGE = '10000'

interface LogFlags extends GatewayFlags {
  readonly follow?: true
  readonly limit: string
  readonly since?: string
  readonly until?: string
  readonly team?: string
  readonly key?: string
  readonly model?: string
  readonly outcome?: string
  readonly type?: string
}

/** `signalbox logs`: reads the event log, and follows it. */
export function registerLogs(program: Command, context: CliContext): void {
  program
    .command('logs')
    .description('Print the event log, the latest last. A call is shown when it has ended.')
    .option('-f, --follow', 'go on with what is written from now on')
    .option('--limit <n>', 'how many events to begin with', '50')
    .option('--since <when>', 'only from then on: a date, a time, or how long ago (24h)')
    .option('--until <when>', 'only before then')
    .option('--team <team>', 'only of this team')
    .option('--key <id>', 'only of this key')
    .option('--model <name>', "only of this model, by the caller's name or the provider's")
    .option('--outcome <outcome>', 'only calls that ended ok, refused, broken, cancelled or paused')
    .option('--type <types>', 'only these event types, separated by commas; with ! before one, not that', '!call.started')
    .addOption(configOption())
    .option('--json', 'print JSON, an event a line')
    .action((flags: LogFlags) =>
      withGateway(context, { command: 'logs', flags, offline: 'read' }, (reached) => printLog(context, reached, flags)),
    )
}

async function printLog(context: CliContext, reached: Reached, flags: LogFlags): Promise<0> {
  const { io } = context
  const { limit, since, until, team, key, model, outcome, type } = flags
  const filter: Query = { since, until, team, key, model, outcome, type }
  const print = (events: readonly ShownEvent[]) => {
    for (const event of events) io.out(flags.json ? `${JSON.stringify(event)}\n` : formatEvent(event))
  }
  const { events, cursor } = await reached.client.listEvents({ ...filter, limit })
  print(events.toReversed())
  if (!flags.follow) return 0
  if (!reached.isRunning) io.err('Nothing is written while the gateway does not run, so there is nothing to follow.\n')
  else await follow(context, reached, { filter, cursor, print })
  return 0
}

interface Following {
  readonly filter: Query
  readonly cursor: string
  readonly print: (events: readonly ShownEvent[]) => void
}

/** Asks for what is new until somebody interrupts. */
async function follow(context: CliContext, reached: Reached, { filter, cursor, print }: Following): Promise<void> {
  const interrupted = context.onInterrupt()
  let after = cursor
  while (!interrupted.aborted) {
    const page = await reached.client.listEvents({ ...filter, order: 'oldest-first', limit: PAGE, after })
    print(page.events)
    after = page.cursor
    await reached.pause(POLL_MS, interrupted)
  }
}
