import { describe, expect, test } from 'bun:test'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { startFixtureServer } from '../conformance/fixture-server.ts'
import { startEverything } from './everything-server.ts'
import { withServers } from './mcp.ts'

const MODULES = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol')
const EVERYTHING = [process.execPath, join(MODULES, 'server-everything/dist/index.js'), 'stdio']
const FILESYSTEM = [process.execPath, join(MODULES, 'server-filesystem/dist/index.js')]
const PATIENT = { tools: { timeouts: { list: '20s' } } }

async function connect(scenario: Scenario, path = '/mcp', client = new Client({ name: 'new', version: '1' })): Promise<Client> {
  const headers = { authorization: `Bearer ${scenario.key}` }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${scenario.dataUrl}${path}`), { requestInit: { headers } }))
  return client
}

async function connectOld(scenario: Scenario, path: string, client: OldClient): Promise<OldClient> {
  const headers = { authorization: `Bearer ${scenario.key}` }
  // The transport's own type differs from the client's in what may be undefined; they come from one package.
  const transport = new OldTransport(new URL(`${scenario.dataUrl}${path}`), { requestInit: { headers } })
  await client.connect(transport as unknown as Parameters<OldClient['connect']>[0])
  return client
}

describe('on the aggregate', () => {
  test('the client of SDK 2 sees the tools of all servers under their names, and calls them', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'signalbox-files-')))
    writeFileSync(join(folder, 'hello.txt'), 'Hello from a file.')
    const fixture = startFixtureServer()
    const everything = await startEverything()
    await using scenario = await startScenario({
      config: withServers(
        {
          local: { command: EVERYTHING },
          remote: { url: everything.url },
          files: { command: [...FILESYSTEM, folder] },
          sdk: { url: fixture.url },
        },
        PATIENT,
      ),
    })
    const client = await connect(scenario)
    const names = (await client.listTools()).tools.map(({ name }) => name)
    expect(names).toEqual([...names].sort((left, right) => order(left) - order(right) || (left < right ? -1 : 1)))
    expect(names).toEqual(expect.arrayContaining(['local__echo', 'remote__echo', 'files__read_text_file', 'sdk__test_simple_text']))
    const said = async (name: string, given: Record<string, unknown>) => (await client.callTool({ name, arguments: given })).content
    expect(await said('local__echo', { message: 'near' })).toEqual([{ type: 'text', text: 'Echo: near' }])
    expect(await said('remote__echo', { message: 'far' })).toEqual([{ type: 'text', text: 'Echo: far' }])
    expect(await said('files__read_text_file', { path: join(folder, 'hello.txt') })).toEqual([{ type: 'text', text: 'Hello from a file.' }])
    expect(await said('sdk__test_simple_text', {})).toEqual([{ type: 'text', text: 'This is a simple text response for testing.' }])
    await client.close()
    const call = (server: string, target: string) =>
      [
        { type: 'call.started', action: 'tools.call', subject: `${server}__${target}` },
        {
          type: 'call.ended',
          action: 'tools.call',
          subject: `${server}__${target}`,
          provider: server,
          target,
          outcome: 'ok',
          attempts: 1,
          status: 200,
          wire: 'mcp',
        },
      ] as const
    await scenario.expectEvents([
      ...(['tools.initialize', 'tools.list'] as const).flatMap((action) => [
        { type: 'call.started', action } as const,
        { type: 'call.ended', action, outcome: 'ok', attempts: 0 } as const,
      ]),
      ...call('local', 'echo'),
      ...call('remote', 'echo'),
      ...call('files', 'read_text_file'),
      ...call('sdk', 'test_simple_text'),
    ])
    await fixture.stop()
    await everything.stop()
    rmSync(folder, { recursive: true })
  }, 30_000)

  test('progress comes as it is made, and a long call outlives the limit of silence', async () => {
    await using scenario = await startScenario({ config: withServers({ local: { command: EVERYTHING } }, PATIENT) })
    const client = await connect(scenario)
    const seen: number[] = []
    const result = await client.callTool(
      { name: 'local__trigger-long-running-operation', arguments: { duration: 1.5, steps: 3 } },
      { onprogress: ({ progress }) => void seen.push(progress) },
    )
    expect(result.isError).toBeUndefined()
    expect(seen).toEqual([1, 2, 3])
    await client.close()
  }, 20_000)
})

/** Servers stand in the order of the configuration. */
function order(name: string): number {
  return ['local', 'remote', 'files', 'sdk'].findIndex((server) => name.startsWith(`${server}__`))
}

describe('on the endpoint of one server', () => {
  test('the client of SDK 1 has prompts, resources, and the server that asks it', async () => {
    await using scenario = await startScenario({ config: withServers({ local: { command: EVERYTHING } }, PATIENT) })
    const client = new OldClient({ name: 'old', version: '1' }, { capabilities: { sampling: {}, elicitation: {}, roots: {} } })
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      role: 'assistant',
      model: 'mine',
      content: { type: 'text', text: 'Sampled!' },
    }))
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' }))
    await connectOld(scenario, '/mcp/local', client)
    expect(client.getServerVersion()?.name).toBe('mcp-servers/everything')
    const names = (await client.listTools()).tools.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['echo', 'trigger-sampling-request', 'trigger-elicitation-request']))
    expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0)
    expect((await client.listResources()).resources.length).toBeGreaterThan(0)
    const sampled = await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'Say it', maxTokens: 10 } })
    expect(JSON.stringify(sampled.content)).toContain('Sampled!')
    const elicited = await client.callTool({ name: 'trigger-elicitation-request', arguments: {} })
    expect(JSON.stringify(elicited.content)).toMatch(/declin/i)
    await client.close()
    const pair = (action: string) => [{ type: 'call.started', action } as const, { type: 'call.ended', action, outcome: 'ok' } as const]
    // The last ending is queued before the client has its answer, and is on disk with the next group: `expectEvents` waits for that.
    await scenario.expectEvents(
      ['tools.initialize', 'tools.list', 'tools.prompts.list', 'tools.resources.list', 'tools.call', 'tools.call'].flatMap(pair),
    )
  }, 20_000)

  test('over streamable HTTP the server asks the caller that called, and no other', async () => {
    const fixture = startFixtureServer()
    await using scenario = await startScenario({ config: withServers({ sdk: { url: fixture.url } }, { tools: {} }) })
    const clients = await Promise.all(
      ['left', 'right'].map(async (who) => {
        const client = new OldClient({ name: who, version: '1' }, { capabilities: { sampling: {} } })
        client.setRequestHandler(CreateMessageRequestSchema, () => ({
          role: 'assistant',
          model: who,
          content: { type: 'text', text: `I am ${who}` },
        }))
        return connectOld(scenario, '/mcp/sdk', client)
      }),
    )
    const answers = await Promise.all(clients.map((client) => client.callTool({ name: 'test_sampling', arguments: { prompt: 'Who?' } })))
    expect(answers.map(({ content }) => JSON.stringify(content))).toEqual([
      expect.stringContaining('I am left'),
      expect.stringContaining('I am right'),
    ])
    expect(fixture.sessions()).toBeGreaterThanOrEqual(2)
    for (const client of clients) await client.close()
    await fixture.stop()
  }, 20_000)
})
