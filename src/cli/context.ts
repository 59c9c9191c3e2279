import { PlaceError, type Reached, type ReachRequest } from '../app/reach-gateway.ts'
import { ControlError } from '../control/client.ts'
import type { CliIo, ExitCode } from './io.ts'

/** What a command works with. */
export interface CliContext {
  readonly io: CliIo
  readonly reach: (request: ReachRequest) => Promise<Reached>
  /** Aborts when somebody wants the command to end: Ctrl-C, SIGTERM. From the first call of this, those do not kill the process. */
  readonly onInterrupt: () => AbortSignal
}

/** Flags that every command on a gateway has. */
export interface GatewayFlags {
  readonly config?: string
  readonly json?: true
}

/** What a command needs of the gateway. */
export interface GatewayUse {
  /** For messages: `keys create`. */
  readonly command: string
  readonly flags: GatewayFlags
  /** What may be done on the data folder itself where no gateway runs. `never` unless said. */
  readonly offline?: ReachRequest['offline']
}

/** Reaches the gateway, runs a command on it, and turns what goes wrong into a message and an exit code. */
export async function withGateway(
  context: CliContext,
  use: GatewayUse,
  run: (reached: Reached) => Promise<ExitCode | undefined>,
): Promise<void> {
  const { io } = context
  try {
    const { offline = 'never', flags } = use
    const reached = await context.reach({ configFile: flags.config, cwd: io.cwd, env: io.env, offline, say: io.err })
    try {
      io.setExitCode((await run(reached)) ?? 0)
    } finally {
      await reached.close()
    }
  } catch (thrown) {
    io.err(`signalbox ${use.command}: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
    io.setExitCode(exitCodeOf(thrown))
  }
}

/** 2: the command line or the configuration is wrong; 3: no gateway, or an unhealthy one; 1: everything else. */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof PlaceError) return 2
  if (!(thrown instanceof ControlError)) return 1
  if (thrown.code === 'invalid_request') return 2
  return thrown.code === 'unreachable' || thrown.code === 'not_signalbox' || thrown.code === 'log_unavailable' ? 3 : 1
}

/** Refuses a command line that says too little. */
export function refuseUsage(io: CliIo, command: string, message: string): void {
  io.err(`signalbox ${command}: ${message}\n`)
  io.setExitCode(2)
}

/** JSON as commands print it. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
