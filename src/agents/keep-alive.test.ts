import { expect, test } from 'bun:test'
import { fakeWorld } from '../testing/fake-world.ts'
import { COMMENT_MS, FIRST_COMMENT_MS, keepAlive } from './keep-alive.ts'

const text = async (bytes: Promise<Uint8Array | undefined>) => {
  const came = await bytes
  return came === undefined ? undefined : new TextDecoder().decode(came)
}

function quietStream() {
  const world = fakeWorld()
  const waiting: PromiseWithResolvers<Uint8Array | undefined>[] = []
  const state = { isOver: false }
  const next = keepAlive({
    world,
    isOver: () => state.isOver,
    next: () => {
      const one = Promise.withResolvers<Uint8Array | undefined>()
      waiting.push(one)
      return one.promise
    },
  })
  const send = (what: string | undefined) => waiting.at(-1)?.resolve(what === undefined ? undefined : new TextEncoder().encode(what))
  return { world, next: () => text(next()), send, asked: waiting, state }
}

test('what comes in time comes alone, and no timer stays', async () => {
  const { world, next, send } = quietStream()
  for (const event of ['data: 1\n\n', 'data: 2\n\n', undefined]) {
    const coming = next()
    send(event)
    expect(await coming).toBe(event)
  }
  expect(world.pendingTimers).toBe(0)
})

test('a quiet stream has a comment soon, then one each while; the event that was waited for is not lost', async () => {
  const { world, next, send, asked } = quietStream()
  for (const waitMs of [FIRST_COMMENT_MS, COMMENT_MS, COMMENT_MS]) {
    const coming = next()
    await world.advance(waitMs)
    expect(await coming).toBe(':\n\n')
  }
  const coming = next()
  send('data: 1\n\n')
  expect(await coming).toBe('data: 1\n\n')
  expect(asked).toHaveLength(1)
})

test('a stream that is over has no comment behind its last event', async () => {
  const { world, next, send, state } = quietStream()
  const coming = next()
  state.isOver = true
  await world.advance(FIRST_COMMENT_MS)
  send('data: last\n\n')
  expect(await coming).toBe('data: last\n\n')
})
