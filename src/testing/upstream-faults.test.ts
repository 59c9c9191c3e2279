import { afterEach, beforeEach, expect, test } from 'bun:test'
import * as faults from './fake-upstream.ts'
import { openRawClient, type RawClient } from './raw-client.ts'

let upstream: faults.FakeUpstream
let client: RawClient

beforeEach(async () => {
  upstream = await faults.fakeUpstream()
  client = await openRawClient(upstream.port)
})
afterEach(async () => {
  client.destroy()
  await upstream.close()
})

const REQUEST = 'POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}'

/** Sends a request, and gives back everything that came until the connection ended, and how it ended. */
async function provoke(answer: faults.Answer): Promise<{ readonly text: string; readonly error: string | undefined }> {
  upstream.answer(answer)
  await client.send(REQUEST)
  const text = await client.readUntilClosed()
  client.halfClose()
  await client.closed
  return { text, error: client.error }
}

test('an error has its status, its shape and its Retry-After', async () => {
  upstream.answer(faults.errorReply({ status: 429, message: 'Slow down.', type: 'tokens', code: 'rate_limit_exceeded', retryAfter: 7 }))
  await client.send(REQUEST)
  const reply = await client.readReply()
  expect([reply?.status, reply?.header('Retry-After')]).toEqual([429, '7'])
  expect(JSON.parse(reply?.body ?? '')).toEqual({
    error: { message: 'Slow down.', type: 'tokens', param: null, code: 'rate_limit_exceeded' },
  })
})

test('nobody listens on a closed port', async () => {
  const port = await faults.closedPort()
  expect(await openRawClient(port).catch((thrown: NodeJS.ErrnoException) => thrown.code)).toBe('ECONNREFUSED')
})

test.each([
  ['without an answer', faults.resetBeforeHead(), 'ECONNRESET', ''],
  ['in the middle of the head', faults.resetInHead(), 'ECONNRESET', 'HTTP/1.1 200 OK\r\ncontent-type: application/js'],
  ['without an answer, in good order', faults.closeBeforeHead(), undefined, ''],
])('a connection can end %s', async (_name, answer, error, text) => {
  expect(await provoke(answer)).toEqual({ text, error })
  expect(upstream.requests[0]?.left).toBeUndefined()
})

test.each([
  ['reset', 'ECONNRESET'],
  ['close', undefined],
] as const)('a body can be cut in its middle by a %s', async (by, error) => {
  const ended = await provoke(faults.cutBody({ afterBytes: 20, by }))
  expect(ended.error).toBe(error)
  expect(ended.text.split('\r\n\r\n')[1]).toBe('{"id":"chatcmpl-fake')
})

test.each([
  ['reset', 'ECONNRESET'],
  ['close', undefined],
] as const)('a stream can be cut after some frames by a %s', async (by, error) => {
  const ended = await provoke(faults.chatStream({ pieces: ['a', 'b'], cut: { afterFrames: 2, by } }))
  expect(ended.error).toBe(error)
  expect(ended.text).toContain('"content":"a"')
  expect(ended.text).not.toContain('"content":"b"')
  expect(ended.text).not.toEndWith('0\r\n\r\n')
})

test('a stream can stop early in good order: no [DONE], no finish, and a clean end', async () => {
  upstream.answer(faults.chatStream({ pieces: ['a', 'b'], cut: { afterFrames: 2, by: 'end' } }))
  await client.send(REQUEST)
  const reply = await client.readReply()
  expect(reply?.body).toEndWith('"finish_reason":null}]}\n\n')
})

test.each([
  ['silence before the head', faults.silence(), ''],
  ['silence in the head', faults.stallInHead(), 'HTTP/1.1 200 OK\r\ncontent-type: application/js'],
  ['silence in the body', faults.cutBody({ afterBytes: 4, by: 'stall' }), '{"id'],
  ['a stream that stalls', faults.chatStream({ pieces: ['a'], cut: { afterFrames: 1, by: 'stall' } }), '"content":""'],
])('%s lasts until the client leaves', async (_name, answer, text) => {
  upstream.answer(answer)
  await client.send(REQUEST)
  let read = ''
  while (!read.includes(text)) read += await client.readSome()
  const request = await upstream.received(1)
  expect(request.isAnswered).toBe(false)
  client.reset()
  expect((await request.whenLeft).sentBytes).toBe(request.sentBytes)
})

test('an error frame stands before any content, or after the first, and the stream stops there', async () => {
  const error = { message: 'Overloaded.', type: 'server_error' }
  upstream.queue(
    faults.chatStream({ content: 'a', errorFrame: { at: 0, error } }),
    faults.chatStream({ content: 'a', errorFrame: { at: 2, error } }),
  )
  const bodies: (string | undefined)[] = []
  for (let asked = 0; asked < 2; asked++) {
    await client.send(REQUEST)
    bodies.push((await client.readReply())?.body)
  }
  expect(bodies[0]).toBe(`data: ${JSON.stringify({ error })}\n\n`)
  expect(bodies[1]).toContain('"content":"a"')
  expect(bodies[1]).toEndWith(`data: ${JSON.stringify({ error })}\n\n`)
})

test('a reply can be no JSON, a page for people, compressed, or no HTTP', async () => {
  upstream.queue(faults.invalidJson(), faults.htmlPage(), faults.gzippedReply(), faults.noHttp())
  await client.send(REQUEST)
  const broken = await client.readReply()
  expect(broken?.header('content-type')).toBe('application/json')
  expect(() => JSON.parse(broken?.body ?? '')).toThrow()
  await client.send(REQUEST)
  const page = await client.readReply()
  expect([page?.status, page?.header('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  const reply = await fetch(`${upstream.baseUrl}/chat/completions`, { method: 'POST', body: '{}' })
  expect(reply.headers.get('content-encoding')).toBe('gzip')
  expect(await reply.json()).toMatchObject({ object: 'chat.completion' })
  await client.send(REQUEST)
  expect(await client.readUntilClosed()).toBe('SSH-2.0-OpenSSH_9.9\r\n')
})

test('a declared length can be too long for the body that comes', async () => {
  upstream.answer(faults.wrongLength(100_000))
  await client.send(REQUEST)
  const reply = await client.readReply()
  expect([reply?.status, reply?.header('content-length'), reply?.body]).toEqual([200, '100000', undefined])
})

test('chunks can turn into garbage', async () => {
  upstream.answer(faults.chunkGarbage())
  await client.send(REQUEST)
  const head = await client.readHead()
  expect(head?.headers).toContainEqual(['transfer-encoding', 'chunked'])
  expect(await client.readUntilClosed()).toEndWith('\r\nzz not a chunk\r\n\r\n')
})

test('an endless line is sent no faster than it is read, and stops when the reader leaves', async () => {
  upstream.answer(faults.endlessLine())
  await client.send(REQUEST)
  expect(await client.readSome()).toContain('HTTP/1.1 200')
  client.pause()
  const request = await upstream.received(1)
  // Until the buffers of both sides are full: then nothing more goes out.
  for (let sent = -1; sent !== request.sentBytes; await Bun.sleep(10)) sent = request.sentBytes
  client.reset()
  expect((await request.whenLeft).sentBytes).toBeLessThan(64 * 1024 * 1024)
})
