import { join } from 'node:path'

/** The reference server of the protocol, over streamable HTTP. */
export interface EverythingServer {
  readonly url: string
  stop(): Promise<void>
}

const MAIN = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js')

/** Starts it on a free port, and waits until it answers. */
export async function startEverything(): Promise<EverythingServer> {
  const free = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => {} } })
  const { port } = free
  free.stop(true)
  const child = Bun.spawn([process.execPath, MAIN, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const url = `http://127.0.0.1:${port}/mcp`
  for (let tries = 0; tries < 200; tries++) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break
    await Bun.sleep(50)
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}
