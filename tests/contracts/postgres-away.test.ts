import { describe, expect, test } from 'bun:test'
import { spendBy } from '../../src/control/projections/spend-by.ts'
import type { KeyRecord } from '../../src/core/ports.ts'
import { realWorld } from '../../src/platform/world.ts'
import type { Store } from '../../src/storage/store.ts'
import { endedCall, startedCall } from './call-events.ts'
import { newServer, POSTGRES_BIN, type TestServer } from './postgres-server.ts'
import { type Replica, replicaMaker } from './replicas.ts'

const world = realWorld()
const KEY: KeyRecord = { id: 'k1', secretHash: 'aa', team: 'support', labels: {}, createdAtMs: 1, createdBy: 'cli' }

/** Calls, some at a time, until it is told to stop. Returns how many were made; a call that cannot be recorded fails the test. */
function load({ log }: Store): { stop(): Promise<number> } {
  let isOn = true
  let calls = 0
  const stream = async () => {
    while (isOn) {
      const started = startedCall(world)
      await log.append(started)
      calls++
      await Bun.sleep(1)
      log.keep(endedCall(world, started))
    }
  }
  const streams = Promise.all(Array.from({ length: 20 }, stream))
  return {
    stop: async () => {
      isOn = false
      await streams
      await log.flush(1000)
      return calls
    },
  }
}

/** Waits for what a background loop will do; fails after ten seconds. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let look = 0; !isTrue(); look++) {
    if (look === 1000) throw new Error('It did not come true.')
    await Bun.sleep(10)
  }
}

async function expectNothingLost({ store }: Replica, calls: number): Promise<void> {
  await until(() => store.condition()?.unshippedEvents === 0)
  expect(store.condition()).toEqual({ unshippedEvents: 0 })
  expect(await spendBy(store.tallies, [])).toMatchObject([{ calls, costNanoUsd: BigInt(calls) * 780_000n }])
  expect(await store.verify()).toMatchObject({ type: 'intact' })
}

function awayTests(programs: string): void {
  const replicas = replicaMaker()
  const withServer = (name: string, run: (server: TestServer) => Promise<void>) =>
    test(name, async () => {
      const server = await newServer(programs)
      try {
        await run(server)
      } finally {
        await server.remove()
      }
    }, 60_000)

  describe('postgres: a server that is away', () => {
    withServer('is stopped and started under load: no call fails, nothing is lost, and what needs it says so', async (server) => {
      const replica = await replicas.open(server.url, { patienceMs: 2000 })
      const { store, problems } = replica
      const running = load(store)
      await Bun.sleep(300)
      await server.stop()
      await until(() => store.condition()?.detail !== undefined)
      await Bun.sleep(1500)
      const { detail = '', unshippedEvents = 0 } = store.condition() ?? {}
      expect(unshippedEvents).toBeGreaterThan(100)
      expect(detail).toMatch(/^PostgreSQL has not answered for [1-9]\d* s; \d+ events wait to be shipped\.$/)
      expect(store.log.isWritable).toBe(true)
      const refusal = await store.keys.insert(KEY).catch((error) => error)
      expect(refusal).toMatchObject({ code: 'store_unavailable', status: 503, extra: { retryAfterSeconds: 5 } })
      expect(refusal.message).toMatch(/^PostgreSQL at 127\.0\.0\.1:\d+\/postgres does not answer: .*ECONNREFUSED.* Try again/)
      expect(await spendBy(store.tallies, []).catch((error) => error.code)).toBe('store_unavailable')
      await server.start()
      await until(() => store.condition()?.detail === undefined)
      await Bun.sleep(200)
      await expectNothingLost(replica, await running.stop())
      await store.keys.insert(KEY)
      // Once for the whole time, not once a try.
      expect(problems.length).toBeLessThanOrEqual(2)
    })

    withServer('hangs: each question ends within its time, and all goes on when it answers again', async (server) => {
      const replica = await replicas.open(server.url, { patienceMs: 500 })
      const { store } = replica
      const running = load(store)
      await Bun.sleep(200)
      server.halt()
      await until(() => store.condition()?.detail !== undefined)
      const refusal = await store.keys.insert(KEY).catch((error) => error)
      expect(refusal).toMatchObject({ code: 'store_unavailable' })
      expect(refusal.message).toContain('no answer within 0.5 s')
      server.resume()
      await until(() => store.condition()?.detail === undefined)
      await expectNothingLost(replica, await running.stop())
    })

    withServer('at a stop: what is left is said, stays in the journal, and goes with the next start', async (server) => {
      const { store, folder, problems } = await replicas.open(server.url)
      await server.stop()
      const running = load(store)
      await Bun.sleep(100)
      const calls = await running.stop()
      await store.close()
      expect(problems.at(-1)?.message).toMatch(/^\d+ events are not in PostgreSQL yet\. They are in the journal; the next start/)
      await server.start()
      await expectNothingLost(await replicas.open(server.url, { folder }), calls)
    })

    withServer('at a start: it is refused in time, says why, and leaves the folder free', async (server) => {
      const first = await replicas.open(server.url)
      const { folder } = first
      await first.store.close()
      await server.stop()
      const began = performance.now()
      const refusal = await replicas.open(server.url, { folder, connectMs: 1000 }).catch((error) => error)
      expect(performance.now() - began).toBeLessThan(15_000)
      expect(refusal).toMatchObject({ code: 'store_unavailable' })
      expect(refusal.message).toContain('does not answer')
      await server.start()
      expect((await replicas.open(server.url, { folder })).store.epoch).toBe(2)
    })

    withServer('comes back: keys that others changed meanwhile are heard of', async (server) => {
      const [first, second] = await Promise.all([replicas.open(server.url), replicas.open(server.url)])
      const heard: KeyRecord[] = []
      second.store.watchKeys((key) => heard.push(key))
      await first.store.keys.insert(KEY)
      await until(() => heard.length === 1)
      await server.stop()
      await Bun.sleep(300)
      await server.start()
      const revokedAtMs = world.now()
      for (let isDone = false; !isDone; ) {
        isDone = await first.store.keys.revoke('k1', revokedAtMs).then(
          () => true,
          () => false,
        )
      }
      await until(() => heard.some((key) => key.revokedAtMs === revokedAtMs))
      expect(heard.at(-1)).toEqual({ ...KEY, revokedAtMs })
    })
  })
}

if (POSTGRES_BIN !== undefined) awayTests(POSTGRES_BIN)
