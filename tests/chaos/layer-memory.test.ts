import { expect, test } from 'bun:test'
import { startSandboxes } from '../../src/app/sandbox/index.ts'
import { realWorld } from '../../src/platform/world.ts'
import { type LabConfig, openLab } from './lab/lab.ts'

/** What a gateway alone may hold, in megabytes: the bar of the design. */
const BAR_MB = 90
const CALLS = 50
/** What starting took is given back once the gateway has run for a second (platform/give-back-memory.ts). */
const REST_MS = 1500

const ACCESS = { teams: { support: { tools: { default: 'allow' }, agents: ['*'] } } }

const ASKED = {
  models: {
    path: '/v1/chat/completions',
    body: { model: 'sandbox', messages: [{ role: 'user', content: 'Hello' }] },
  },
  tools: {
    path: '/mcp',
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'sandbox__echo', arguments: { text: 'Hello' } } },
  },
  agents: {
    path: '/a2a/sandbox',
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: 'SendMessage',
      params: { message: { messageId: '1', role: 'ROLE_USER', parts: [{ text: 'Hello' }] } },
    },
  },
} as const

test.each(['models', 'tools', 'agents'] as const)(
  'the gateway for %s alone holds no more than the bar, after calls too',
  async (layer) => {
    const sandboxes = startSandboxes(realWorld())
    const sections = {
      models: {
        providers: { sandbox: { wire: 'openai-chat', baseUrl: sandboxes.providerUrl } },
        models: [{ name: 'sandbox', provider: 'sandbox' }],
      },
      tools: { servers: { sandbox: { command: sandboxes.mcpCommand } } },
      agents: { agents: { sandbox: { url: sandboxes.agentUrl, forwardKey: true } } },
    }
    const config: LabConfig = { models: undefined, [layer]: sections[layer], access: ACCESS }
    await using lab = await openLab({ baseUrl: sandboxes.providerUrl, config })
    try {
      const gateway = await lab.gateway()
      const { key } = await gateway.createKey()
      const { path, body } = ASKED[layer]
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'a2a-version': '1.0' }
      for (let index = 0; index < CALLS; index++) {
        const answer = await fetch(`${gateway.origin}${path}`, {
          method: 'POST',
          headers: { ...headers, authorization: `Bearer ${key}` },
          body: JSON.stringify(body),
        })
        expect([answer.status, await answer.text()]).toEqual([200, expect.stringMatching(/sandbox|Hello/)])
      }
      await Bun.sleep(REST_MS)
      expect(gateway.residentMb).toBeLessThan(BAR_MB)
    } finally {
      for (const server of sandboxes.servers) await server.stop({ force: true })
    }
  },
  60_000,
)
