import { type Call, type CallStart, openCall } from '../core/call.ts'
import { draining, errorOf, mediaTypeProblem, readCallHeaders, respondWhole, streamedResponse, watchClient } from '../core/edge.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { pathOf, readCredential } from '../core/headers.ts'
import type { Layer } from '../core/layer.ts'
import type { EventLog } from '../core/ports.ts'
import type { Ending, Reply } from '../core/reply.ts'
import { collect, type Handler } from '../core/stage.ts'
import { continueTrace } from '../core/trace.ts'
import type { World } from '../core/world.ts'
import { LogRecord } from '../stages/record.ts'
import type { ServedCard } from './a2a/card.ts'
import { encodeError, encodeStreamError, httpStatusOf } from './a2a/errors.ts'
import { type Doors, foreignPage } from './addresses.ts'
import { keepAlive } from './keep-alive.ts'
import type { AgentPart, Heard } from './types.ts'

/** A request as it came, the agent that its path names, and what the edge found wrong with it. */
export interface Incoming {
  readonly request: Request
  readonly agentName: string
  readonly problem?: GatewayError | undefined
  /** What is found out on the way, and the reply's head or an error's body needs. */
  readonly heard: Heard
}

interface HttpDeps {
  readonly world: World
  readonly log: EventLog
  readonly isOpen: () => boolean
  readonly doors: () => Doors
  readonly call: Handler<Incoming, AgentPart>
  readonly card: Handler<Incoming, ServedCard>
}

/** What the edge keeps of one request while it answers it. */
interface Edge {
  readonly call: Call
  readonly record: LogRecord
  readonly incoming: Incoming
}

const ROOT = '/a2a'
const CARD = '/.well-known/agent-card.json'
const JSON_TYPE = 'application/json'

/** The HTTP edge of the agents layer: the JSON-RPC binding of A2A, and the cards. */
export function createHttp(deps: HttpDeps): Layer {
  return {
    name: 'agents',
    owns: (path) => path.startsWith(`${ROOT}/`) || path === ROOT,
    fetch: async (request) => {
      const edge = open(deps, request)
      const { call, incoming, record } = edge
      const cancelWatch = watchClient(deps.world, request, call)
      try {
        if (record.action === 'agents.card') return cardResponse(edge, await collect(await deps.card(call, incoming)))
        const reply = await deps.call(call, incoming)
        return incoming.heard.isStream ? streamResponse(edge, reply) : await wholeResponse(edge, reply)
      } catch (thrown) {
        return errorResponse(edge, asGatewayError(thrown))
      } finally {
        // A stream that has begun hears of its client's leaving by itself, through `cancel`.
        cancelWatch()
      }
    },
  }
}

function open(deps: HttpDeps, request: Request): Edge {
  const { world, log } = deps
  const { headers } = request
  const path = pathOf(request.url)
  const trace = continueTrace(headers.get('traceparent'), world.randomHex)
  const said = readCallHeaders(headers)
  // Until the body is read, what is asked is not known more closely.
  const action = request.method === 'GET' || request.method === 'HEAD' ? 'agents.card' : 'agents.call'
  const record = new LogRecord({ log, world, layer: 'agents', action, trace, wire: 'a2a', prompt: said.prompt ?? {} })
  const start: CallStart = {
    layer: 'agents',
    world,
    record,
    trace,
    credential: readCredential(headers, request.url),
    sentLabels: said.labels,
    prompt: said.prompt,
  }
  const agentName = agentIn(path)
  const problem = problemOf(deps, request, path, agentName) ?? said.problem
  return {
    call: openCall(start),
    record,
    incoming: { request, agentName: agentName ?? '', problem, heard: { idText: 'null', isStream: false, extensions: null } },
  }
}

/** The agent that a path names; undefined where its percent signs are nonsense. */
function agentIn(path: string): string | undefined {
  const written = path.slice(ROOT.length + 1).replace(/\/$/, '')
  const name = written.endsWith(CARD) ? written.slice(0, -CARD.length) : written
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}

function problemOf(deps: HttpDeps, request: Request, path: string, agentName: string | undefined): GatewayError | undefined {
  if (!deps.isOpen()) return draining()
  const foreign = foreignPage(request, deps.doors())
  if (foreign !== undefined) return foreign
  if (agentName === undefined) return new GatewayError('not_found', `There is nothing at ${path.slice(0, 200)}.`)
  const { method } = request
  if (method === 'GET') return undefined
  if (method === 'POST' && !path.endsWith(CARD)) return mediaTypeProblem(request.headers.get('content-type'))
  const taken = path.endsWith(CARD) ? 'GET' : 'POST, and GET for the card'
  return new GatewayError('method_not_allowed', `${path.slice(0, 200)} takes ${taken}, not ${method.slice(0, 20)}.`)
}

async function wholeResponse(edge: Edge, reply: Reply<AgentPart>): Promise<Response> {
  const part = await reply.next()
  await reply.next()
  const ending = await reply.ended
  if (part === undefined || (ending.outcome !== 'ok' && !isTold(ending))) throw errorOf(ending)
  const headers = describe(edge)
  headers['content-type'] = JSON_TYPE
  return respondWhole(part.bytes, { headers })
}

function streamResponse(edge: Edge, reply: Reply<AgentPart>): Response {
  edge.record.facts.status = 200
  const headers = describe(edge)
  headers['content-type'] = 'text/event-stream; charset=utf-8'
  headers['cache-control'] = 'no-cache'
  headers['x-accel-buffering'] = 'no'
  const next = keepAlive({ world: edge.call.world, next: () => nextBytes(edge, reply), isOver: () => reply.ending !== undefined })
  return streamedResponse(reply, next, { headers })
}

/** The next bytes for the client: an event of the agent, or the one that says how the stream failed; undefined at a good end. */
async function nextBytes({ call, incoming }: Edge, reply: Reply<AgentPart>): Promise<Uint8Array | undefined> {
  const part = await reply.next()
  if (part !== undefined) return part.bytes
  const ending = await reply.ended
  return ending.outcome === 'ok' || isTold(ending) ? undefined : encodeStreamError(errorOf(ending), incoming.heard.idText, call.id)
}

/** Whether the error is one of the agent's own, which was a part of the reply. */
function isTold(ending: Ending): boolean {
  return 'error' in ending && ending.error.extra.providerBody !== undefined
}

function cardResponse(edge: Edge, { parts }: { readonly parts: readonly ServedCard[] }): Response {
  const [card] = parts
  if (card === undefined) throw new GatewayError('internal', 'The card was not made.')
  const headers = describe(edge)
  headers.etag = card.etag
  // It may differ from caller to caller, so no cache in between may keep it for others.
  headers['cache-control'] = 'private, max-age=60'
  const known = edge.incoming.request.headers.get('if-none-match')
  if (known === card.etag) return new Response(null, { status: 304, headers })
  headers['content-type'] = JSON_TYPE
  return new Response(card.text, { headers })
}

function errorResponse(edge: Edge, error: GatewayError): Response {
  const headers = describe(edge)
  headers['content-type'] = JSON_TYPE
  const { retryAfterSeconds } = error.extra
  Object.assign(headers, error.extra.headers)
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  const status = edge.record.action === 'agents.card' ? error.status : httpStatusOf(error)
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  return new Response(encodeError(error, edge.incoming.heard.idText, edge.call.id), { status, headers })
}

/** The headers that every reply of the gateway has. */
function describe({ call, record, incoming }: Edge): Record<string, string> {
  const headers: Record<string, string> = {
    'x-signalbox-request-id': call.id,
    'x-signalbox-attempts': String(record.facts.attempts),
    'x-signalbox-overhead-ms': record.overheadMs.toFixed(3),
  }
  const { provider } = record.facts
  if (provider !== undefined) headers['x-signalbox-provider'] = provider
  if (incoming.heard.extensions !== null) headers['a2a-extensions'] = incoming.heard.extensions
  return record.replyHeaders === undefined ? headers : Object.assign(headers, record.replyHeaders)
}
