import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { newSchema, newServer, POSTGRES_BIN, POSTGRES_URL } from '../contracts/postgres-server.ts'
import { answer, askAgent, message, rpc, rpcErrorOf, task } from './a2a.ts'
import { withAgent } from './sdk-agent.ts'

/** Gateways over one database, before one agent. */
async function withGateways(url: string, run: Parameters<typeof useGateways>[1]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-shared-'))
  const secret = join(folder, 'secret')
  writeFileSync(secret, '5f'.repeat(32), { mode: 0o600 })
  try {
    await useGateways({ storage: url, secret: `file:${secret}` }, run)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function useGateways(
  config: object,
  run: (parts: { agent: Awaited<ReturnType<typeof fakeUpstream>>; start: () => ReturnType<typeof startScenario> }) => Promise<void>,
): Promise<void> {
  await using agent = await fakeUpstream()
  const start = () => startScenario({ config: { ...withAgent(`${agent.origin}/rpc`), ...config }, baseUrl: agent.baseUrl })
  await run({ agent, start })
}

function replicaTests(server: string): void {
  describe('two gateways on one database', () => {
    test('know each other’s tasks: for the one that began it, and for nobody else', async () => {
      const schema = await newSchema(server)
      await withGateways(schema.url, async ({ agent, start }) => {
        await using first = await start()
        await using second = await start()
        const [own, foreign] = [await first.newKey({ user: 'ann' }), await first.newKey({ user: 'bob' })]
        // The second one hears of the keys on its own time.
        for (const { key } of [own, foreign]) {
          while ((await askAgent(second, { key, body: rpc('GetTask', { id: 'none' }) })).status === 401) await Bun.sleep(20)
        }
        for (let round = 1; round <= 5; round++) {
          const id = `task-${round}`
          agent.answer(answer({ task: task(id) }))
          expect((await askAgent(first, { key: own.key })).status).toBe(200)
          agent.answer(answer(task(id)))
          const body = rpc('GetTask', { id })
          // The first one ships what it wrote within a tenth of a second, or later on a busy machine.
          while ((await askAgent(second, { key: own.key, body })).json.error !== undefined) await Bun.sleep(20)
          expect((await askAgent(second, { key: own.key, body })).json).toMatchObject({ result: { id } })
          expect(rpcErrorOf(await askAgent(second, { key: foreign.key, body })).code).toBe(-32_001)
          const joining = message({ contextId: `of-${id}` })
          expect(rpcErrorOf(await askAgent(second, { key: foreign.key, body: joining })).code).toBe(-32_001)
        }
      })
      await schema.drop()
    })
  })
}

function awayTests(programs: string): void {
  test('a gateway whose database is away begins tasks, and shows those that it knows', async () => {
    const server = await newServer(programs)
    await withGateways(server.url, async ({ agent, start }) => {
      await using scenario = await start()
      await server.stop()
      agent.answer(answer({ task: task('task-1') }))
      expect((await askAgent(scenario)).json).toMatchObject({ result: { task: { id: 'task-1' } } })
      agent.answer(answer(task('task-1')))
      expect((await askAgent(scenario, { body: rpc('GetTask', { id: 'task-1' }) })).json).toMatchObject({ result: { id: 'task-1' } })
      const unknown = await askAgent(scenario, { body: rpc('GetTask', { id: 'task-9' }) })
      expect([unknown.status, unknown.headers.get('retry-after')]).toEqual([503, '5'])
      expect(rpcErrorOf(unknown).data[0].metadata).toMatchObject({ code: 'store_unavailable', source: 'gateway' })
      await server.start()
    })
    await server.remove()
  }, 60_000)
}

if (POSTGRES_URL !== undefined) replicaTests(POSTGRES_URL)
if (POSTGRES_BIN !== undefined) awayTests(POSTGRES_BIN)
