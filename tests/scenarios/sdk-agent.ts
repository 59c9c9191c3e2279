import { type AgentCard, Role, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk'
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver, JsonRpcTransportFactory } from '@a2a-js/sdk/client'
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
import type { ScenarioConfig } from '../../src/testing/scenario.ts'

/** An agent of the official SDK on a real socket. What it is told decides what it does: see `answerTo`. */
export interface SdkAgent extends AsyncDisposable {
  readonly url: string
  /** The headers of each JSON-RPC request, in the order of arrival. */
  readonly asked: readonly Headers[]
  /** Tasks that were cancelled. */
  readonly cancelled: readonly string[]
}

/** A message of a caller. */
export function say(text: string, more: { readonly taskId?: string; readonly contextId?: string } = {}) {
  return {
    tenant: '',
    configuration: undefined,
    metadata: undefined,
    message: {
      messageId: crypto.randomUUID(),
      role: Role.ROLE_USER,
      parts: [part(text)],
      contextId: more.contextId ?? '',
      taskId: more.taskId ?? '',
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
  }
}

function part(text: string) {
  return { content: { $case: 'text' as const, value: text }, metadata: undefined, filename: '', mediaType: '' }
}

/** Starts an agent. */
export async function sdkAgent(): Promise<SdkAgent> {
  const asked: Headers[] = []
  const cancelled: string[] = []
  // The card needs the port, and the port is known once the server runs.
  let handler: JsonRpcTransportHandler | undefined
  let card: AgentCard | undefined
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url)
      if (request.method === 'GET') {
        return pathname === '/.well-known/agent-card.json' && card !== undefined
          ? Response.json(cardAsJson(card))
          : new Response('', { status: 404 })
      }
      asked.push(request.headers)
      const context = new ServerCallContext({ requestedVersion: request.headers.get('a2a-version') ?? '' })
      const answer = await handler?.handle(await request.text(), context)
      return answer !== undefined && Symbol.asyncIterator in answer ? eventStream(answer) : Response.json(answer)
    },
  })
  const url = `http://127.0.0.1:${server.port}`
  card = cardFor(`${url}/rpc`)
  handler = new JsonRpcTransportHandler(new DefaultRequestHandler(card, new InMemoryTaskStore(), new Executor(cancelled)))
  return { url, asked, cancelled, [Symbol.asyncDispose]: () => server.stop(true) }
}

function eventStream(events: AsyncGenerator<unknown>): Response {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await events.next()
      if (done === true) controller.close()
      else controller.enqueue(encoder.encode(`data: ${JSON.stringify(value)}\n\n`))
    },
    cancel: async () => {
      await events.return(undefined)
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

/** Does as it is told: `message` answers with a message, `work` with a task that is done at once, `wait` with one that goes on. */
class Executor implements AgentExecutor {
  readonly #cancelled: string[]
  readonly #open = new Map<string, () => void>()

  constructor(cancelled: string[]) {
    this.#cancelled = cancelled
  }

  async execute({ userMessage, taskId, contextId, task }: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const [first] = userMessage.parts
    const text = first?.content?.$case === 'text' ? first.content.value : ''
    if (text === 'message') {
      bus.publish(AgentEvent.message({ ...say('', { contextId }).message, role: Role.ROLE_AGENT, parts: [part('A message.')] }))
      return
    }
    const stamp = { timestamp: '2026-11-21T00:00:00Z', message: undefined }
    const status = (state: TaskState) => ({ taskId, contextId, status: { state, ...stamp }, metadata: undefined })
    const begun: Task = {
      id: taskId,
      contextId,
      status: { state: TaskState.TASK_STATE_WORKING, ...stamp },
      artifacts: [],
      history: [],
      metadata: undefined,
    }
    bus.publish(AgentEvent.task(task ?? begun))
    if (text === 'ask') {
      bus.publish(AgentEvent.statusUpdate(status(TaskState.TASK_STATE_INPUT_REQUIRED)))
      return
    }
    if (text === 'wait') await new Promise<void>((resolve) => this.#open.set(taskId, resolve))
    const artifact = { artifactId: 'a', name: '', description: '', parts: [part('The work.')], metadata: undefined, extensions: [] }
    bus.publish(AgentEvent.artifactUpdate({ taskId, contextId, artifact, append: false, lastChunk: true, metadata: undefined }))
    const isCancelled = this.#cancelled.includes(taskId)
    bus.publish(AgentEvent.statusUpdate(status(isCancelled ? TaskState.TASK_STATE_CANCELED : TaskState.TASK_STATE_COMPLETED)))
  }

  async cancelTask(taskId: string): Promise<void> {
    this.#cancelled.push(taskId)
    this.#open.get(taskId)?.()
  }
}

function cardFor(url: string): AgentCard {
  return {
    name: 'Researcher',
    description: 'Finds things out.',
    version: '1.2.0',
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' }],
    provider: undefined,
    capabilities: { streaming: true, pushNotifications: false, extensions: [], extendedAgentCard: false },
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [
      {
        id: 'find',
        name: 'Find',
        description: 'Finds.',
        tags: ['find'],
        examples: [],
        inputModes: [],
        outputModes: [],
        securityRequirements: [],
      },
    ],
    signatures: [],
  }
}

function cardAsJson(card: AgentCard): unknown {
  return card
}

/** A configuration with this agent, which the team `support` may call. */
export function withAgent(url: string, more: object = {}): ScenarioConfig {
  return {
    agents: { agents: { researcher: { url, ...more } } },
    access: { teams: { support: { agents: ['researcher'] }, others: { agents: ['researcher'] }, nobody: {} } },
  }
}

/** The official client for an agent at the gateway, with a key. */
export async function sdkClient(dataUrl: string, key: string, agent = 'researcher') {
  // The type of Bun's fetch has more than the call.
  const fetchImpl = ((input: string | URL | Request, init?: RequestInit) => {
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${key}`)
    return fetch(input, { ...init, headers })
  }) as typeof fetch
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    transports: [new JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  })
  return new ClientFactory(options).createFromUrl(`${dataUrl}/a2a/${agent}/.well-known/agent-card.json`, '')
}

/** All that a stream gives. */
export async function gather(stream: AsyncIterable<StreamResponse>): Promise<readonly StreamResponse[]> {
  const events: StreamResponse[] = []
  for await (const event of stream) events.push(event)
  return events
}
