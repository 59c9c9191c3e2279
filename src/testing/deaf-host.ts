import { connect, type Socket } from 'node:net'

/** A port of this machine that answers no connection, as a host does that drops packets. */
export interface DeafHost extends Disposable {
  readonly port: number
}

const LISTEN = `
  const { createServer } = require('node:net')
  const server = createServer()
  server.listen(0, '127.0.0.1', () => {
    postMessage(server.address().port)
    // Its event loop stands still from here on, so nothing is ever accepted.
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 10)
  })
`

/** Listens in a thread that accepts nothing, and fills the queue of the system, so that further connections hang. */
export async function deafHost(): Promise<DeafHost> {
  const url = URL.createObjectURL(new Blob([LISTEN]))
  const worker = new Worker(url)
  const port = await new Promise<number>((resolve) => {
    worker.onmessage = (event) => resolve(event.data)
  })
  await new Promise((resolve) => setTimeout(resolve, 30))
  const sockets: Socket[] = []
  // A machine under load may be late with one connection; not with three in a row.
  for (let hanging = 0; hanging < 3 && sockets.length < 5000; ) {
    const socket = connect({ port, host: '127.0.0.1' })
    sockets.push(socket)
    hanging = (await isConnectedSoon(socket)) ? 0 : hanging + 1
  }
  const dispose = () => {
    for (const socket of sockets) socket.destroy()
    worker.terminate()
    URL.revokeObjectURL(url)
  }
  return { port, [Symbol.dispose]: dispose }
}

function isConnectedSoon(socket: Socket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), 150)
  socket.on('error', () => resolve(false))
  socket.on('connect', () => resolve(true))
  return promise.finally(() => clearTimeout(timer))
}
