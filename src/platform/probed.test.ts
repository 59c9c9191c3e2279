import { expect, test } from 'bun:test'
import { CallAbort } from '../core/signal.ts'
import { fakeWorld } from '../testing/fake-world.ts'
import { outcomeOf } from '../testing/open-http-client.ts'
import { requestProbed } from './probed.ts'

const request = { method: 'GET', headers: {}, signal: new CallAbort(), connectTimeoutMs: 1000 }
const silent = () => new Promise<Response>(() => {})

test('a peer behind a proxy is asked by way of fetch, and no timer is left', async () => {
  const world = fakeWorld({ fetch: async () => new Response('ok') })
  expect(await outcomeOf(requestProbed(world, 'http://proxy', 'http://a/', request))).toEqual({ status: 200, body: 'ok' })
  expect(world.pendingTimers).toBe(0)
})

test('a proxy that accepts no connection is found out by a second connection to it, when the time is up', async () => {
  const asked: string[] = []
  const canConnect = (url: string, signal: AbortSignal) => {
    asked.push(url)
    return new Promise<boolean>((resolve) => signal.addEventListener('abort', () => resolve(false)))
  }
  const world = fakeWorld({ fetch: silent, canConnect })
  const outcome = outcomeOf(requestProbed(world, 'http://proxy', 'http://a/', request))
  await world.advance(499)
  expect(asked).toEqual([])
  await world.advance(501)
  expect(await outcome).toEqual({ fault: 'connect_timeout' })
  expect(asked).toEqual(['http://proxy'])
  expect(world.pendingTimers).toBe(0)
})

test('a proxy that accepts one may take its time', async () => {
  const { promise, resolve } = Promise.withResolvers<Response>()
  const world = fakeWorld({ fetch: () => promise, canConnect: async () => true })
  const outcome = outcomeOf(requestProbed(world, 'http://proxy', 'http://a/', request))
  await world.advance(5000)
  resolve(new Response('late'))
  expect(await outcome).toEqual({ status: 200, body: 'late' })
})
