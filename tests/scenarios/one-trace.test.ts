import { expect, test } from 'bun:test'
import { Role } from '@a2a-js/sdk'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import OpenAI from 'openai'
import { z } from 'zod'
import { reachGateway } from '../../src/app/reach-gateway.ts'
import { startSandboxes } from '../../src/app/sandbox/index.ts'
import { run } from '../../src/cli/main.ts'
import type { Receipt, Trace, TraceNode } from '../../src/control/client.ts'
import { realWorld } from '../../src/platform/world.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { sdkClient } from './sdk-agent.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`

/** Asks an agent behind the gateway, as a program of its own would: with the official client, its own key, and the trace that it was given. */
async function askAgent(gateway: string, key: string, text: string, traceparent: string): Promise<string> {
  const client = await sdkClient(gateway, key, 'sandbox')
  const message = {
    ...{ messageId: crypto.randomUUID(), contextId: '', taskId: '', role: Role.ROLE_USER, metadata: undefined },
    ...{ extensions: [], referenceTaskIds: [] },
    parts: [{ content: { $case: 'text' as const, value: text }, metadata: undefined, filename: '', mediaType: '' }],
  }
  const request = { tenant: '', configuration: undefined, metadata: undefined, message }
  const task = await client.sendMessage(request, { serviceParameters: { traceparent } })
  return 'artifacts' in task ? task.artifacts.flatMap(({ parts }) => parts.map(({ content }) => String(content?.value))).join() : ''
}

/** An MCP server on the official SDK whose one tool asks an agent. It knows the trace from `_meta`, and has a key of its own. */
function startColleague(place: { gateway: string; key: string }) {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'colleague', version: '1' })
    server.registerTool(
      'ask',
      { description: 'Asks a colleague.', inputSchema: z.object({ question: z.string() }) },
      async (given, context) => {
        const traceparent = String(context.mcpReq._meta?.traceparent)
        return { content: [{ type: 'text', text: await askAgent(place.gateway, place.key, given.question, traceparent) }] }
      },
    )
    return server
  })
  return Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: (request) => handler.fetch(request) })
}

/** A gateway with all three layers before the sandboxes and a colleague, who may use the sandbox's tools and agent only. */
async function openAll() {
  const sandboxes = startSandboxes(realWorld())
  const place = { gateway: '', key: '' }
  const colleague = startColleague(place)
  const price = { inputPerMillion: 1, outputPerMillion: 2 }
  const scenario = await startScenario({
    config: {
      models: {
        providers: { sandbox: { wire: 'openai-chat', baseUrl: sandboxes.providerUrl } },
        models: [{ name: 'sandbox', provider: 'sandbox', price }],
      },
      tools: { servers: { colleague: { url: `http://127.0.0.1:${colleague.port}/mcp` }, sandbox: { command: sandboxes.mcpCommand } } },
      agents: { agents: { sandbox: { url: sandboxes.agentUrl, forwardKey: true } } },
      access: {
        teams: {
          support: { tools: { default: 'allow' }, agents: ['*'] },
          colleague: { tools: { default: 'deny', allow: ['sandbox__*'] }, agents: ['sandbox'] },
        },
      },
    },
  })
  sandboxes.reachGateways(scenario.dataUrl)
  place.gateway = scenario.dataUrl
  place.key = (await scenario.newKey({ team: 'colleague' })).key
  return {
    scenario,
    [Symbol.asyncDispose]: async () => {
      await scenario.close()
      await colleague.stop(true)
      for (const server of sandboxes.servers) await server.stop({ force: true })
    },
  }
}

async function openTools({ dataUrl, key }: Scenario): Promise<Client> {
  const client = new Client({ name: 'app', version: '1' })
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${dataUrl}/mcp`), { requestInit: { headers: { authorization: `Bearer ${key}` } } }),
  )
  return client
}

/** The trace, once as many calls of it as are expected have ended: an ending is written a moment after its answer. */
async function readTrace(scenario: Scenario, calls: number): Promise<Trace> {
  for (let round = 0; ; round++) {
    const { status, body } = await scenario.control<Trace>('GET', `/api/v1/traces/${TRACE}`)
    expect(status).toBe(200)
    const isWhole = body.calls === calls && allOf(body.roots).every(({ state }) => state === 'ended')
    if (isWhole || round === 2000) return body
    await Bun.sleep(5)
  }
}

function allOf(nodes: readonly TraceNode[]): readonly TraceNode[] {
  return nodes.flatMap((node) => [node, ...allOf(node.children)])
}

/** A node in a few words, with those that it caused. */
function outline(node: TraceNode): readonly unknown[] {
  const { action, subject, principal, outcome, askedBy, toolCalls } = node
  const said = [action, subject ?? '-', principal.team, outcome, ...(toolCalls ?? []).map((name) => `asks for ${name}`)]
  return [[...said, ...(askedBy === undefined ? [] : [`asked for by ${askedBy.model}`])].join(' '), ...node.children.map(outline)]
}

function find(nodes: readonly TraceNode[], subject: string): TraceNode | undefined {
  return allOf(nodes).find((node) => node.subject === subject)
}

/** What the sandbox agent does on a message. */
const AGENT_WORK = (team: string) => [
  [`tools.list - ${team} ok`],
  [`models.call sandbox ${team} ok asks for sandbox__add`],
  [`tools.call sandbox__add ${team} ok asked for by sandbox`],
  [`models.call sandbox ${team} ok`],
]

test('one trace crosses app, model, tool, agent, model', async () => {
  await using all = await openAll()
  const { scenario } = all
  const openai = new OpenAI({ apiKey: scenario.key, baseURL: `${scenario.dataUrl}/v1`, maxRetries: 0 })
  const mcp = await openTools(scenario)
  const headers = { traceparent: TRACEPARENT, 'x-signalbox-prompt': 'plan@2' }
  const tools = (await mcp.listTools()).tools.map(({ name, inputSchema }) => ({
    type: 'function' as const,
    function: { name, parameters: { ...inputSchema } },
  }))
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'Plan, then act.' },
    { role: 'user', content: 'Use colleague__ask, please.' },
  ]
  const first = await openai.chat.completions.create({ model: 'sandbox', messages, tools }, { headers })
  const [said] = first.choices
  const [wanted] = said?.message.tool_calls ?? []
  if (wanted?.type !== 'function' || said === undefined) throw new Error('The model did not ask for a tool.')
  const answered = await mcp.callTool({
    name: wanted.function.name,
    arguments: JSON.parse(wanted.function.arguments),
    _meta: { traceparent: TRACEPARENT },
  })
  const [content] = answered.content
  const result = content?.type === 'text' ? content.text : ''
  expect(result).toStartWith('This is the Signalbox sandbox agent.')
  messages.push(said.message, { role: 'tool', tool_call_id: wanted.id, content: result })
  const second = await openai.chat.completions.create({ model: 'sandbox', messages, tools }, { headers })
  expect(second.choices[0]?.message.content).toContain('This is the Signalbox sandbox, not a model. The tool answered: This is')
  await mcp.close()

  const trace = await readTrace(scenario, 8)
  expect(trace.roots.map(outline)).toEqual([
    ['models.call sandbox support ok asks for colleague__ask'],
    ['tools.call colleague__ask support ok asked for by sandbox', ['agents.send sandbox colleague ok', ...AGENT_WORK('colleague')]],
    ['models.call sandbox support ok'],
  ])
  for (const { parentSpanId } of trace.roots) expect(parentSpanId).toBe('b7ad6b7169203331')
  const tool = find(trace.roots, 'colleague__ask')
  const plan = { name: 'plan', version: '2', hash: expect.stringMatching(/^sha256:[0-9a-f]{32}$/) }
  expect(tool?.askedBy).toMatchObject({ call: trace.roots[0]?.call, model: 'sandbox', prompt: plan })
  await expectPromptsKnown(scenario, trace)
  expectSums(trace)
  await expectPrinted(scenario, String(find(trace.roots, 'sandbox__add')?.call))
})

test('one message to an agent gives one trace: app, agent, model, tool, model', async () => {
  await using all = await openAll()
  const { scenario } = all
  expect(await askAgent(scenario.dataUrl, scenario.key, 'Use sandbox__add, please.', TRACEPARENT)).toBe(
    'This is the Signalbox sandbox agent. The model says: This is the Signalbox sandbox, not a model. The tool answered: 2',
  )
  const trace = await readTrace(scenario, 5)
  expect(trace.roots.map(outline)).toEqual([['agents.send sandbox support ok', ...AGENT_WORK('support')]])
  expectSums(trace)
})

/** Which prompts led to a tool stands in the log: the call of each tool names the model call that asked for it, with that call's own prompt. */
async function expectPromptsKnown(scenario: Scenario, trace: Trace): Promise<void> {
  const receiptOf = async (id: string) => (await scenario.control<Receipt>('GET', `/api/v1/receipts/${id}`)).body
  const tools = allOf(trace.roots).filter(({ action }) => action === 'tools.call')
  expect(tools.map(({ subject }) => subject)).toEqual(['colleague__ask', 'sandbox__add'])
  for (const { call, subject } of tools) {
    const { askedBy } = await receiptOf(call)
    const asking = await receiptOf(askedBy?.call ?? '')
    expect(asking.toolCalls).toEqual([String(subject)])
    expect(askedBy).toEqual({ call: asking.call, model: 'sandbox', prompt: asking.prompt })
  }
}

/** Every amount is the sum of those below, and nothing runs longer than what caused it. */
function expectSums(trace: Trace): void {
  const nano = (usd: string | undefined) => Math.round(Number(usd ?? 0) * 1e9)
  const check = (node: TraceNode) => {
    expect(nano(node.tree.costUsd)).toBe(nano(node.costUsd) + node.children.reduce((sum, child) => sum + nano(child.tree.costUsd), 0))
    expect(node.costUsd === undefined).toBe(node.layer !== 'models')
    for (const child of node.children) {
      expect(child.parentSpanId).toBe(node.spanId)
      expect(child.startedAt >= node.startedAt).toBe(true)
      expect(child.durationMs).toBeLessThanOrEqual(node.durationMs)
      check(child)
    }
  }
  trace.roots.forEach(check)
  expect(nano(trace.costUsd)).toBe(trace.roots.reduce((sum, root) => sum + nano(root.tree.costUsd), 0))
  expect(nano(trace.costUsd)).toBeGreaterThan(0)
}

/** The command line prints the same tree, found by any call in it. */
async function expectPrinted({ controlUrl, adminKey, folder }: Scenario, callId: string): Promise<void> {
  let out = ''
  const env = { SIGNALBOX_URL: controlUrl, SIGNALBOX_ADMIN_KEY: adminKey }
  const say = (text: string) => {
    out += text
  }
  const io = { out: say, err: say, isTerminal: false, env, cwd: folder, setExitCode: () => {} }
  await run(['trace', callId], { io, reach: reachGateway, onInterrupt: () => new AbortController().signal })
  const tree = out.split('\n').map((line) => line.split(/ {2,}/)[0]?.trimEnd())
  expect(tree.slice(3, -1)).toEqual([
    'models.call sandbox (sandbox/sandbox)',
    'tools.call colleague__ask (colleague/ask), asked for by sandbox with plan@2',
    '└ agents.send sandbox',
    // A margin of spaces is where the cells are told apart: what is left is in the last column that was.
    ...['', '', '', ''],
    'models.call sandbox (sandbox/sandbox)',
  ])
  expect(out).toContain('  ├ models.call sandbox (sandbox/sandbox)')
  expect(out).toContain('  └ models.call sandbox (sandbox/sandbox)')
}
