import { shutdownReason } from './compose.ts'
import type { Running } from './serve.ts'

/** Why a gateway stops. */
export interface Stopped {
  readonly signal: string
  /** Aborts when a second signal says: now. */
  readonly hurry: AbortSignal
}

interface SignalListeners {
  readonly onHangup: () => void
  /** A fault that no call caught: it is reported, and the process goes on serving the others. */
  readonly onFault: (thrown: unknown) => void
}

/** Waits for SIGTERM or SIGINT. A second one aborts `hurry`; SIGHUP reloads. */
export function untilSignalled({ onHangup, onFault }: SignalListeners): Promise<Stopped> {
  const { promise, resolve } = Promise.withResolvers<Stopped>()
  const hurry = new AbortController()
  let isStopping = false
  const stop = (signal: string) => {
    if (isStopping) hurry.abort()
    isStopping = true
    resolve({ signal, hurry: hurry.signal })
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('SIGHUP', onHangup)
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
  const untilMs = world.monotonicMs() + drainMs
  while (live.size > 0 && world.monotonicMs() < untilMs && !hurry.aborted) await world.sleep(POLL_MS, hurry).catch(() => {})
  const cut = live.abort(() => true, shutdownReason())
  if (cut > 0) logger.log('warn', 'calls were cut off', { calls: cut })
  // The frames that tell the callers why are on their way.
  if (cut > 0) await world.sleep(POLL_MS, hurry).catch(() => {})
  source.stop()
  for (const server of servers) await server.stop({ force: true })
  await store.close()
  logger.log('info', 'stopped')
  return hurry.aborted ? 1 : 0
}

const POLL_MS = 50
