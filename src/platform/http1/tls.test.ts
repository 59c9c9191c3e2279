import { describe, expect, test } from 'bun:test'
import type { TLSSocket, TlsOptions } from 'node:tls'
import { CallAbort } from '../../core/signal.ts'
import type { OutgoingConnection } from '../../core/world.ts'
import { AUTHORITY, CLIENT, EXPIRED, GOOD, OTHER } from '../../testing/certificates.ts'
import { openHttpClient, outcomeOf } from '../../testing/open-http-client.ts'
import { startTcpServer, type TcpPeer, type TcpServer } from '../../testing/tcp-server.ts'

const ok = { status: 200, body: 'ok' }
const refused = { fault: 'tls' }

async function answerAll(peer: TcpPeer): Promise<void> {
  for (let n = 1; ; n++) {
    await peer.request(n)
    peer.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  }
}

const startTls = (tls: TlsOptions): Promise<TcpServer> => startTcpServer(answerAll, { tls })

describe('a server', () => {
  test.each<[string, TlsOptions, string, OutgoingConnection | undefined, { status: number; body: string } | { fault: string }]>([
    ['of a known authority', GOOD, 'localhost', { ca: AUTHORITY }, ok],
    ['of a known authority, by its address', GOOD, '127.0.0.1', { ca: AUTHORITY }, ok],
    ['of an unknown authority', GOOD, 'localhost', undefined, refused],
    ['of an unknown authority, by its address', GOOD, '127.0.0.1', {}, refused],
    ['with the certificate of another', OTHER, 'localhost', { ca: AUTHORITY }, refused],
    ['with the certificate of another, by its address', OTHER, '127.0.0.1', { ca: AUTHORITY }, refused],
    ['whose certificate is no longer valid', EXPIRED, 'localhost', { ca: AUTHORITY }, refused],
  ])('%s is believed, or nothing is said to it', async (_what, tls, host, connection, expected) => {
    using opened = openHttpClient()
    await using server = await startTls(tls)
    const request = connection === undefined ? {} : { connection }
    for (let time = 0; time < 2; time++) {
      expect(await outcomeOf(opened.ask(`https://${host}:${server.port}/`, { ...request, method: 'POST', body: 'secret' }))).toEqual(
        expected,
      )
    }
    const said = server.peers.map(({ text }) => text).join('')
    expect(said.includes('secret')).toBe(expected === ok)
    expect(server.peers.filter(({ isClosed }) => !isClosed).length).toBe(expected === ok ? 1 : 0)
  })

  test('at a pinned address is asked for by its name, and its certificate is for the name', async () => {
    using opened = openHttpClient()
    let name: string | false | null = ''
    await using server = await startTcpServer(
      (peer) => {
        name = (peer.socket as TLSSocket).servername // a server with a certificate makes no other ones
        return answerAll(peer)
      },
      { tls: OTHER },
    )
    const request = { address: '127.0.0.1', connection: { ca: AUTHORITY } }
    expect(await outcomeOf(opened.ask(`https://other.example:${server.port}/`, request))).toEqual(ok)
    expect(name).toBe('other.example')
    expect(server.peers[0]?.text).toContain(`host: other.example:${server.port}\r\n`)
    expect(await outcomeOf(opened.ask(`https://third.example:${server.port}/`, request))).toEqual(refused)
  })

  test('that wants a certificate of the client is given it', async () => {
    using opened = openHttpClient()
    await using server = await startTls({ ...GOOD, ca: AUTHORITY, requestCert: true, rejectUnauthorized: true })
    const url = `https://localhost:${server.port}/`
    const connection = { ca: AUTHORITY, certificate: CLIENT.cert, key: CLIENT.key }
    expect(await outcomeOf(opened.ask(url, { connection }))).toEqual(ok)
    expect(['tls', 'reset'].map((fault) => ({ fault }))).toContainEqual(
      (await outcomeOf(opened.ask(url, { connection: { ca: AUTHORITY } }))) as { fault: string }, // anything else would not be contained
    )
  })

  test('that speaks HTTP/2 too is told that it need not', async () => {
    using opened = openHttpClient()
    await using server = await startTls({ ...GOOD, ALPNProtocols: ['h2', 'http/1.1'] })
    expect(await outcomeOf(opened.ask(`https://localhost:${server.port}/`, { connection: { ca: AUTHORITY } }))).toEqual(ok)
    const [peer] = server.peers
    expect(peer !== undefined && (peer.socket as TLSSocket).alpnProtocol !== 'h2').toBe(true)
  })

  test('that does not speak TLS is no server', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer((peer) => peer.send('HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno'))
    expect(await outcomeOf(opened.ask(`https://localhost:${server.port}/`))).toEqual(refused)
  })

  test('that does not shake hands is left when the time is up, and at an abort', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer()
    const url = `https://localhost:${server.port}/`
    const late = outcomeOf(opened.ask(url, { connectTimeoutMs: 500 }))
    const first = await server.accept()
    await first.until((text) => text.length > 0)
    await opened.world.advance(500)
    expect(await late).toEqual({ fault: 'connect_timeout' })
    await first.whenClosed
    const signal = new CallAbort()
    const aborted = outcomeOf(opened.ask(url, { signal }))
    const second = await server.accept()
    await second.until((text) => text.length > 0)
    signal.abort('why')
    expect(await aborted).toEqual({ fault: 'aborted' })
    await second.whenClosed
  })

  test('carries large bodies both ways, and stops where nobody reads', async () => {
    using opened = openHttpClient()
    const size = 8 * 1024 * 1024
    await using server = await startTcpServer(
      async (peer) => {
        await peer.until((text) => text.length > size)
        peer.send(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
        peer.send(Buffer.alloc(size, 'y'))
      },
      { tls: GOOD },
    )
    const reply = await opened.ask(`https://localhost:${server.port}/`, {
      method: 'POST',
      body: Buffer.alloc(size, 'x'),
      connection: { ca: AUTHORITY },
    })
    for (let turns = 0; turns < 100; turns++) await opened.world.settle()
    expect(server.peers[0]?.socket.writableLength).toBeGreaterThan(0)
    let length = 0
    for (let piece = await reply.read(); piece !== undefined; piece = await reply.read()) length += piece.length
    expect(length).toBe(size)
  })
})
