import type { Socket } from 'bun'
import { ReplyReader, type ReplySink } from './reply-reader.ts'

/** A connection to the proxy under test. */
export interface Client {
  send(request: Uint8Array): void
  stopReading(): void
  /** Closes without waiting for anything, as a client that went away. */
  destroy(): void
}

/** What a client is told. `onClose` comes once, also when the connection could not be made. */
export interface ClientEvents extends ReplySink {
  onOpen(client: Client): void
  onClose(reason: string): void
}

/** Opens a raw TCP connection and reads HTTP replies from it. */
export function connect(port: number, events: ClientEvents): void {
  const reader = new ReplyReader(events)
  let isClosed = false
  const close = (reason: string): void => {
    if (isClosed) return
    isClosed = true
    events.onClose(reason)
  }
  Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open(socket) {
        socket.setNoDelay(true)
        events.onOpen(asClient(socket))
      },
      data: (_socket, bytes) => reader.push(bytes),
      close: (_socket, error) => close(error === undefined ? 'closed by the proxy' : `closed: ${error.message}`),
      error: (_socket, error) => close(error.message),
      connectError: (_socket, error) => close(error.message),
    },
  }).catch((error: Error) => close(error.message))
}

function asClient(socket: Socket<undefined>): Client {
  return {
    send(request) {
      // A request of a few kilobytes always fits the empty send buffer of a connection that waits for nothing.
      if (socket.write(request) < request.length) socket.terminate()
    },
    stopReading: () => socket.pause(),
    destroy: () => socket.terminate(),
  }
}
