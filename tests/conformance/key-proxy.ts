/** A proxy that adds a key to every request. */
export interface KeyProxy {
  readonly origin: string
  stop(): Promise<void>
}

/**
 * The suite sends no key; this adds one on the way, and leaves Host and all else as it is.
 * @param target where requests go: `http://127.0.0.1:<port>`
 */
export function startKeyProxy(target: string, key: string): KeyProxy {
  const bun = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      const headers = new Headers(request.headers)
      headers.set('authorization', `Bearer ${key}`)
      const { pathname, search } = new URL(request.url)
      const body = request.method === 'POST' ? { body: await request.bytes() } : {}
      return fetch(`${target}${pathname}${search}`, { method: request.method, headers, signal: request.signal, ...body })
    },
  })
  return { origin: `http://127.0.0.1:${bun.port}`, stop: () => bun.stop(true) }
}
