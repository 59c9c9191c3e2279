import { describe, expect, test } from 'bun:test'
import { realWorld } from '../../src/platform/world.ts'
import { Pool } from '../../src/storage/postgres/pool.ts'

/** "You are let in" and "ask", in PostgreSQL's protocol: https://www.postgresql.org/docs/15/protocol-message-formats.html. */
const WELCOME = Uint8Array.of(0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49)

interface VanishingServer {
  readonly url: string
  /** What was asked before it went. */
  readonly asked: readonly string[]
  stop(): void
}

/** Lets a client in, and is gone for good when the first thing is asked. */
function vanishingServer(): VanishingServer {
  const asked: string[] = []
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data: (socket, bytes) => {
        // The first message of a client has a length and no letter.
        if (bytes[0] === 0) {
          socket.write(WELCOME)
          return
        }
        asked.push(Buffer.from(bytes).toString('latin1'))
        listener.stop()
        socket.end()
      },
    },
  })
  return { url: `postgres://signalbox@127.0.0.1:${listener.port}/any`, asked, stop: () => listener.stop(true) }
}

// A rejection that nobody hears of fails the test: it would be reported as a fault of the gateway.
describe('postgres: a server that goes away when a connection was just made', () => {
  test.each([
    ['a question', (pool: Pool) => pool.use((sql) => sql.unsafe('SELECT 1'))],
    ['a transaction', (pool: Pool) => pool.transaction((sql) => sql.unsafe('SELECT 1'))],
  ] as const)('%s is told, and nothing else is left to fail', async (_name, ask) => {
    const server = vanishingServer()
    const pool = new Pool({ url: server.url, world: realWorld(), patienceMs: 5000 })
    try {
      await expect(ask(pool)).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('does not answer') })
      // Nothing is asked of a new connection but what somebody asked for.
      expect(server.asked).toEqual([expect.stringMatching(/SELECT 1|begin/)])
      expect(pool.silence).toBeDefined()
      await expect(ask(pool)).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('ECONNREFUSED') })
    } finally {
      await pool.close()
      server.stop()
    }
  })
})
