import { describe, expect, test } from 'bun:test'
import { readWhole } from '../../core/peer-reply.ts'
import { openHttpClient, outcomeOf } from '../../testing/open-http-client.ts'
import { startTcpServer, type TcpPeer, type TcpServer } from '../../testing/tcp-server.ts'
import { NO_HOST } from '../../testing/upstream-faults.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const ok = { status: 200, body: 'ok' }

/** Answers every request in order. */
async function answerAll(peer: TcpPeer, head = OK): Promise<void> {
  for (let n = 1; !peer.isClosed; n++) {
    await peer.request(n).catch(() => {})
    if (!peer.isClosed) peer.send(head)
  }
}

const urlOf = ({ port }: TcpServer, host = '127.0.0.1') => `http://${host}:${port}/path?x=1`

describe('a request', () => {
  test('is written in one piece: start line, host, fields, length, body', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(answerAll)
    const url = `http://127.0.0.1:${server.port}`
    expect(await outcomeOf(opened.ask(`${url}/a%20b?c=d#e`, { method: 'POST', headers: { 'X-Name': 'é' }, body: 'dïe' }))).toEqual(ok)
    const [peer] = server.peers
    expect(Buffer.from(peer?.text ?? '', 'latin1').toString()).toBe(
      `POST /a%20b?c=d HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nX-Name: é\r\ncontent-length: 4\r\nuser-agent: Signalbox\r\n\r\ndïe`,
    )
    expect(await outcomeOf(opened.ask(url, { headers: { 'User-Agent': 'me' } }))).toEqual(ok)
    expect(peer?.text).toEndWith(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nUser-Agent: me\r\n\r\n`)
    expect(await outcomeOf(opened.ask(url, { method: 'POST' }))).toEqual(ok)
    expect(peer?.text).toEndWith('content-length: 0\r\nuser-agent: Signalbox\r\n\r\n')
  })

  test.each<[string, Record<string, string>]>([
    ['a line break', { a: 'b\r\nc: d' }],
    ['a line feed', { a: 'b\nc: d' }],
    ['a NUL', { a: 'b\0' }],
    ['a DEL', { a: 'b\x7f' }],
    ['a line break in the name', { 'a\r\nb': 'c' }],
    ['a colon in the name', { 'a:b': 'c' }],
    ['a space in the name', { 'a b': 'c' }],
    ['no name', { '': 'c' }],
    ['a letter that no name has', { ä: 'c' }],
    ['a coding of its own', { 'transfer-encoding': 'chunked' }],
    ['a host of its own', { Host: 'other.example' }],
    ['a connection of its own', { connection: 'close' }],
  ])('with %s among its headers is not written, also the second time', async (_what, headers) => {
    using opened = openHttpClient()
    await using server = await startTcpServer(answerAll)
    for (let time = 0; time < 2; time++) expect(await outcomeOf(opened.ask(urlOf(server), { headers }))).toEqual({ fault: 'invalid' })
    expect(server.peers).toHaveLength(0)
  })

  test('has the length that it has, whatever is said', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(answerAll)
    await outcomeOf(opened.ask(urlOf(server), { method: 'POST', headers: { 'Content-Length': '3' }, body: 'seven' }))
    expect(server.peers[0]?.text.match(/content-length: .*/gi)).toEqual(['content-length: 5'])
  })

  test('to what is no URL of HTTP is not written', async () => {
    using opened = openHttpClient()
    for (const url of ['ftp://127.0.0.1/', 'nothing', 'file:///etc/passwd'])
      expect(await outcomeOf(opened.ask(url))).toEqual({ fault: 'invalid' })
  })

  test('finds a host by its name and by an address of six bytes; an address in its place keeps the name', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(answerAll)
    await using six = await startTcpServer(answerAll, { host: '::1' })
    expect(await outcomeOf(opened.ask(urlOf(server, 'localhost')))).toEqual(ok)
    expect(await outcomeOf(opened.ask(urlOf(six, '[::1]')))).toEqual(ok)
    expect(six.peers[0]?.text).toContain(`host: [::1]:${six.port}\r\n`)
    expect(await outcomeOf(opened.ask(urlOf(server, 'no.such.example'), { address: '127.0.0.1' }))).toEqual(ok)
    expect(server.peers[1]?.text).toContain(`host: no.such.example:${server.port}\r\n`)
  })

  test('says why it found no host', async () => {
    using opened = openHttpClient()
    const gone = await startTcpServer()
    await gone[Symbol.asyncDispose]()
    expect(await outcomeOf(opened.ask(urlOf(gone)))).toEqual({ fault: 'refused' })
    expect(await outcomeOf(opened.ask(`http://${NO_HOST}/`))).toEqual({ fault: 'name' })
  })
})

describe('a connection', () => {
  test('carries one request after the other; of several, the one that was used last is used next', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer()
    const first = outcomeOf(opened.ask(urlOf(server)))
    const second = outcomeOf(opened.ask(urlOf(server)))
    const one = await server.accept()
    const two = await server.accept()
    await Promise.all([one.request(), two.request()])
    one.send(OK)
    await Promise.race([first, second])
    two.send(OK)
    expect(await Promise.all([first, second])).toEqual([ok, ok])
    const third = outcomeOf(opened.ask(urlOf(server)))
    await two.request(2)
    two.send(OK)
    expect(await third).toEqual(ok)
    expect(server.peers).toHaveLength(2)
  })

  test('belongs to one host, one address and one way of reaching it', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(answerAll)
    for (const [host, address] of [['127.0.0.1'], ['localhost'], ['a.example', '127.0.0.1'], ['b.example', '127.0.0.1']] as const) {
      await outcomeOf(opened.ask(urlOf(server, host), address === undefined ? {} : { address }))
    }
    await outcomeOf(opened.ask(urlOf(server), { connection: {} }))
    expect(server.peers).toHaveLength(5)
  })

  test.each([
    ['four seconds where the peer does not say how long it waits', OK, 3900, 4100],
    ['a second less than what the peer says', OK.replace('\r\n\r\n', '\r\nKeep-Alive: max=9, timeout=10\r\n\r\n'), 8900, 9100],
    ['half a minute where the peer would wait for longer', OK.replace('\r\n\r\n', '\r\nkeep-alive: timeout=600\r\n\r\n'), 29_900, 30_100],
  ])('is kept for %s', async (_what, head, stillMs, noMoreMs) => {
    using opened = openHttpClient()
    await using server = await startTcpServer((peer) => answerAll(peer, head))
    await outcomeOf(opened.ask(urlOf(server)))
    await opened.world.advance(stillMs)
    await outcomeOf(opened.ask(urlOf(server)))
    expect(server.peers).toHaveLength(1)
    await opened.world.advance(noMoreMs)
    await outcomeOf(opened.ask(urlOf(server)))
    expect(server.peers).toHaveLength(2)
  })

  test('that the peer will not keep for a second is not kept', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer((peer) => answerAll(peer, OK.replace('\r\n\r\n', '\r\nKeep-Alive: timeout=1\r\n\r\n')))
    await outcomeOf(opened.ask(urlOf(server)))
    await server.peers[0]?.whenClosed
    expect(server.peers[0]?.wasReset).toBe(false)
  })

  test('that is idle for too long is closed in good order, without a further request; then no timer is left', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(answerAll)
    await outcomeOf(opened.ask(urlOf(server)))
    await opened.world.advance(6000)
    await server.peers[0]?.whenClosed
    expect(server.peers[0]?.wasReset).toBe(false)
    expect(opened.world.pendingTimers).toBe(0)
  })

  test('that the peer closes while it is idle is not used again', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(answerAll)
    await outcomeOf(opened.ask(urlOf(server)))
    server.peers[0]?.end()
    await server.peers[0]?.whenClosed
    await opened.world.settle()
    expect(await outcomeOf(opened.ask(urlOf(server), { method: 'POST', body: 'x' }))).toEqual(ok)
    expect(server.peers).toHaveLength(2)
  })

  test('on which the peer speaks though nobody asked is not used again', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(answerAll)
    await outcomeOf(opened.ask(urlOf(server)))
    server.peers[0]?.send(OK.replace('ok', 'no'))
    await server.peers[0]?.whenClosed
    expect(await outcomeOf(opened.ask(urlOf(server)))).toEqual(ok)
    expect(server.peers).toHaveLength(2)
  })

  test.each(['end', 'reset'] as const)(
    'whose peer leaves (%s) just when a request comes loses a POST, and repeats a GET on another',
    async (how) => {
      using opened = openHttpClient()
      await using server = await startTcpServer(async (peer) => {
        await peer.request(1)
        peer.send(OK)
        await peer.request(2)
        peer[how]()
      })
      await outcomeOf(opened.ask(urlOf(server)))
      expect(await outcomeOf(opened.ask(urlOf(server), { method: 'POST', body: 'pay' }))).toEqual({ fault: 'reset' })
      expect(server.peers).toHaveLength(1)
      await outcomeOf(opened.ask(urlOf(server)))
      expect(await outcomeOf(opened.ask(urlOf(server)))).toEqual(ok)
      expect(server.peers).toHaveLength(3)
      expect(server.peers.map(({ text }) => text.split(' HTTP/1.1').length - 1)).toEqual([2, 2, 1])
    },
  )

  test('that is new and is closed is not tried again: the peer is what is wrong', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(async (peer) => {
      await peer.request()
      peer.end()
    })
    expect(await outcomeOf(opened.ask(urlOf(server)))).toEqual({ fault: 'reset' })
    expect(server.peers).toHaveLength(1)
  })

  test('whose reply has begun is not tried again', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(async (peer) => {
      await peer.request(1)
      peer.send(OK)
      await peer.request(2)
      peer.end('H')
    })
    await outcomeOf(opened.ask(urlOf(server)))
    expect(await outcomeOf(opened.ask(urlOf(server)))).toEqual({ fault: 'reset' })
    expect(server.peers).toHaveLength(1)
  })

  test('is one of 256 idle ones at most', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(answerAll)
    const all = await Promise.all(Array.from({ length: 300 }, () => outcomeOf(opened.ask(urlOf(server)))))
    expect(all.every((each) => 'status' in each)).toBe(true)
    for (let turns = 0; turns < 100 && server.peers.filter(({ isClosed }) => !isClosed).length > 256; turns++) await opened.world.settle()
    expect(server.peers.filter(({ isClosed }) => !isClosed)).toHaveLength(256)
  })
})

test('large replies at the same time come whole, each its own: what one has read is given back while others still read', async () => {
  using opened = openHttpClient()
  const bodyOf = (seed: number) =>
    Buffer.from(Uint32Array.from({ length: 1_000_000 }, (_, index) => (index * 2_654_435_761 + seed) >>> 0).buffer)
  await using server = await startTcpServer((peer) => {
    void peer.request().then(() => {
      const body = bodyOf(Number(/^GET \/(\d+)/.exec(peer.text)?.[1]))
      peer.send(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`), body]))
    })
  })
  const seeds = [1, 2, 3, 4, 5, 6]
  const came = await Promise.all(
    seeds.map(async (seed) => {
      const body = await readWhole(await opened.ask(`http://127.0.0.1:${server.port}/${seed}`), { maxBytes: 1e9 })
      return Bun.hash(body ?? '')
    }),
  )
  expect(came).toEqual(seeds.map((seed) => Bun.hash(bodyOf(seed))))
})
