import { expect, test } from 'bun:test'
import { cpSync } from 'node:fs'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { startSandboxes } from '../../src/app/sandbox/index.ts'
import type { Trace, TraceNode } from '../../src/control/client.ts'
import { realWorld } from '../../src/platform/world.ts'
import type { GatewayProcess } from '../chaos/lab/gateway-process.ts'
import { type LabConfig, openLab } from '../chaos/lab/lab.ts'
import { say, sdkClient } from './sdk-agent.ts'
import { startWorkerAgent } from './worker-agent.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const OUTSIDE = '00f067aa0ba902b7'
const ACCESS = { teams: { support: { tools: { default: 'allow' }, agents: ['*'] } } }

/** An MCP server on the official SDK. */
function startMath() {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'math', version: '1' })
    const inputSchema = z.object({ a: z.number(), b: z.number() })
    server.registerTool('add', { description: 'Adds.', inputSchema }, async ({ a, b }) => ({
      content: [{ type: 'text', text: `The sum is ${a + b}.` }],
    }))
    return server
  })
  return Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: (request) => handler.fetch(request) })
}

/** Three gateways, each in a process and with a log of its own, that know the same keys: as installations restored from one backup would. */
async function openStack() {
  const sandboxes = startSandboxes(realWorld())
  const baseUrl = sandboxes.providerUrl
  const [math, worker] = [startMath(), startWorkerAgent()]
  const closing = new AsyncDisposableStack()
  closing.defer(async () => {
    for (const server of sandboxes.servers) await server.stop({ force: true })
    await math.stop(true)
  })
  closing.use(worker)
  const lab = async (config: LabConfig) => closing.use(await openLab({ baseUrl, config: { models: undefined, access: ACCESS, ...config } }))
  const models = await lab({
    models: {
      providers: { sandbox: { wire: 'openai-chat', baseUrl } },
      models: [{ name: 'sandbox', provider: 'sandbox', price: { inputPerMillion: 1, outputPerMillion: 2 } }],
    },
  })
  const tools = await lab({ tools: { servers: { math: { url: `http://127.0.0.1:${math.port}/mcp` } } } })
  const agents = await lab({
    agents: {
      models: `http://127.0.0.1:${models.start.dataPort}`,
      tools: `http://127.0.0.1:${tools.start.dataPort}`,
      agents: { worker: { url: worker.url, forwardKey: true } },
    },
  })
  const first = await models.gateway()
  const { key } = await first.createKey()
  await first.stop()
  for (const other of [tools, agents]) cpSync(models.dataFolder, other.dataFolder, { recursive: true })
  const gateways = { models: await models.gateway(), tools: await tools.gateway(), agents: await agents.gateway() }
  return { ...gateways, key, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

/** The trace as one gateway knows it, once so many of its calls have ended. */
async function traceAt(gateway: GatewayProcess, calls: number): Promise<Trace> {
  for (let round = 0; ; round++) {
    const trace = await gateway.ask<Trace>('GET', `/api/v1/traces/${TRACE}`)
    if ((trace.calls >= calls && trace.roots.every(({ state }) => state === 'ended')) || round === 2000) return trace
    await Bun.sleep(10)
  }
}

const outline = ({ action, subject, outcome, principal, parentSpanId, toolCalls }: TraceNode) => ({
  ...{ action, subject, outcome, team: principal.team, parentSpanId },
  ...(toolCalls === undefined ? {} : { toolCalls }),
})

test('three gateways in three processes, official SDKs on both sides: one key, one trace, each call once and below its cause', async () => {
  await using stack = await openStack()
  const client = await sdkClient(stack.agents.origin, stack.key, 'worker')
  const traceparent = `00-${TRACE}-${OUTSIDE}-01`
  const answer = await client.sendMessage(say('Please use math__add.'), { serviceParameters: { traceparent } })
  expect(answer).toMatchObject({
    parts: [{ content: { value: expect.stringContaining('The tool answered: [{"type":"text","text":"The sum is 2."}]') } }],
  })

  const ok = { outcome: 'ok', team: 'support' } as const
  const above = await traceAt(stack.agents, 1)
  expect(above.roots.map(outline)).toEqual([{ action: 'agents.send', subject: 'worker', ...ok, parentSpanId: OUTSIDE }])
  const below = { ...ok, parentSpanId: above.roots[0]?.spanId }
  const asked = await traceAt(stack.models, 2)
  expect(asked.roots.map(outline)).toEqual([
    { action: 'models.call', subject: 'sandbox', ...below, toolCalls: ['math__add'] },
    { action: 'models.call', subject: 'sandbox', ...below },
  ])
  expect(Number(asked.costUsd)).toBeGreaterThan(0)
  const called = await traceAt(stack.tools, 3)
  expect(called.roots.map(outline)).toEqual([
    { action: 'tools.initialize', subject: undefined, ...below },
    { action: 'tools.list', subject: undefined, ...below },
    { action: 'tools.call', subject: 'math__add', ...below },
  ])
}, 60_000)

test('each of the three refuses what the others do, and says what to add', async () => {
  await using stack = await openStack()
  const paths = { models: '/v1/models', tools: '/mcp', agents: '/a2a/worker' } as const
  const names = ['models', 'tools', 'agents'] as const
  for (const name of names) {
    for (const other of names.filter((one) => one !== name)) {
      const answer = await fetch(`${stack[name].origin}${paths[other]}`, { headers: { authorization: `Bearer ${stack.key}` } })
      expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining(`add \`${other}:\` to the configuration`)])
    }
  }
}, 60_000)
