import { expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSandboxes } from '../../src/app/sandbox/index.ts'
import { realWorld } from '../../src/platform/world.ts'
import { type Scenario, type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const ACCESS = { teams: { support: { tools: { default: 'allow' }, agents: ['*'] } } }
const NONE = { models: undefined, tools: undefined, agents: undefined, access: ACCESS }

/** Three gateways that know the same keys, each with a store and a log of its own, as replicas that were set up from one backup would be. */
async function openStack() {
  const root = mkdtempSync(join(tmpdir(), 'signalbox-stack-'))
  const sandboxes = startSandboxes(realWorld())
  const started: Scenario[] = []
  const start = async (name: string, config: ScenarioConfig) => {
    const folder = join(root, name)
    if (name !== 'first') cpSync(join(root, 'first'), folder, { recursive: true })
    const scenario = await startScenario({ folder, config: { ...NONE, ...config } })
    started.push(scenario)
    return scenario
  }
  const models = {
    providers: { sandbox: { wire: 'openai-chat', baseUrl: sandboxes.providerUrl } },
    models: [{ name: 'sandbox', provider: 'sandbox' }],
  }
  const tools = { servers: { sandbox: { command: sandboxes.mcpCommand } } }
  mkdirSync(join(root, 'first'))
  const first = await start('first', { models })
  const { key } = first
  await first.shutDown()
  const modelsGateway = await start('models', { models })
  const toolsGateway = await start('tools', { tools })
  const agentsGateway = await start('agents', {
    agents: {
      models: modelsGateway.dataUrl,
      tools: toolsGateway.dataUrl,
      agents: { sandbox: { url: sandboxes.agentUrl, forwardKey: true } },
    },
  })
  return {
    ...{ key, models: modelsGateway, tools: toolsGateway, agents: agentsGateway },
    [Symbol.asyncDispose]: async () => {
      for (const scenario of started) await scenario.close()
      for (const server of sandboxes.servers) await server.stop({ force: true })
      rmSync(root, { recursive: true, force: true })
    },
  }
}

test('an agent behind one gateway uses the models and the tools of two others, with the same key and in the same trace', async () => {
  await using stack = await openStack()
  const params = { message: { messageId: '1', role: 'ROLE_USER', parts: [{ text: 'Use sandbox__add, please.' }] } }
  const { status, text } = await ask(stack.agents, {
    path: '/a2a/sandbox',
    key: stack.key,
    headers: { 'a2a-version': '1.0', traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
    body: { jsonrpc: '2.0', id: 1, method: 'SendMessage', params },
  })
  expect(status).toBe(200)
  expect(text).toContain('TASK_STATE_COMPLETED')
  expect(text).toContain('The tool answered: 2')
  const [started] = await stack.agents.expectEvents([
    { type: 'call.started', layer: 'agents', traceId: TRACE, parentSpanId: 'b7ad6b7169203331' },
    { type: 'task.claimed' },
    { type: 'call.ended', layer: 'agents', outcome: 'ok' },
  ])
  const parentSpanId = started?.type === 'call.started' ? started.spanId : ''
  const below = { outcome: 'ok', traceId: TRACE, parentSpanId } as const
  const pair = (ended: object) => [{ type: 'call.started' as const }, { type: 'call.ended' as const, ...below, ...ended }]
  await stack.tools.expectEvents([...pair({ action: 'tools.list' }), ...pair({ action: 'tools.call', subject: 'sandbox__add' })])
  await stack.models.expectEvents([...pair({ action: 'models.call', toolCalls: ['sandbox__add'] }), ...pair({ action: 'models.call' })])
})
