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
  readonly signal: AbortSignal
  readonly onFrame: (frame: Frame) => void
}

/**
 * Reads what a server says outside of calls, for as long as it offers a stream for that, and takes a broken one up again.
 * Resolves when the server offers none, or the signal aborts. Never rejects.
 */
export async function listenForMessages({ world, url, headers, signal, onFrame }: ListenOptions): Promise<void> {
  const position: StreamPosition = { retryMs: FIRST_RETRY_MS }
  let waitMs = position.retryMs
  while (!signal.aborted) {
    try {
      const resume = position.lastEventId === undefined ? {} : { 'last-event-id': position.lastEventId }
      const response = await world.fetch(url, {
        method: 'GET',
        headers: { ...headers(), accept: 'text/event-stream', ...resume },
        signal,
        decompress: true,
      })
      if (response.status !== 200 || !isEventStream(response)) {
        await response.body?.cancel()
        return
      }
      waitMs = Math.max(position.retryMs, MIN_RETRY_MS)
      await readEvents(response, position, (frame) => {
        onFrame(frame)
        return true
      })
    } catch {
      // The connection broke: as good as an end. Whether the server is there at all, its calls will tell.
    }
    await world.sleep(waitMs, signal).catch(() => {})
    waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)
  }
}
