import { expect, test } from 'bun:test'
import { array, assert, asyncProperty, constantFrom, integer, oneof, uint8Array } from 'fast-check'
import { NetworkError } from '../../core/peer-reply.ts'
import { CallAbort } from '../../core/signal.ts'
import { Transaction } from './transaction.ts'

const REPLIES = [
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nHello world',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nHello\r\n6\r\n world\r\n0\r\nA: b\r\n\r\n',
  'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nHello world',
  'HTTP/1.1 204 No Content\r\n\r\n',
].map((text) => Buffer.from(text))

/** A good reply with some of its bytes changed, taken out, or said twice. */
const mutated = array(
  oneof(
    constantFrom(...REPLIES).map((reply) => ({ reply })),
    integer({ min: 0, max: 200 }).map((at) => ({ at })),
  ),
  { minLength: 1, maxLength: 8 },
).map((steps) => {
  let bytes: Buffer = REPLIES[0] ?? Buffer.alloc(0)
  for (const [index, step] of steps.entries()) {
    if ('reply' in step) bytes = Buffer.concat([bytes.subarray(0, 20 * index), step.reply])
    else if (index % 3 === 0) bytes = Buffer.concat([bytes.subarray(0, step.at), bytes.subarray(step.at + 1)])
    else if (index % 3 === 1) bytes = Buffer.concat([bytes.subarray(0, step.at), bytes.subarray(Math.max(0, step.at - 5))])
    else bytes = Buffer.from(bytes.map((byte, at) => (at === step.at ? byte ^ (1 << (index % 8)) : byte)))
  }
  return new Uint8Array(bytes)
})

/** Gives the bytes to a transaction in pieces of these lengths, and reads what comes. */
async function play(bytes: Uint8Array, lengths: readonly number[]): Promise<{ length: number; fault: string | undefined }> {
  const transaction = new Transaction({ method: 'GET', headers: {}, signal: new CallAbort(), connectTimeoutMs: 1 }, '')
  const read = (async () => {
    let length = 0
    const reply = await transaction.replied
    for (let piece = await reply.read(); piece !== undefined; piece = await reply.read()) length += piece.length
    return length
  })()
  for (let at = 0, index = 0; at < bytes.length && !transaction.isOver; index++) {
    const length = lengths[index % lengths.length] ?? 1
    transaction.take(Buffer.from(bytes.subarray(at, at + length)))
    at += length
  }
  transaction.takeEnd(undefined)
  expect(transaction.isOver).toBe(true)
  return read.then(
    (length) => ({ length, fault: undefined }),
    (thrown: unknown) => {
      if (!(thrown instanceof NetworkError)) throw thrown
      return { length: 0, fault: thrown.fault }
    },
  )
}

const lengths = array(integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 10 })

test.each([
  ['random bytes', uint8Array({ maxLength: 500 })],
  ['good replies that were spoilt', mutated],
])('%s end in a reply or in a failure that has a name, and the same one however they are split', async (_what, arbitrary) => {
  await assert(
    asyncProperty(arbitrary, lengths, async (bytes, pieces) => {
      const whole = await play(bytes, [bytes.length || 1])
      expect(whole.length).toBeLessThanOrEqual(bytes.length)
      if (whole.fault !== undefined) expect(['malformed', 'reset']).toContain(whole.fault)
      expect((await play(bytes, pieces)).fault).toBe(whole.fault)
    }),
    { numRuns: 1500 },
  )
})
