import { createServer } from 'node:net'

/** Below the ports that the system gives to outgoing connections: one of those could take a gateway's port while it restarts. */
const [FIRST, LAST] = [12_000, 30_000]
const TRIES = 50

/** A port of this machine that nobody listens on, and that no client is given. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (await isFree(port)) return port
  }
  throw new Error(`No free port was found between ${FIRST} and ${LAST}.`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
