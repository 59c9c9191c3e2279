import { pathOf } from '../../core/headers.ts'
import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { World } from '../../core/world.ts'
import { type HttpServer, serveHttp } from '../../platform/serve-http.ts'
import { answerAsAgent, type Gates } from './agent-work.ts'
import { GateError } from './caller.ts'

/** What an agent of the sandbox needs to know. */
export interface SandboxAgentOptions {
  readonly world: World
  /** Asked at each message: the gateways may begin to listen after the agent does. */
  readonly gates: () => Gates
  /** The name of the model that it asks. */
  readonly model: string
  /** Left out: any that is free. */
  readonly port?: number
}

const MAX_BODY_BYTES = 1024 * 1024
/** The oldest tasks are forgotten: each may hold a whole body. */
const MAX_TASKS = 100
/** Error codes of JSON-RPC 2.0, and of A2A. */
const CODES = { parse: -32700, method: -32601, params: -32602, taskNotFound: -32001, notCancelable: -32002, version: -32009 } as const

/**
 * An agent without a mind, for the first minute: A2A 1.0 over JSON-RPC. On a message it asks the model, calls the tool that the model wants
 * and asks again, all through the gateways and with the key that came with the message. It says in every answer that it is the sandbox.
 */
export function startSandboxAgent(options: SandboxAgentOptions): HttpServer {
  const agent = new SandboxAgent(options)
  const server = serveHttp({
    host: '127.0.0.1',
    port: options.port ?? 0,
    maxBodyBytes: MAX_BODY_BYTES,
    fetch: (request) => agent.answer(request, server.address),
  })
  return server
}

class SandboxAgent {
  readonly #options: SandboxAgentOptions
  readonly #tasks = new Map<string, JsonObject>()

  constructor(options: SandboxAgentOptions) {
    this.#options = options
  }

  async answer(request: Request, address: string): Promise<Response> {
    if (pathOf(request.url) === '/.well-known/agent-card.json') return Response.json(cardOf(address))
    const body: unknown = await request.json().catch(() => undefined)
    if (!isObject(body) || typeof body.method !== 'string') return failure(null, CODES.parse, 'The sandbox agent expects JSON-RPC.')
    const id = body.id ?? null
    if (request.headers.get('a2a-version') !== '1.0') return failure(id, CODES.version, 'The sandbox agent speaks A2A 1.0.')
    return this.#answerMethod({ request, id, method: body.method, params: isObject(body.params) ? body.params : {} })
  }

  async #answerMethod({ request, id, method, params }: Asked): Promise<Response> {
    switch (method) {
      case 'SendMessage':
      case 'SendStreamingMessage': {
        const task = this.#openTask(params.message)
        if (task === undefined) return failure(id, CODES.params, 'The message has no text.')
        const done = this.#work(request, task)
        return method === 'SendMessage' ? success(id, { task: await done }) : streamed(id, task, done)
      }
      case 'GetTask':
      case 'CancelTask': {
        const task = this.#tasks.get(String(params.id))
        if (task === undefined) return failure(id, CODES.taskNotFound, 'There is no such task.')
        return method === 'GetTask'
          ? success(id, task)
          : failure(id, CODES.notCancelable, 'A task of the sandbox is over before it can be cancelled.')
      }
      default:
        return failure(id, CODES.method, `The sandbox agent does not know ${method.slice(0, 80)}.`)
    }
  }

  #openTask(message: Json | undefined): JsonObject | undefined {
    const said = textOf(message)
    if (!isObject(message) || said === '') return undefined
    const { world } = this.#options
    const id = `task-${world.randomHex(8)}`
    const contextId =
      typeof message.contextId === 'string' && message.contextId !== '' ? message.contextId : `context-${world.randomHex(8)}`
    return this.#keep({ id, contextId, status: this.#status('TASK_STATE_WORKING'), history: [{ ...message, taskId: id, contextId }] })
  }

  #keep(task: JsonObject): JsonObject {
    this.#tasks.set(String(task.id), task)
    const [oldest] = this.#tasks.keys()
    if (this.#tasks.size > MAX_TASKS && oldest !== undefined) this.#tasks.delete(oldest)
    return task
  }

  async #work(request: Request, task: JsonObject): Promise<JsonObject> {
    const { world, model } = this.#options
    const { headers, signal } = request
    const caller = {
      world,
      signal,
      authorization: headers.get('authorization') ?? undefined,
      traceparent: headers.get('traceparent') ?? undefined,
    }
    const history: readonly Json[] = Array.isArray(task.history) ? task.history : []
    return answerAsAgent({ caller, gates: this.#gatesFor(headers), model }, textOf(history[0])).then(
      (text) => this.#keep({ ...task, status: this.#status('TASK_STATE_COMPLETED'), artifacts: [artifactOf(text)] }),
      (thrown: unknown) => this.#keep({ ...task, status: this.#failed(task, thrown) }),
    )
  }

  /** Where the key is good that came with the message: as the agents gateway says, else as this agent was told. */
  #gatesFor(headers: Headers): Gates {
    const known = this.#options.gates()
    return { models: headers.get('x-signalbox-models') ?? known.models, tools: headers.get('x-signalbox-tools') ?? known.tools }
  }

  #status(state: string): JsonObject {
    return { state, timestamp: new Date(this.#options.world.now()).toISOString() }
  }

  #failed({ id, contextId }: JsonObject, thrown: unknown): JsonObject {
    const why = thrown instanceof GateError ? thrown.message : 'a gateway could not be reached'
    const parts = [{ text: `The sandbox agent could not answer: ${why}` }]
    const message = { messageId: `message-${this.#options.world.randomHex(8)}`, role: 'ROLE_AGENT', taskId: id, contextId, parts }
    return { ...this.#status('TASK_STATE_FAILED'), message }
  }
}

interface Asked {
  readonly request: Request
  readonly id: Json
  readonly method: string
  readonly params: JsonObject
}

function cardOf(address: string): JsonObject {
  const modes = ['text/plain']
  return {
    name: 'Signalbox sandbox agent',
    description: 'Sandbox: asks the model, calls the tool that it wants, and answers with what came of it. It has no mind of its own.',
    version: '1.0.0',
    supportedInterfaces: [{ url: `http://${address}/`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: { streaming: true, pushNotifications: false },
    defaultInputModes: modes,
    defaultOutputModes: modes,
    skills: [
      {
        id: 'try',
        name: 'Try the gateways',
        description: 'Sandbox: sends whatever you say through all three gateways.',
        tags: ['sandbox'],
      },
    ],
  }
}

function artifactOf(text: string): JsonObject {
  return { artifactId: 'answer', name: 'answer', parts: [{ text }] }
}

/** The texts of a message, one after the other. */
function textOf(message: Json | undefined): string {
  const parts: readonly Json[] = isObject(message) && Array.isArray(message.parts) ? message.parts : []
  return parts.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

/** The task as it begins, its artifact, and how it ended: each an event of its own. */
function streamed(id: Json, task: JsonObject, done: Promise<JsonObject>): Response {
  const event = (result: JsonObject) => encoder.encode(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`)
  let isBegun = false
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (!isBegun) {
          isBegun = true
          controller.enqueue(event({ task }))
          return
        }
        const { id: taskId, contextId, artifacts, status } = await done
        for (const artifact of Array.isArray(artifacts) ? artifacts : []) {
          controller.enqueue(event({ artifactUpdate: { taskId, contextId, artifact, append: false, lastChunk: true } }))
        }
        controller.enqueue(event({ statusUpdate: { taskId, contextId, status } }))
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const encoder = new TextEncoder()

function success(id: Json, result: JsonObject): Response {
  return Response.json({ jsonrpc: '2.0', id, result })
}

function failure(id: Json, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id, error: { code, message } })
}
