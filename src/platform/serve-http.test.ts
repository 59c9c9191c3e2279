import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { respondWhole } from '../core/edge.ts'
import { StreamedResponse } from '../core/layer.ts'
import { type HttpServer, serveHttp } from './serve-http.ts'

const IDLE_SECONDS = 4
/** Longer than an idle connection lives: the runtime looks every four seconds. */
const LONG_MS = 9000

let server: HttpServer

beforeAll(() => {
  server = serveHttp({ host: '127.0.0.1', port: 0, maxBodyBytes: 1000, idleSeconds: IDLE_SECONDS, fetch: answer })
})
afterAll(() => server.stop({ force: true }))

/** More than the sockets of both sides take. */
const LARGE = Buffer.alloc(30_000_000, 'x')

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/large') return respondWhole(LARGE, {})
  if (pathname === '/long') await Bun.sleep(LONG_MS)
  return pathname === '/stream' ? new StreamedResponse(silentStream()) : new Response(`answer to ${pathname}`)
}

/** Says something, nothing for long, and something again. */
function silentStream(): ReadableStream<Uint8Array> {
  let pulls = 0
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        pulls++
        if (pulls === 2) await Bun.sleep(LONG_MS)
        controller.enqueue(Buffer.from(`piece ${pulls}`))
        if (pulls === 2) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

interface Visit {
  /** All that came. */
  said: string
  /** Resolves when the server closes the connection. */
  readonly closed: Promise<void>
  readonly leave: () => void
}

/** Asks for one path on a connection that stays open. */
async function visit(path: string): Promise<Visit> {
  const closed = Promise.withResolvers<void>()
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: {
      open: (opened) => {
        opened.write(`GET ${path} HTTP/1.1\r\nhost: gateway\r\n\r\n`)
      },
      data: (_, bytes) => {
        visitor.said += bytes.toString()
      },
      close: () => closed.resolve(),
    },
  })
  const visitor: Visit = { said: '', closed: closed.promise, leave: () => socket.end() }
  return visitor
}

// Side by side: each waits for long.
describe.concurrent('a connection', () => {
  test('is closed once nothing runs on it for long', async () => {
    const visitor = await visit('/short')
    await visitor.closed
    expect(visitor.said).toEndWith('answer to /short')
  }, 20_000)

  test.each([
    ['a call', '/long', 'answer to /long'],
    ['a stream', '/stream', 'piece 2\r\n0\r\n\r\n'],
  ])(
    'is kept for %s that says nothing for longer',
    async (_, path, end) => {
      const visitor = await visit(path)
      const wait = Bun.sleep(LONG_MS + 2000)
      await Promise.race([visitor.closed, wait])
      expect(visitor.said).toEndWith(end)
      visitor.leave()
    },
    20_000,
  )

  test('is kept for a large reply that is read slowly', async () => {
    let sizeBytes = 0
    const over = Promise.withResolvers<void>()
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port: server.port,
      socket: {
        open: (opened) => {
          opened.write('GET /large HTTP/1.1\r\nhost: gateway\r\n\r\n')
        },
        data: (opened, bytes) => {
          sizeBytes += bytes.length
          if (sizeBytes >= LARGE.length) return over.resolve()
          opened.pause()
          // As long as the whole takes longer than an idle connection lives.
          setTimeout(() => opened.resume(), 150)
        },
        close: () => over.resolve(),
      },
    })
    await over.promise
    expect(sizeBytes).toBeGreaterThanOrEqual(LARGE.length)
    socket.end()
  }, 60_000)
})
