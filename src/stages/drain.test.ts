import { expect, test } from 'bun:test'
import { GatewayError } from '../core/errors.ts'
import { Reply } from '../core/reply.ts'
import { fakeWorld } from '../testing/fake-world.ts'
import { openTestCall } from '../testing/open-test-call.ts'
import { drained } from './drain.ts'

const DRAIN_MS = 5000
const LEFT = new GatewayError('client_closed', 'The client left.')

function begin() {
  const world = fakeWorld()
  const call = openTestCall({ world })
  const draining = drained(call, DRAIN_MS)
  const given: string[] = []
  const waiting: ((part: string | undefined) => void)[] = []
  const inner = new Reply<string>(
    {
      pull: () => new Promise((resolve) => waiting.push(resolve)),
      cancel: () => given.push('cancelled'),
    },
    draining.call.signal,
  )
  return {
    world,
    call,
    inner,
    outer: draining.outward(inner, () => given.push('left')),
    given,
    give: (part: string | undefined) => waiting.shift()?.(part),
  }
}

test('a client that leaves ends the reply for itself alone: the work goes on to its end', async () => {
  const { world, call, inner, outer, given, give } = begin()
  const asked = outer.next()
  give('one')
  expect(await asked).toBe('one')
  void outer.next()
  call.abort(LEFT)
  expect(outer.ending?.outcome).toBe('cancelled')
  expect(inner.ending).toBeUndefined()
  give('two')
  await world.settle()
  give(undefined)
  await world.settle()
  expect(inner.ending).toEqual({ outcome: 'ok' })
  expect(given).toEqual(['left'])
  await world.advance(DRAIN_MS)
  expect(world.pendingTimers).toBe(0)
})

test('the work is stopped when the time is over', async () => {
  const { world, inner, outer, given } = begin()
  void outer.next()
  outer.leave(LEFT)
  await world.advance(DRAIN_MS - 1)
  expect(inner.ending).toBeUndefined()
  await world.advance(1)
  expect(inner.ending).toMatchObject({ outcome: 'cancelled', error: { code: 'client_closed' } })
  expect(given).toEqual(['left', 'cancelled'])
})

test.each<[string, GatewayError]>([
  ['a shutdown', new GatewayError('shutting_down', 'Stopping.')],
  ['a revoked key', new GatewayError('key_revoked', 'Revoked.')],
  ['a quicker attempt', new GatewayError('client_closed', 'Another attempt was quicker.', { isSuperseded: true })],
])('any other end is the end of the work too: %s', async (_what, reason) => {
  const { call, inner, outer, given } = begin()
  void outer.next()
  call.abort(reason)
  expect(inner.ending).toMatchObject({ outcome: 'cancelled', error: reason })
  expect(given).toEqual(['cancelled'])
})
