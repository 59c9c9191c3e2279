import type { CallSignal } from '../../core/signal.ts'
import type { World } from '../../core/world.ts'
import type { Frame } from '../types.ts'
import { isEventStream, readEvents, type StreamPosition } from './http-answer.ts'

const FIRST_RETRY_MS = 1000
/** A server may ask to be asked again sooner; not in a loop. */
const MIN_RETRY_MS = 100
const MAX_RETRY_MS = 60_000

interface ListenOptions {
  readonly world: World
  readonly url: string
  readonly headers: () => Record<string, string>
  readonly signal: CallSignal
  readonly connectTimeoutMs: number
  readonly onFrame: (frame: Frame) => void
  /** The stream is open: what is said from now on is heard. */
  readonly onOpened: () => void
  /** It is not any more. */
  readonly onBroken: () => void
}

/**
 * Reads what a server says outside of calls, for as long as it offers a stream for that, and takes a broken one up again.
 * Resolves when the server offers none, or the signal aborts. Never rejects.
 */
export async function listenForMessages(options: ListenOptions): Promise<void> {
  const { world, url, headers, signal, connectTimeoutMs, onFrame, onOpened, onBroken } = options
  const position: StreamPosition = { retryMs: FIRST_RETRY_MS }
  let waitMs = position.retryMs
  while (!signal.aborted) {
    try {
      const resume = position.lastEventId === undefined ? {} : { 'last-event-id': position.lastEventId }
      const reply = await world.request(url, {
        method: 'GET',
        headers: { ...headers(), accept: 'text/event-stream', ...resume },
        signal,
        connectTimeoutMs,
      })
      if (reply.status !== 200 || !isEventStream(reply)) {
        reply.abort()
        return
      }
      waitMs = Math.max(position.retryMs, MIN_RETRY_MS)
      onOpened()
      await readEvents(reply, position, (frame) => {
        onFrame(frame)
        return true
      })
    } catch {
      // The connection broke: as good as an end. Whether the server is there at all, its calls will tell.
    }
    onBroken()
    await world.sleep(waitMs, signal).catch(() => {})
    waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)
  }
}
