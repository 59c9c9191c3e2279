import { describe, expect, test } from 'bun:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { readWhole } from '../../core/peer-reply.ts'
import { openHttpClient, outcomeOf } from '../../testing/open-http-client.ts'
import { startTcpServer } from '../../testing/tcp-server.ts'

const TEXT = 'Hello, world. '.repeat(10_000)
const bytes = Buffer.from(TEXT)

/** Asks a server that sends this body under this packing, in pieces, and says that it has so many bytes. */
async function exchange(packing: string, body: Buffer, saidBytes = body.length) {
  const opened = openHttpClient()
  const server = await startTcpServer(async (peer) => {
    await peer.request()
    peer.send(`HTTP/1.1 200 OK\r\ncontent-encoding: ${packing}\r\ncontent-length: ${saidBytes}\r\n\r\n`)
    for (let at = 0; at < body.length; at += 1000) {
      peer.send(body.subarray(at, at + 1000))
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  })
  const close = async () => {
    opened.client.close()
    await server[Symbol.asyncDispose]()
  }
  return { asked: opened.ask(`http://127.0.0.1:${server.port}/`), server, [Symbol.asyncDispose]: close }
}

describe('a body that was packed though nobody asked for it', () => {
  test.each<[string, Buffer]>([
    ['gzip', gzipSync(bytes)],
    ['x-gzip', gzipSync(bytes)],
    ['GZIP', gzipSync(bytes)],
    ['deflate', deflateSync(bytes)],
    ['br', brotliCompressSync(bytes)],
    ['zstd', zstdCompressSync(bytes)],
    ['identity', bytes],
    ['deflate, gzip', gzipSync(deflateSync(bytes))],
  ])('with %s is unpacked', async (packing, body) => {
    await using exchanged = await exchange(packing, body)
    expect(await outcomeOf(exchanged.asked)).toEqual({ status: 200, body: TEXT })
  })

  test.each<[string, string, Buffer]>([
    ['in no way that is known', 'compress', bytes],
    ['too often', 'gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(bytes)))],
    ['otherwise than it says', 'gzip', bytes],
    ['and cut', 'gzip', gzipSync(bytes).subarray(0, 100)],
    ['and cut, with brotli', 'br', brotliCompressSync(bytes).subarray(0, 20)],
  ])('%s is malformed', async (_what, packing, body) => {
    await using exchanged = await exchange(packing, body)
    expect(await outcomeOf(exchanged.asked)).toEqual({ fault: 'malformed' })
  })

  test('may be empty', async () => {
    await using exchanged = await exchange('gzip', Buffer.alloc(0))
    expect(await outcomeOf(exchanged.asked)).toEqual({ status: 200, body: '' })
  })

  test('and is a thousand times as long as it seemed is given up at its bound', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    // One byte is still to come: what is left then is a connection in use, and not an idle one.
    await using exchanged = await exchange('gzip', bomb, bomb.length + 1)
    const reply = await exchanged.asked
    expect(reply.readArrived()).toBeUndefined()
    expect(await readWhole(reply, { maxBytes: 1024 * 1024 })).toBeUndefined()
    await exchanged.server.peers[0]?.whenClosed
  })
})
