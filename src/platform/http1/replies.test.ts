import { describe, expect, test } from 'bun:test'
import { readWhole } from '../../core/peer-reply.ts'
import { CallAbort } from '../../core/signal.ts'
import { openHttpClient, outcomeOf } from '../../testing/open-http-client.ts'
import { startTcpServer, type TcpPeer } from '../../testing/tcp-server.ts'
import { Transaction } from './transaction.ts'

type Outcome = Awaited<ReturnType<typeof outcomeOf>>

/** How the peer goes on behind what it sends. */
type Behind = 'stay' | 'end' | 'reset'

interface Row {
  readonly what: string
  readonly sent: string
  readonly behind?: Behind
  readonly method?: string
  readonly expected: Outcome
  /** Whether the next request may go the same way. */
  readonly isReused?: boolean
}

const OK = 'HTTP/1.1 200 OK\r\n'
const hello = (status = 200): Outcome => ({ status, body: 'Hello' })
const malformed = { fault: 'malformed' }
const reset = { fault: 'reset' }

const GOOD: readonly Row[] = [
  { what: 'a length', sent: `${OK}Content-Length: 5\r\n\r\nHello`, expected: hello(), isReused: true },
  { what: 'a length of nothing', sent: `${OK}Content-Length: 0\r\n\r\n`, expected: { status: 200, body: '' }, isReused: true },
  { what: 'the same length twice', sent: `${OK}Content-Length: 5\r\ncontent-length: 5\r\n\r\nHello`, expected: hello(), isReused: true },
  { what: 'a list of equal lengths', sent: `${OK}Content-Length: 5, 5\r\n\r\nHello`, expected: hello(), isReused: true },
  {
    what: 'chunks',
    sent: `${OK}Transfer-Encoding: Chunked\r\n\r\n2\r\nHe\r\n3;a=b\r\nllo\r\n0\r\nA: b\r\n\r\n`,
    expected: hello(),
    isReused: true,
  },
  {
    what: 'chunks and a length, of which the chunks count',
    sent: `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n`,
    expected: hello(),
    isReused: false,
  },
  { what: 'neither, to the end of the connection', sent: `${OK}\r\nHello`, behind: 'end', expected: hello(), isReused: false },
  { what: 'HTTP/1.0', sent: 'HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nHello', expected: hello(), isReused: false },
  { what: 'the wish to close', sent: `${OK}Connection: foo, Close\r\ncontent-length: 5\r\n\r\nHello`, expected: hello(), isReused: false },
  {
    what: 'a connection that is kept',
    sent: `${OK}Connection: keep-alive\r\ncontent-length: 5\r\n\r\nHello`,
    expected: hello(),
    isReused: true,
  },
  {
    what: 'informational replies before it',
    sent: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}content-length: 5\r\n\r\nHello`,
    expected: hello(),
    isReused: true,
  },
  { what: 'no content', sent: 'HTTP/1.1 204 No Content\r\n\r\n', expected: { status: 204, body: '' }, isReused: true },
  {
    what: 'nothing new, and the length of what is not new',
    sent: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n',
    expected: { status: 304, body: '' },
    isReused: true,
  },
  { what: 'a head alone', method: 'HEAD', sent: `${OK}content-length: 5\r\n\r\n`, expected: { status: 200, body: '' }, isReused: true },
  { what: 'bytes behind its end', sent: `${OK}content-length: 5\r\n\r\nHello${OK}`, expected: hello(), isReused: false },
  {
    what: 'bytes behind its last chunk',
    sent: `${OK}transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\nx`,
    expected: hello(),
    isReused: false,
  },
  {
    what: 'a body where there is none',
    sent: 'HTTP/1.1 204 No Content\r\n\r\nHello',
    expected: { status: 204, body: '' },
    isReused: false,
  },
  { what: 'an unknown status', sent: 'HTTP/1.1 999 What\r\ncontent-length: 5\r\n\r\nHello', expected: hello(999), isReused: true },
]

const BAD: readonly Row[] = [
  { what: 'nothing at all', sent: '', behind: 'end', expected: reset },
  { what: 'a reset', sent: '', behind: 'reset', expected: reset },
  { what: 'half a head', sent: 'HTTP/1.1 200 OK\r\nA: b\r\n', behind: 'end', expected: reset },
  { what: 'half a body', sent: `${OK}content-length: 6\r\n\r\nHello`, behind: 'end', expected: reset },
  { what: 'half a body, and a reset', sent: `${OK}content-length: 6\r\n\r\nHello`, behind: 'reset', expected: reset },
  { what: 'chunks without the last', sent: `${OK}transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n`, behind: 'end', expected: reset },
  { what: 'a body to the end of the connection, and a reset', sent: `${OK}\r\nHello`, behind: 'reset', expected: reset },
  { what: 'another protocol', sent: 'SSH-2.0-OpenSSH_9.9\r\n', expected: malformed },
  { what: 'an empty line first', sent: `\r\n${OK}content-length: 5\r\n\r\nHello`, expected: malformed },
  { what: 'HTTP/2', sent: 'HTTP/2.0 200 OK\r\n\r\n', expected: malformed },
  { what: 'two lengths', sent: `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nHello!`, expected: malformed },
  { what: 'a negative length', sent: `${OK}Content-Length: -5\r\n\r\nHello`, expected: malformed },
  { what: 'a length in words', sent: `${OK}Content-Length: five\r\n\r\nHello`, expected: malformed },
  { what: 'an endless length', sent: `${OK}Content-Length: ${'9'.repeat(30)}\r\n\r\nHello`, expected: malformed },
  { what: 'another coding', sent: `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n`, expected: malformed },
  { what: 'chunks of chunks', sent: `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, expected: malformed },
  { what: 'a broken chunk', sent: `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nHellooo\r\n0\r\n\r\n`, expected: malformed },
  { what: 'another protocol, in good order', sent: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n', expected: malformed },
  { what: 'an endless line', sent: `${OK}A: ${'b'.repeat(70_000)}`, expected: malformed },
  { what: 'a long head', sent: `${OK}${'A: bcdefghijklmnop\r\n'.repeat(4000)}\r\n`, expected: malformed },
  { what: 'no end of informational replies', sent: 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(101), expected: malformed },
]

function finish(peer: TcpPeer, behind: Behind = 'stay'): void {
  if (behind === 'end') peer.end()
  if (behind === 'reset') peer.reset()
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Answers the first request of each connection with this, in as many pieces. */
function answering({ sent, behind }: Row, inPieces: boolean): (peer: TcpPeer) => void {
  return async (peer) => {
    await peer.request()
    for (const piece of inPieces ? sent : [sent]) {
      peer.send(piece)
      await turn()
    }
    // What was sent must be there before a reset takes it back.
    if (behind === 'reset') for (let turns = 0; turns < 20; turns++) await turn()
    finish(peer, behind)
  }
}

describe('a reply with', () => {
  test.each([...GOOD, ...BAD].map((row) => [row.what, row] as const))('%s', async (_what, row) => {
    for (const inPieces of row.sent.length < 300 ? [false, true] : [false]) {
      using opened = openHttpClient()
      await using server = await startTcpServer(answering(row, inPieces))
      const url = `http://127.0.0.1:${server.port}/a?b=c`
      expect(await outcomeOf(opened.ask(url, { method: row.method ?? 'GET' }))).toEqual(row.expected)
      if (row.isReused === undefined || !row.isReused) await server.peers[0]?.whenClosed
      else await opened.world.settle()
      expect(server.peers[0]?.isClosed).toBe(row.isReused !== true)
    }
  })

  test.each([...GOOD, ...BAD].filter(({ sent }) => sent.length < 300).map((row) => [row.what, row] as const))(
    '%s, split at every place, is the same',
    async (_what, { sent, behind, method = 'GET', expected }) => {
      for (let at = 0; at <= sent.length; at++) {
        const request = { method, headers: {}, signal: new CallAbort(), connectTimeoutMs: 1 }
        const transaction = new Transaction(request, '')
        const outcome = outcomeOf(transaction.replied)
        for (const piece of [sent.slice(0, at), sent.slice(at)]) if (!transaction.isOver) transaction.take(Buffer.from(piece, 'latin1'))
        if (behind !== undefined) transaction.takeEnd(behind === 'reset' ? new Error('ECONNRESET') : undefined)
        expect(await outcome).toEqual(expected)
      }
    },
  )
})

describe('a large piece', () => {
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))
  /** A reply of which everything has come but, where said, the end. */
  const begun = (lengthBytes = content.length) => {
    const bytes = Buffer.concat([Buffer.from(`${OK}content-length: ${lengthBytes}\r\n\r\n`), content])
    const transaction = new Transaction({ method: 'GET', headers: {}, signal: new CallAbort(), connectTimeoutMs: 1 }, '')
    return { bytes, transaction }
  }

  test.each([false, true])(
    'is given out in small ones, and its memory given back with the last; somebody waited: %p',
    async (isWaitedFor) => {
      const { bytes, transaction } = begun()
      const headBytes = bytes.length - content.length
      transaction.take(bytes.subarray(0, isWaitedFor ? headBytes : 0))
      const waited = isWaitedFor ? transaction.read() : undefined
      transaction.take(isWaitedFor ? bytes.subarray(headBytes) : bytes)
      const pieces: Uint8Array[] = []
      for (let piece = await (waited ?? transaction.read()); piece !== undefined; piece = await transaction.read()) {
        expect(piece.length).toBeLessThanOrEqual(32 * 1024)
        expect(bytes.buffer.byteLength).toBe(pieces.length < 6 ? bytes.length : 0)
        pieces.push(piece)
      }
      expect(Buffer.concat(pieces).equals(content)).toBe(true)
      expect(bytes.buffer.byteLength).toBe(0)
    },
  )

  test.each([0, 1])('is given back at once where nobody wants the rest of it, %i pieces being taken', async (taken) => {
    const { bytes, transaction } = begun(content.length + 1)
    transaction.take(bytes)
    const reply = await transaction.replied
    for (let index = 0; index < taken; index++) expect(await reply.read()).toHaveLength(32 * 1024)
    reply.abort()
    expect(bytes.buffer.byteLength).toBe(0)
  })

  test('that is all of the body may be taken as it is', () => {
    const { bytes, transaction } = begun()
    transaction.take(bytes)
    expect(transaction.readArrived()?.buffer).toBe(bytes.buffer)
    expect(bytes.buffer.byteLength).toBe(bytes.length)
  })

  test('in chunks is decoded before it is given out in small ones', async () => {
    const chunk = content.toString('latin1', 0, 50_000)
    const wire = `${OK}transfer-encoding: chunked\r\n\r\n${`c350\r\n${chunk}\r\n`.repeat(4)}0\r\n\r\n`
    const transaction = new Transaction({ method: 'GET', headers: {}, signal: new CallAbort(), connectTimeoutMs: 1 }, '')
    transaction.take(Buffer.from(wire, 'latin1'))
    const body = await readWhole(await transaction.replied, { maxBytes: 1e9 })
    expect(Buffer.from(body ?? []).equals(Buffer.from(chunk.repeat(4), 'latin1'))).toBe(true)
  })
})
