import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSandboxes } from '../../src/app/sandbox/index.ts'
import { startGateway } from '../../src/app/serve.ts'
import type { LayerName } from '../../src/core/events.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { realWorld } from '../../src/platform/world.ts'
import { type Scenario, type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'

const LAYERS = ['models', 'tools', 'agents'] as const
const ALL_MAY = { access: { teams: { support: { tools: { default: 'allow' }, agents: ['*'] } } } }

/** A call that each gateway answers, and a part of its answer. */
const CALLS = {
  models: {
    path: '/v1/chat/completions',
    headers: {},
    body: { model: 'sandbox', messages: [{ role: 'user', content: 'Hello' }] },
    says: 'This is the Signalbox sandbox',
  },
  tools: {
    path: '/mcp',
    headers: { accept: 'application/json, text/event-stream' },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'sandbox__add', arguments: { a: 1, b: 2 } } },
    says: '"structuredContent":{"sum":3}',
  },
  agents: {
    path: '/a2a/sandbox',
    headers: { 'a2a-version': '1.0' },
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: 'SendMessage',
      params: { message: { messageId: '1', role: 'ROLE_USER', parts: [{ text: 'Hello' }] } },
    },
    says: 'This is the Signalbox sandbox agent.',
  },
} as const

/** Starts the sandboxes, and hands out the section of each gateway. */
function openSandboxes() {
  const sandboxes = startSandboxes(realWorld())
  const { providerUrl, mcpCommand, agentUrl } = sandboxes
  const sections: Readonly<Record<LayerName, object>> = {
    models: { providers: { sandbox: { wire: 'openai-chat', baseUrl: providerUrl } }, models: [{ name: 'sandbox', provider: 'sandbox' }] },
    tools: { servers: { sandbox: { command: mcpCommand } } },
    agents: { agents: { sandbox: { url: agentUrl, forwardKey: true } } },
  }
  return {
    /** A configuration of these gateways and no other. */
    only: (...names: readonly LayerName[]): ScenarioConfig => ({
      ...ALL_MAY,
      ...Object.fromEntries(LAYERS.map((name) => [name, names.includes(name) ? sections[name] : undefined])),
    }),
    [Symbol.asyncDispose]: async () => {
      for (const server of sandboxes.servers) await server.stop({ force: true })
    },
  }
}

function callOf(scenario: Scenario, name: LayerName) {
  const { path, headers, body } = CALLS[name]
  return ask(scenario, { path, headers, body })
}

describe.each(LAYERS)('%s alone', (layer) => {
  test('answers, and the paths of the others say what to add', async () => {
    await using sandboxes = openSandboxes()
    await using scenario = await startScenario({ config: sandboxes.only(layer) })
    const own = await callOf(scenario, layer)
    expect([own.status, own.text]).toEqual([200, expect.stringContaining(CALLS[layer].says)])
    const claimed = layer === 'agents' ? [{ type: 'task.claimed' as const }] : []
    await scenario.expectEvents([{ type: 'call.started', layer }, ...claimed, { type: 'call.ended', layer, outcome: 'ok' }])
    for (const other of LAYERS.filter((name) => name !== layer)) {
      const { status, json } = await callOf(scenario, other)
      expect([status, (json.error as JsonObject).message]).toEqual([
        404,
        expect.stringContaining(`The ${other} gateway does not run here: add \`${other}:\` to the configuration to start it.`),
      ])
      expect(json.jsonrpc).toBe(other === 'models' ? undefined : '2.0')
    }
    // Nobody was asked for anything.
    await scenario.expectEvents([])
  })

  test('starts and stops as its section comes and goes', async () => {
    await using sandboxes = openSandboxes()
    const [other] = LAYERS.filter((name) => name !== layer)
    await using scenario = await startScenario({ config: sandboxes.only(other ?? 'models') })
    expect((await callOf(scenario, layer)).status).toBe(404)
    await scenario.reconfigure(sandboxes.only(other ?? 'models', layer))
    expect(await callOf(scenario, layer)).toMatchObject({ status: 200, text: expect.stringContaining(CALLS[layer].says) })
    await scenario.reconfigure(sandboxes.only(other ?? 'models'))
    expect((await callOf(scenario, layer)).status).toBe(404)
  })

  test('is run by a control API and a command line that know no other', async () => {
    await using sandboxes = openSandboxes()
    await using scenario = await startScenario({ config: sandboxes.only(layer) })
    expect(await scenario.control('GET', '/readyz')).toMatchObject({ status: 200 })
    expect(await scenario.control('GET', '/api/v1/status')).toMatchObject({ status: 200, body: { ready: true } })
    expect((await scenario.control('POST', '/api/v1/keys', { team: 'support' })).status).toBe(201)
  })
})

test('a path that no gateway has says where those that run answer', async () => {
  await using sandboxes = openSandboxes()
  await using scenario = await startScenario({ config: sandboxes.only('models') })
  const { status, json } = await ask(scenario, { method: 'GET', path: '/nothing' })
  expect([status, json]).toEqual([
    404,
    {
      error: {
        message: 'There is nothing at /nothing. The models gateway answers below /v1.',
        ...{ type: 'invalid_request_error', code: 'not_found', source: 'caller' },
      },
    },
  ])
})

test('a path that lacks its version is told where it stands', async () => {
  await using sandboxes = openSandboxes()
  await using models = await startScenario({ config: sandboxes.only('models') })
  const { status, text } = await ask(models, { path: '/chat/completions', body: CALLS.models.body })
  expect([status, text]).toEqual([
    404,
    expect.stringContaining('There is nothing at /chat/completions. Did you mean /v1/chat/completions? The'),
  ])
})

test('a file without any gateway is refused, and says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-scenario-'))
  try {
    writeFileSync(join(folder, 'signalbox.yaml'), 'log: { level: info }\n')
    let printed = ''
    const started = await startGateway({
      configFile: undefined,
      cwd: folder,
      env: {},
      err: (text) => {
        printed += text
      },
    })
    expect(started).toEqual({ type: 'failed', exitCode: 2 })
    expect(printed).toStartWith('signalbox.yaml:1:1 has none of models, tools and agents, so nothing would run; add one or more of them')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
