import { createServer } from 'node:net'
import { type ChatScript, chatBody, chatFrames, DEFAULT_CHAT } from './chat-replies.ts'
import { bytesOf, replyHead, wholeReply } from './upstream-replies.ts'
import { type Answer, READ_PAUSE, send } from './upstream-steps.ts'

const JSON_HEAD = { 'content-type': 'application/json' }
const STREAM_HEAD = { 'content-type': 'text/event-stream' }
const HALF_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/js'

/** Takes the request and never answers. */
export function silence(): Answer {
  return () => [{ type: 'stall' }]
}

/** Breaks the connection without an answer. */
export function resetBeforeHead(): Answer {
  return () => [{ type: 'reset' }]
}

/** Closes the connection in good order without an answer. */
export function closeBeforeHead(): Answer {
  return () => [{ type: 'close' }]
}

/** Breaks the connection in the middle of the head. */
export function resetInHead(): Answer {
  return () => [send(HALF_HEAD), READ_PAUSE, { type: 'reset' }]
}

/** Half a head, then nothing more. */
export function stallInHead(): Answer {
  return () => [send(HALF_HEAD), { type: 'stall' }]
}

/** A completion whose connection breaks, closes or falls silent after so many bytes of its body. */
export function cutBody(
  cut: { readonly afterBytes: number; readonly by: 'reset' | 'close' | 'stall' },
  script: ChatScript = DEFAULT_CHAT,
): Answer {
  return (request) => {
    const body = bytesOf(chatBody(script, request))
    const head = replyHead(200, { ...JSON_HEAD, 'content-length': String(body.length) })
    const sent = [send(head), send(body.subarray(0, cut.afterBytes))]
    return cut.by === 'reset' ? [...sent, READ_PAUSE, { type: 'reset' }] : [...sent, { type: cut.by }]
  }
}

/** 200, declared as JSON, but none. */
export function invalidJson(body = '{"id":"chatcmpl-fake","choices":[{"index":0,'): Answer {
  return wholeReply({ body })
}

/** Declares a length that is not that of the body. Past the end of a too short one the connection closes. */
export function wrongLength(declaredBytes: number, script: ChatScript = DEFAULT_CHAT): Answer {
  return (request) => {
    const head = replyHead(200, { ...JSON_HEAD, 'content-length': String(declaredBytes) })
    return [send(Buffer.concat([head, bytesOf(chatBody(script, request))])), { type: 'close' }]
  }
}

/** A stream of one line that never ends, as fast as the client reads. Stops when it leaves, or at `maxBytes`. */
export function endlessLine(maxBytes = 256 * 1024 * 1024): Answer {
  const block = bytesOf('x'.repeat(64 * 1024))
  const head = replyHead(200, { ...STREAM_HEAD, connection: 'close' })
  return () => [send(head), send('data: '), { type: 'repeat', bytes: block, maxBytes }, { type: 'close' }]
}

/** 200 with a page for people: a proxy or a captive portal in between. */
export function htmlPage(): Answer {
  return wholeReply({
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!doctype html><title>Sign in</title><p>Please sign in.</p>',
  })
}

/** A stream that announces chunks, sends one with the first content and goes on with something that is none. */
export function chunkGarbage(script: ChatScript = DEFAULT_CHAT): Answer {
  return (request) => {
    const first = chatFrames(script, request).slice(0, 2).join('')
    const head = replyHead(200, { ...STREAM_HEAD, 'transfer-encoding': 'chunked' })
    return [
      send(head),
      send(`${bytesOf(first).length.toString(16)}\r\n${first}\r\n`),
      READ_PAUSE,
      send('zz not a chunk\r\n\r\n'),
      { type: 'close' },
    ]
  }
}

/** A completion that is compressed although nobody asked for it. */
export function gzippedReply(script: ChatScript = DEFAULT_CHAT): Answer {
  return (request) => {
    const body = Bun.gzipSync(Buffer.from(bytesOf(chatBody(script, request))))
    return wholeReply({ headers: { 'content-encoding': 'gzip' }, body })(request)
  }
}

/** No HTTP at all. */
export function noHttp(): Answer {
  return () => [send('SSH-2.0-OpenSSH_9.9\r\n'), { type: 'close' }]
}

/**
 * A name that no host has, and that no name server is asked for: its first label is longer than the 63 bytes of RFC 1035, section 2.3.4. Those that may be asked
 * for may take ten seconds on a machine whose name server is silent.
 */
export const NO_HOST = `${'no-such-host-'.repeat(5)}.invalid`

/** A port of this machine that nobody listens on, for connections that are refused. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  // A server that listens on TCP has an address with a port.
  return (address as { port: number }).port
}
