import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPlace } from '../../src/app/gateway-place.ts'
import { openOffline } from '../../src/app/offline.ts'
import { realWorld } from '../../src/platform/world.ts'
import { chatStream, gate } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { newSchema, newServer, POSTGRES_BIN, POSTGRES_URL } from '../contracts/postgres-server.ts'
import { ask, chat, expectError, expectErrorFrame } from './ask.ts'

const USAGE = { inputTokens: 10, outputTokens: 3 }
/** Of one call with this usage. */
const COST_USD = 0.00005

interface SpendLine {
  readonly calls: number
  readonly costUsd: number
}

interface Shared {
  readonly url: string
  start(): Promise<Scenario>
}

/** A secret that the replicas share, and gateways over one database. */
async function withReplicas(url: string, run: (shared: Shared) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-shared-'))
  const secret = join(folder, 'secret')
  writeFileSync(secret, '5f'.repeat(32), { mode: 0o600 })
  const start = () => startScenario({ config: { storage: url, secret: `file:${secret}`, access: { teams: { support: {} } } } })
  try {
    await run({ url, start })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function spendOf(scenario: Scenario): Promise<SpendLine | undefined> {
  const { status, body } = await scenario.control<readonly SpendLine[]>('GET', '/api/v1/spend?by=team&team=support')
  expect(status).toBe(200)
  return body[0]
}

async function until<Value>(look: () => Promise<Value>, isRight: (value: Value) => boolean, timeMs = 10_000): Promise<Value> {
  const untilMs = performance.now() + timeMs
  for (;;) {
    const value = await look()
    if (isRight(value)) return value
    if (performance.now() > untilMs) throw new Error(`Still ${JSON.stringify(value)}.`)
    await Bun.sleep(10)
  }
}

async function callsTo(scenario: Scenario, key: string, count: number): Promise<readonly number[]> {
  for (let call = 0; call < count; call++) scenario.upstream.queue(chatStream({ pieces: ['a'], usage: USAGE }))
  const replies = await Promise.all(Array.from({ length: count }, () => ask(scenario, { key, body: chat({ stream: true }) })))
  return replies.map(({ status }) => status)
}

function replicaTests(server: string): void {
  describe('two gateways on one database', () => {
    test('know the keys that the other makes, and one that is revoked there is refused, and its stream ended, soon', async () => {
      const schema = await newSchema(server)
      await withReplicas(schema.url, async ({ start }) => {
        await using first = await start()
        await using second = await start()
        const { id, key } = await first.newKey()
        const reply = await until(
          () => ask(second, { key }),
          ({ status }) => status === 200,
          5000,
        )
        expect(reply.status).toBe(200)
        const door = gate()
        second.upstream.queue(chatStream({ pieces: ['a', 'b', 'c'], usage: USAGE, before: { 2: door.step } }))
        const before = second.upstream.requests.length
        const stream = ask(second, { key, body: chat({ stream: true }) })
        await second.upstream.received(before + 1)
        const began = performance.now()
        await first.control('POST', `/api/v1/keys/${id}/revoke`)
        expectErrorFrame(await stream, 'key_revoked')
        expectError(await ask(second, { key }), 401, 'key_revoked')
        expect(performance.now() - began).toBeLessThan(5000)
      })
      await schema.drop()
    })

    test('show the spend and the log of both, to the nano-dollar', async () => {
      const schema = await newSchema(server)
      await withReplicas(schema.url, async ({ start }) => {
        await using first = await start()
        await using second = await start()
        expect(await callsTo(first, first.key, 7)).toEqual(Array(7).fill(200))
        expect(await callsTo(second, second.key, 5)).toEqual(Array(5).fill(200))
        for (const scenario of [first, second]) {
          const line = await until(
            () => spendOf(scenario),
            (spend) => spend?.calls === 12,
          )
          expect(line?.costUsd).toBeCloseTo(12 * COST_USD, 12)
        }
        const { body } = await second.control<{ events: readonly { callId?: string }[] }>('GET', '/api/v1/logs?type=call.ended&limit=50')
        expect(new Set(body.events.map(({ callId }) => callId)).size).toBe(12)
        const verified = await first.control<{ ok: boolean }>('GET', '/api/v1/verify')
        expect(verified.body.ok).toBe(true)
      })
      await schema.drop()
    })

    test('a command reads it when no gateway runs, and a change by one is known to those that do', async () => {
      const schema = await newSchema(server)
      await withReplicas(schema.url, async ({ start }) => {
        await using running = await start()
        const stopped = await start()
        await callsTo(stopped, stopped.key, 3)
        await stopped.shutDown()
        const place = findPlace({ configFile: 'signalbox.yaml', cwd: stopped.folder })
        const request = { place, cwd: stopped.folder, env: { FAKE_PROVIDER_KEY: 'x' }, world: realWorld(), report: () => {} }
        const reading = await openOffline({ ...request, mode: 'read' })
        const spend = await reading.api.fetch(
          new Request('http://localhost/api/v1/spend?by=team', { headers: { authorization: `Bearer ${reading.adminKey}` } }),
        )
        expect(await spend.json()).toMatchObject([{ team: 'support', calls: 3 }])
        await reading.close()
        const changing = await openOffline({ ...request, mode: 'change' })
        const revoked = await changing.api.fetch(
          new Request(`http://localhost/api/v1/keys/${running.keyId}/revoke`, {
            method: 'POST',
            headers: { authorization: `Bearer ${changing.adminKey}` },
          }),
        )
        expect(revoked.status).toBe(200)
        await changing.close()
        await until(
          () => ask(running),
          ({ status }) => status === 401,
          5000,
        )
        await stopped.close()
      })
      await schema.drop()
    })

    test('do not start without the secret that all have', async () => {
      const schema = await newSchema(server)
      const refusal = await startScenario({ config: { storage: schema.url, secret: 'file:./data/secret' } }).catch((error) => error)
      expect(String(refusal)).toContain('There is no secret file')
      await schema.drop()
    })
  })
}

function awayTests(programs: string): void {
  describe('a gateway whose database is away', () => {
    test('goes on: calls are answered and counted, readiness and metrics say so, a new key is refused', async () => {
      const server = await newServer(programs)
      await withReplicas(server.url, async ({ start }) => {
        await using scenario = await start()
        expect(await callsTo(scenario, scenario.key, 3)).toEqual([200, 200, 200])
        await server.stop()
        expect(await callsTo(scenario, scenario.key, 20)).toEqual(Array(20).fill(200))
        type Ready = { ready: boolean; checks: readonly { name: string; ok: boolean; detail?: string }[] }
        const { body, status } = await until(
          () => scenario.control<Ready>('GET', '/readyz'),
          (answer) => answer.body.checks.some(({ name, detail }) => name === 'store' && detail !== undefined),
        )
        expect([status, body.ready]).toEqual([200, true])
        expect(body.checks.find(({ name }) => name === 'store')).toMatchObject({
          ok: true,
          detail: expect.stringMatching(/^PostgreSQL has not answered for \d+ s; \d+ events wait to be shipped\.$/),
        })
        expect((await fetch(`${scenario.dataUrl}/readyz`)).status).toBe(200)
        const metrics = await scenario.control<string>('GET', '/metrics')
        expect(metrics.body).toContain('signalbox_store_reachable 0\n')
        expect(metrics.body).toMatch(/^signalbox_unshipped_events [1-9]\d*$/m)
        const refused = await scenario.control('POST', '/api/v1/keys', { team: 'support' })
        expect(refused).toMatchObject({ status: 503, body: { error: { code: 'store_unavailable' } } })
        expect((await scenario.control('GET', '/api/v1/spend?by=team')).status).toBe(503)
        await server.start()
        const spend = await until(
          async () => (await scenario.control<readonly SpendLine[]>('GET', '/api/v1/spend?by=team&team=support')).body[0],
          (line) => line?.calls === 23,
        )
        expect(spend?.costUsd).toBeCloseTo(23 * COST_USD, 12)
      })
      await server.remove()
    }, 60_000)
  })
}

if (POSTGRES_URL !== undefined) replicaTests(POSTGRES_URL)
if (POSTGRES_BIN !== undefined) awayTests(POSTGRES_BIN)
