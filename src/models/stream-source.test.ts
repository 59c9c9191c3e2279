import { expect, test } from 'bun:test'
import { NetworkError, type PeerReply } from '../core/peer-reply.ts'
import { testTarget } from '../testing/dialect-goldens.ts'
import { openTestCall } from '../testing/open-test-call.ts'
import { dialectOf } from './dialects/index.ts'
import { openExchange } from './exchange.ts'
import { SSE } from './framing.ts'
import { MAX_FRAME_BYTES, StreamSource } from './stream-source.ts'

const IDLE_MS = 1000
/** A reply whose pieces are there at once, or are waited for where they stand in a list. */
function replyOf(pieces: readonly (string | readonly [string])[]): PeerReply {
  const left = [...pieces]
  return {
    status: 200,
    headers: new Headers(),
    read: () => {
      const piece = left.shift()
      if (piece === undefined || typeof piece === 'string') return piece === undefined ? undefined : Buffer.from(piece)
      return Promise.resolve(Buffer.from(piece[0]))
    },
    readArrived: () => undefined,
    abort: () => {},
  }
}

test.each<[what: string, pieces: readonly (string | readonly [string])[]]>([
  ['in one piece that was waited for', [[frame('b')]]],
  [
    'in a piece that was waited for, and others that came with it',
    [[frame('b').slice(0, 20)], frame('b').slice(20, 30), frame('b').slice(30)],
  ],
])('nobody waits for the provider once a frame is there: %s', async (_what, pieces) => {
  const call = openTestCall()
  const timeouts = { connectMs: 1000, firstTokenMs: 1000, idleMs: IDLE_MS, totalMs: 3_600_000 }
  const target = testTarget({ wire: 'openai-chat', timeouts })
  const exchange = openExchange(call, target, target.url)
  const source = new StreamSource(call, target, exchange, {
    reply: replyOf([frame('a'), ...pieces]),
    splitter: SSE.open(MAX_FRAME_BYTES),
    decoder: dialectOf('openai-chat').decodeStream({ wantsUsage: false }, target),
  })
  await source.holdUntilContent()
  for (const text of ['a', 'b']) expect(Buffer.from((await source.pull())?.bytes ?? []).toString()).toBe(frame(text))
  // The caller takes its time.
  await call.world.advance(10 * IDLE_MS)
  expect(exchange.explain(new NetworkError('reset', 'It was cut.'), 'body').code).toBe('provider_truncated')
})

function frame(content: string): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`
}
