import type { World } from '../core/world.ts'
import { watchLauncher } from '../platform/launcher.ts'
import { watchTerminal } from '../platform/terminal.ts'
import { shutdownReason } from './compose.ts'
import type { Running } from './serve.ts'

/** Why a gateway stops. */
export interface Stopped {
  readonly signal: string
  /** Aborts when a second signal says: now. */
  readonly hurry: AbortSignal
}

interface SignalListeners {
  readonly world: World
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onHangup: () => void
  /** A fault that no call caught: it is reported, and the process goes on serving the others. */
  readonly onFault: (thrown: unknown) => void
}

/**
 * Waits for SIGTERM or SIGINT, or for the end of the launcher. A second one aborts `hurry`. SIGHUP reloads, but where it says that the terminal
 * is gone in which the gateway was started: nobody sees it any more who could stop it.
 */
export function untilSignalled({ world, env, onHangup, onFault }: SignalListeners): Promise<Stopped> {
  const { promise, resolve } = Promise.withResolvers<Stopped>()
  const hurry = new AbortController()
  let firstMs: number | undefined
  const stop = (signal: string) => {
    // Ctrl-C and systemd tell every process of ours at once, and the launcher passes it on: that is one wish, not two.
    if (firstMs !== undefined && world.monotonicMs() - firstMs > ECHO_MS) hurry.abort()
    firstMs ??= world.monotonicMs()
    resolve({ signal, hurry: hurry.signal })
  }
  watchLauncher(env, world, () => stop('end of the launcher'))
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  const isTerminalGone = watchTerminal()
  process.on('SIGHUP', () => (isTerminalGone() ? stop('SIGHUP of its terminal') : onHangup()))
  process.on('unhandledRejection', onFault)
  process.on('uncaughtException', onFault)
  return promise
}

/**
 * Stops in good order: refuses new calls, lets running ones end for as long as the configuration says, ends the rest with a reason,
 * and writes what is left.
 * @returns 0, or 1 where a second signal cut it short
 */
export async function shutDown(running: Running, { signal, hurry }: Stopped): Promise<0 | 1> {
  const { world, logger, live, gateway, source, store, servers } = running
  const drainMs = source.snapshot.get().config.shutdown.drain
  logger.log('info', 'shutting down', { signal, liveCalls: live.size, drainMs })
  gateway.closeDoors()
  const [data] = servers
  const untilMs = world.monotonicMs() + drainMs
  // A call is over when its last byte was handed on; a slow reader may still be reading that.
  const isBusy = () => live.size > 0 || (data?.pending() ?? 0) > 0
  while (isBusy() && world.monotonicMs() < untilMs && !hurry.aborted) await world.sleep(POLL_MS, hurry).catch(() => {})
  const cut = live.abort(() => true, shutdownReason())
  if (cut > 0) logger.log('warn', 'calls were cut off', { calls: cut })
  // The frames that tell the callers why are on their way: those go out even when somebody is in a hurry.
  const farewellMs = world.monotonicMs() + (cut > 0 ? FAREWELL_MS : 0)
  while (isBusy() && world.monotonicMs() < farewellMs) await world.sleep(1, new AbortController().signal)
  source.stop()
  await gateway.close()
  for (const server of servers) await server.stop({ force: true })
  await store.close()
  logger.log('info', 'stopped')
  return hurry.aborted ? 1 : 0
}

const POLL_MS = 50
/** So long after the first signal, another is its echo. */
const ECHO_MS = 500
/** How long the last frames may take to go out, to callers that read them. */
const FAREWELL_MS = 500
