import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { NetworkError } from '../../core/peer-reply.ts'
import { CallAbort } from '../../core/signal.ts'
import { deafHost } from '../../testing/deaf-host.ts'
import { openHttpClient, outcomeOf } from '../../testing/open-http-client.ts'
import { startTcpServer } from '../../testing/tcp-server.ts'

const STREAM = 'HTTP/1.1 200 OK\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const ok = { status: 200, body: 'ok' }
const aborted = { fault: 'aborted' }
const BIG = Buffer.alloc(24 * 1024 * 1024, 'x')

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Waits for something that the event loop brings about, and for nothing that it does not. */
async function eventually(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 2000 && !isSo(); turns++) await turn()
}

describe('an abort', () => {
  test('before anything was done makes no connection', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer()
    const signal = new CallAbort()
    signal.abort('why')
    expect(await outcomeOf(opened.ask(`http://127.0.0.1:${server.port}/`, { signal }))).toEqual(aborted)
    await opened.world.settle()
    expect(server.peers).toHaveLength(0)
    expect(opened.world.pendingTimers).toBe(0)
  })

  test('while the host’s name is looked up, or the connection is made, is heard at once; the next request takes the connection', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(async (peer) => {
      await peer.request()
      peer.send(OK)
    })
    const signal = new CallAbort()
    const url = `http://localhost:${server.port}/`
    const first = outcomeOf(opened.ask(url, { signal }))
    signal.abort('why')
    expect(await first).toEqual(aborted)
    expect(await outcomeOf(opened.ask(url))).toEqual(ok)
    expect(server.peers).toHaveLength(1)
    expect(server.peers[0]?.text).toBe(`GET / HTTP/1.1\r\nhost: localhost:${server.port}\r\nuser-agent: Signalbox\r\n\r\n`)
  })

  test('while the host accepts nothing is heard at once, and so is the end of the time for it', async () => {
    using host = await deafHost()
    using opened = openHttpClient()
    const url = `http://127.0.0.1:${host.port}/`
    const signal = new CallAbort()
    const first = outcomeOf(opened.ask(url, { signal }))
    await opened.world.settle()
    signal.abort('why')
    expect(await first).toEqual(aborted)
    const second = outcomeOf(opened.ask(url, { connectTimeoutMs: 2000 }))
    let isOver = false
    void second.then(() => {
      isOver = true
    })
    await opened.world.advance(1999)
    expect(isOver).toBe(false)
    await opened.world.advance(1)
    expect(await second).toEqual({ fault: 'connect_timeout' })
  })

  test('leaves no more than 256 connections that hang, however many are tried', async () => {
    using host = await deafHost()
    using opened = openHttpClient()
    const url = `http://127.0.0.1:${host.port}/`
    const before = openFiles()
    for (let round = 0; round < 6; round++) {
      const asked = Array.from({ length: 50 }, () => outcomeOf(opened.ask(url, { connectTimeoutMs: 1000 })))
      await opened.world.advance(1000)
      expect(await Promise.all(asked)).toEqual(asked.map(() => ({ fault: 'connect_timeout' })))
    }
    expect(openFiles() - before).toBeLessThanOrEqual(300)
    expect(await outcomeOf(opened.ask(url))).toEqual({ fault: 'connect_timeout' })
  })

  test('while a large body is sent to a peer that does not read closes the connection', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer((peer) => void peer.socket.pause())
    const signal = new CallAbort()
    const asked = outcomeOf(opened.ask(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: BIG, signal }))
    const peer = await server.accept()
    for (let turns = 0; turns < 50; turns++) await turn()
    signal.abort('why')
    expect(await asked).toEqual(aborted)
    peer.socket.resume()
    await peer.whenClosed
    expect(peer.text.length).toBeLessThan(BIG.length)
  })

  test('while the head is waited for closes the connection', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer()
    const signal = new CallAbort()
    const asked = outcomeOf(opened.ask(`http://127.0.0.1:${server.port}/`, { signal }))
    const peer = await server.accept()
    await peer.request()
    peer.send('HTTP/1.1 200')
    await opened.world.settle()
    signal.abort('why')
    expect(await asked).toEqual(aborted)
    await peer.whenClosed
  })

  test.each(['signal', 'reply'])('in a body (by the %s) closes the connection, and fails who waits for more', async (by) => {
    using opened = openHttpClient()
    await using server = await startTcpServer()
    const signal = new CallAbort()
    const asked = opened.ask(`http://127.0.0.1:${server.port}/`, { signal })
    const peer = await server.accept()
    await peer.request()
    peer.send(`${STREAM}Hello`)
    const reply = await asked
    expect(Buffer.from((await reply.read()) ?? []).toString()).toBe('Hello')
    const more = Promise.resolve(reply.read())
    if (by === 'signal') signal.abort('why')
    else reply.abort()
    expect(await more.catch((thrown: NetworkError) => thrown.fault)).toBe('aborted')
    expect(await Promise.resolve(reply.read()).catch((thrown: NetworkError) => thrown.fault)).toBe('aborted')
    await peer.whenClosed
  })

  test('behind the end of a reply does nothing: the connection goes on', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer(async (peer) => {
      for (let n = 1; ; n++) {
        await peer.request(n)
        peer.send(OK)
      }
    })
    const signal = new CallAbort()
    const url = `http://127.0.0.1:${server.port}/`
    const reply = await opened.ask(url, { signal })
    expect(Buffer.from(reply.readArrived() ?? []).toString()).toBe('ok')
    signal.abort('why')
    reply.abort()
    expect(await outcomeOf(opened.ask(url))).toEqual(ok)
    expect(server.peers).toHaveLength(1)
  })
})

describe('a large body', () => {
  test.each<[string, (text: string) => string | Uint8Array]>([
    ['of text', (text) => text],
    ['of bytes', (text) => Buffer.from(text)],
  ])('%s arrives whole, also at a peer that is slow', async (_what, make) => {
    using opened = openHttpClient()
    await using server = await startTcpServer((peer) => {
      peer.socket.pause()
      let turns = 0
      const resume = () => void (++turns < 100 ? setImmediate(resume) : peer.socket.resume())
      resume()
    })
    const body = 'äbcdefgh'.repeat(1024 * 1024)
    const asked = outcomeOf(opened.ask(`http://127.0.0.1:${server.port}/`, { method: 'PUT', body: make(body) }))
    const peer = await server.accept()
    let received = 0
    await peer.until((text) => {
      received = text.length - text.indexOf('\r\n\r\n') - 4
      return received >= Buffer.byteLength(body)
    })
    peer.send(OK)
    expect(await asked).toEqual(ok)
    expect(received).toBe(Buffer.byteLength(body))
    expect(Buffer.from(peer.text.slice(-body.length * 2), 'latin1').toString()).toEndWith(body.slice(-1000))
    expect(peer.text).toContain(`content-length: ${Buffer.byteLength(body)}\r\n`)
  })

  test.each(['stays', 'closes', 'resets'])(
    'that the peer answers before it has it, and then %s, is given up; the answer counts',
    async (how) => {
      using opened = openHttpClient()
      await using server = await startTcpServer((peer) => void peer.socket.pause())
      const asked = outcomeOf(opened.ask(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: BIG }))
      const peer = await server.accept()
      peer.send('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno')
      if (how === 'closes') peer.end()
      if (how === 'resets') {
        for (let turns = 0; turns < 20; turns++) await turn()
        peer.reset()
      }
      expect(await asked).toEqual({ status: 413, body: 'no' })
      peer.socket.resume()
      await peer.whenClosed
      expect(peer.text.length).toBeLessThan(BIG.length)
    },
  )
})

describe('a body that nobody reads', () => {
  test('is left in the network, but for a bounded rest; then it is read to its end', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer()
    const asked = opened.ask(`http://127.0.0.1:${server.port}/`)
    const peer = await server.accept()
    await peer.request()
    peer.send(`HTTP/1.1 200 OK\r\ncontent-length: ${BIG.length}\r\n\r\n`)
    peer.send(BIG)
    const reply = await asked
    for (let turns = 0; turns < 200; turns++) await turn()
    // What neither the systems' buffers nor the client took still waits at the peer.
    expect(peer.socket.writableLength).toBeGreaterThan(0)
    let length = 0
    for (let piece = await reply.read(); piece !== undefined; piece = await reply.read()) length += piece.length
    expect(length).toBe(BIG.length)
    const next = outcomeOf(opened.ask(`http://127.0.0.1:${server.port}/`))
    await peer.request(2)
    peer.send(OK)
    expect(await next).toEqual(ok)
  })

  test('and whose peer has left is still read to its end', async () => {
    using opened = openHttpClient()
    await using server = await startTcpServer()
    const asked = opened.ask(`http://127.0.0.1:${server.port}/`)
    const peer = await server.accept()
    await peer.request()
    const text = 'y'.repeat(1024 * 1024)
    peer.end(STREAM + text)
    const reply = await asked
    for (let turns = 0; turns < 50; turns++) await turn()
    let length = 0
    for (let piece = await reply.read(); piece !== undefined; piece = await reply.read()) length += piece.length
    expect(length).toBe(text.length)
  })
})

function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}

test('four thousand streams that are aborted leave no file, no timer and no listener', async () => {
  using opened = openHttpClient()
  await using server = await startTcpServer(async (peer) => {
    await peer.request()
    peer.send(`${STREAM}data: 1\n\n`)
  })
  const url = `http://127.0.0.1:${server.port}/`
  const before = openFiles()
  const one = async (phase: number) => {
    const signal = new CallAbort()
    const asked = opened.ask(url, { signal })
    if (phase === 0) signal.abort('why')
    try {
      const reply = await asked
      if (phase === 2) await reply.read()
      const more = Promise.resolve(reply.read())
      signal.abort('why')
      await more
    } catch (thrown) {
      if (!(thrown instanceof NetworkError) || thrown.fault !== 'aborted') throw thrown
    }
  }
  for (let batch = 0; batch < 20; batch++) await Promise.all(Array.from({ length: 200 }, (_, index) => one(index % 3)))
  await eventually(() => openFiles() <= before + 2)
  expect(openFiles()).toBeLessThanOrEqual(before + 2)
  opened.client.close()
  await opened.world.advance(10_000)
  expect(opened.world.pendingTimers).toBe(0)
})
