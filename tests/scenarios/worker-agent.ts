import { type AgentCard, Role } from '@a2a-js/sdk'
import {
  AgentEvent,
  type AgentExecutor,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryTaskStore,
  JsonRpcTransportHandler,
  type RequestContext,
  ServerCallContext,
} from '@a2a-js/sdk/server'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import OpenAI from 'openai'

/** An agent on the official SDKs of A2A, MCP and OpenAI. It finds the gateways in the headers that the agents gateway adds, and uses the caller's key. */
export interface WorkerAgent extends AsyncDisposable {
  readonly url: string
}

const MODEL = 'sandbox'

/** Starts an agent that answers with what its model says after it has called the tool that the model wanted. */
export function startWorkerAgent(): WorkerAgent {
  const server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1', idleTimeout: 0 },
    fetch: async (request) => {
      const card = cardFor(`http://127.0.0.1:${server.port}/`)
      if (request.method === 'GET') return Response.json(card)
      const executor = new Worker(request.headers)
      const handler = new JsonRpcTransportHandler(new DefaultRequestHandler(card, new InMemoryTaskStore(), executor))
      const context = new ServerCallContext({ requestedVersion: request.headers.get('a2a-version') ?? '' })
      return Response.json(await handler.handle(await request.text(), context))
    },
  })
  return { url: `http://127.0.0.1:${server.port}/`, [Symbol.asyncDispose]: () => server.stop(true) }
}

/** One request's worth of the agent. */
class Worker implements AgentExecutor {
  readonly #headers: Headers

  constructor(headers: Headers) {
    this.#headers = headers
  }

  async execute({ userMessage, contextId }: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const [first] = userMessage.parts
    const text = first?.content?.$case === 'text' ? first.content.value : ''
    const answer = await this.#answer(text).catch((thrown: unknown) => `It failed: ${thrown}`)
    const parts = [{ content: { $case: 'text' as const, value: answer }, metadata: undefined, filename: '', mediaType: '' }]
    const rest = { taskId: '', metadata: undefined, extensions: [], referenceTaskIds: [] }
    bus.publish(AgentEvent.message({ messageId: crypto.randomUUID(), role: Role.ROLE_AGENT, contextId, parts, ...rest }))
  }

  async cancelTask(): Promise<void> {}

  async #answer(text: string): Promise<string> {
    const [authorization, traceparent] = [this.#headerOf('authorization'), this.#headerOf('traceparent')]
    const openai = new OpenAI({
      apiKey: authorization.replace('Bearer ', ''),
      baseURL: `${this.#headerOf('x-signalbox-models')}/v1`,
      defaultHeaders: { traceparent },
      maxRetries: 0,
    })
    const mcp = new Client({ name: 'worker', version: '1' })
    // The trace goes along as a header of every HTTP request: nothing of it stands in the messages.
    const requestInit = { headers: { authorization, traceparent } }
    await mcp.connect(new StreamableHTTPClientTransport(new URL(`${this.#headerOf('x-signalbox-tools')}/mcp`), { requestInit }))
    try {
      const { tools } = await mcp.listTools()
      const offered = tools.map(({ name, inputSchema }) => ({
        type: 'function' as const,
        function: { name, parameters: { ...inputSchema } },
      }))
      const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: text }]
      const [asked] = (await openai.chat.completions.create({ model: MODEL, messages, tools: offered })).choices
      const [wanted] = asked?.message.tool_calls ?? []
      if (asked === undefined || wanted?.type !== 'function') return 'The model did not ask for a tool.'
      const result = await mcp.callTool({ name: wanted.function.name, arguments: JSON.parse(wanted.function.arguments) })
      messages.push(asked.message, { role: 'tool', tool_call_id: wanted.id, content: JSON.stringify(result.content) })
      const [said] = (await openai.chat.completions.create({ model: MODEL, messages, tools: offered })).choices
      return said?.message.content ?? ''
    } finally {
      await mcp.close()
    }
  }

  #headerOf(name: string): string {
    const value = this.#headers.get(name)
    if (value === null) throw new Error(`The agent was not told ${name}.`)
    return value
  }
}

function cardFor(url: string): AgentCard {
  return {
    ...{ name: 'Worker', description: 'Asks a model and calls a tool.', version: '1', provider: undefined },
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' }],
    capabilities: { streaming: false, pushNotifications: false, extensions: [], extendedAgentCard: false },
    ...{ securitySchemes: {}, securityRequirements: [], skills: [], signatures: [] },
    ...{ defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'] },
  }
}
