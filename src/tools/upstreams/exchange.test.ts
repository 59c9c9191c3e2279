import { expect, test } from 'bun:test'
import { fakeWorld } from '../../testing/fake-world.ts'
import { decodeFrame } from '../frames.ts'
import type { Frame } from '../types.ts'
import { Exchange } from './exchange.ts'

function frame(message: object): Frame {
  const decoded = decodeFrame(JSON.stringify({ jsonrpc: '2.0', ...message }), 100)
  if (decoded.type === 'invalid') throw decoded.error
  return decoded.frame
}

function exchange(): Exchange {
  const timeouts = { callMs: 60_000, totalMs: 900_000 }
  return new Exchange({ world: fakeWorld(), server: 'files', timeouts, signal: undefined, onOver: () => {} })
}

const line = (size: number) => frame({ method: 'notifications/message', params: { level: 'info', data: 'x'.repeat(size) } })

test('what a server says to a caller that does not read is kept up to a bound, and the answer is there all the same', async () => {
  const flooded = exchange()
  for (let count = 0; count < 40; count++) flooded.deliver(line(1_000_000))
  flooded.deliver(frame({ id: 1, result: {} }))
  const read: string[] = []
  while (read.at(-1) !== 'response') read.push((await flooded.next()).type)
  expect(read).toEqual([...Array.from({ length: 8 }, () => 'notification'), 'response'])
})

test('one message that is longer than the bound is kept where nothing else waits', async () => {
  const quiet = exchange()
  quiet.deliver(line(20_000_000))
  quiet.deliver(line(1))
  quiet.deliver(frame({ id: 1, result: {} }))
  expect((await quiet.next()).text.length).toBeGreaterThan(20_000_000)
  expect((await quiet.next()).type).toBe('response')
})

test('questions that do not fit end the call', async () => {
  const asked = exchange()
  for (let count = 0; count < 1000; count++) asked.deliver(frame({ id: count, method: 'ping' }))
  expect(asked.isOver).toBe(false)
  asked.deliver(frame({ id: 'one more', method: 'ping' }))
  expect(asked.isOver).toBe(true)
  for (let count = 0; count < 1000; count++) await asked.next()
  expect(asked.next()).rejects.toThrow('asked more in one call than anybody could answer')
})
