import { type Call, type CallStart, type Labels, openCall, type PromptIdentity } from '../core/call.ts'
import { errorOf, respondWhole } from '../core/edge.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { readCredential, readLabels, readPromptIdentity } from '../core/headers.ts'
import { isObject } from '../core/json.ts'
import { StreamedResponse } from '../core/layer.ts'
import type { Reply } from '../core/reply.ts'
import type { Handler } from '../core/stage.ts'
import { continueTrace } from '../core/trace.ts'
import { LogRecord } from '../stages/record.ts'
import type { Endpoint, Incoming } from './attempt.ts'
import { STREAM_HEADERS, streamCall } from './event-stream.ts'
import { paramsOf } from './frames.ts'
import type { Tools } from './index.ts'
import { isToldToModel } from './note-error.ts'
import { encodeRpcError, encodeToolError, httpStatusOf } from './rpc-errors.ts'
import type { RequestFrame, ToolPart } from './types.ts'

/** The two lists of stages: what goes to a server, and what the gateway answers itself. */
export interface CallHandlers {
  readonly call: Handler<Incoming, ToolPart>
  readonly answer: Handler<Incoming, ToolPart>
}

type Deps = Tools & CallHandlers

/** So long a whole answer is waited for. Then the stream is begun, which shows that the gateway is still there. */
const PATIENCE_MS = 15_000
const WATCH_AFTER_MS = 50

/** What the edge keeps of one request while it answers it. */
interface Edge {
  readonly deps: Deps
  readonly call: Call
  readonly record: LogRecord
  readonly incoming: Incoming
  readonly idText: string
}

/** Takes a request through the stages, and answers with what they give: whole, or as a stream where there is more than the answer. */
export function answerCall(deps: Deps, request: Request, incoming: Incoming): Promise<Response> {
  const edge = open(deps, request, incoming, incoming.frame?.idText ?? 'null')
  const isLocal = incoming.endpoint.serverName === undefined && incoming.frame?.method !== 'tools/call'
  const answering = isLocal ? deps.answer(edge.call, edge.incoming) : deps.call(edge.call, edge.incoming)
  return new Promise((resolve) => {
    let isStreaming = false
    const beginStream = () => {
      isStreaming = true
      const orWhy = answering.catch((thrown: unknown) => encodeFailure(edge, asGatewayError(thrown)))
      resolve(streamResponse(edge, orWhy, undefined))
    }
    // One timer at a time: hardly a call lasts so long that it needs the second.
    let cancelTimer = deps.world.after(WATCH_AFTER_MS, () => {
      watchClient(edge, request)
      cancelTimer = deps.world.after(PATIENCE_MS, beginStream)
    })
    const settle = (responding: Promise<Response> | Response) => {
      cancelTimer()
      // Where the stream has begun, it reads the reply.
      if (!isStreaming) resolve(responding)
    }
    answering.then(
      (reply) => settle(isStreaming ? new Response() : respond(edge, reply)),
      (thrown: unknown) => settle(errorResponse(edge, asGatewayError(thrown))),
    )
  })
}

async function respond(edge: Edge, reply: Reply<ToolPart>): Promise<Response> {
  const part = await reply.next()
  if (part === undefined) return errorResponse(edge, errorOf(await reply.ended))
  if (!part.isLast) return streamResponse(edge, Promise.resolve(reply), part)
  // The ending comes with the next look.
  await reply.next()
  const headers = describe(edge)
  headers['content-type'] = 'application/json'
  return respondWhole(part.text, { headers })
}

interface Refusal {
  readonly request: Request
  readonly endpoint: Endpoint
  /** Absent where the key is what is wrong. */
  readonly problem?: GatewayError
  readonly idText?: string
  readonly frame?: RequestFrame
}

/** Answers what comes to nothing before it is a call; it is recorded like one. */
export async function refuse(deps: Deps, { request, endpoint, problem, idText = 'null', frame }: Refusal): Promise<Response> {
  const incoming: Incoming = {
    endpoint,
    sizeBytes: 0,
    begun: {},
    revision: '',
    ...(problem === undefined ? {} : { problem }),
    ...(frame === undefined ? {} : { frame }),
  }
  const edge = open(deps, request, incoming, idText)
  try {
    await deps.answer(edge.call, edge.incoming)
    return errorResponse(edge, new GatewayError('internal', 'What was to be refused was let in.'))
  } catch (thrown) {
    return errorResponse(edge, asGatewayError(thrown))
  }
}

function open(deps: Deps, request: Request, incoming: Incoming, idText: string): Edge {
  const { world, log } = deps
  const { headers } = request
  const { frame } = incoming
  // The message's own trace is nearer to its cause than that of the connection.
  const trace = continueTrace(traceparentOf(frame) ?? headers.get('traceparent'), (bytes) => world.randomHex(bytes))
  const said = readHeaders(headers)
  const action = frame === undefined ? 'tools.request' : actionOf(frame.method)
  const record = new LogRecord({ log, world, layer: 'tools', action, trace, wire: 'mcp', prompt: said.prompt ?? {} })
  const start: CallStart = {
    layer: 'tools',
    world,
    record,
    trace,
    credential: readCredential(headers, request.url),
    sentLabels: said.labels,
    prompt: said.prompt,
  }
  const problem = incoming.problem ?? said.problem
  return { deps, call: openCall(start), record, idText, incoming: problem === undefined ? incoming : { ...incoming, problem } }
}

function traceparentOf(frame: RequestFrame | undefined): string | undefined {
  if (frame?.params?.meta?.traceparent === undefined) return undefined
  const { _meta } = paramsOf(frame)
  return isObject(_meta) && typeof _meta.traceparent === 'string' ? _meta.traceparent : undefined
}

/** `tools/call` is `tools.call`, `prompts/get` is `tools.prompts.get`: every action of this layer begins with its name. */
function actionOf(method: string): string {
  if (method === 'tools/call') return 'tools.call'
  const dotted = method.replaceAll('/', '.')
  return dotted.startsWith('tools.') ? dotted : `tools.${dotted}`
}

interface SaidHeaders {
  readonly labels?: Labels | undefined
  readonly prompt?: PromptIdentity | undefined
  readonly problem?: GatewayError
}

function readHeaders(headers: Headers): SaidHeaders {
  const labels = headers.get('x-signalbox-labels')
  const prompt = headers.get('x-signalbox-prompt')
  if (labels === null && prompt === null) return NOTHING_SAID
  try {
    return { labels: labels === null ? undefined : readLabels(labels), prompt: readPromptIdentity(prompt) }
  } catch (thrown) {
    return { problem: asGatewayError(thrown) }
  }
}

const NOTHING_SAID: SaidHeaders = {}

/**
 * Ends the call when its client leaves: a stream is not taken up again here, so nobody could fetch the answer any more. Looked for only once
 * the call has lasted a while: to touch a request's signal costs several microseconds.
 */
function watchClient({ call }: Edge, request: Request): void {
  if (request.signal.aborted) call.abort(left())
  else request.signal.addEventListener('abort', () => call.abort(left()), { once: true })
}

function left(): GatewayError {
  return new GatewayError('client_closed', 'The client left before the answer was there.')
}

function streamResponse(edge: Edge, answering: Promise<Reply<ToolPart> | string>, first: ToolPart | undefined): Response {
  edge.record.facts.status = 200
  edge.record.facts.isStream = true
  const body = streamCall({
    world: edge.deps.world,
    answering,
    ...(first === undefined ? {} : { first }),
    encodeFailure: async (reply) => encodeFailure(edge, errorOf(await reply.ended)),
    onLeft: () => edge.call.abort(left()),
  })
  return new StreamedResponse(body, { headers: { ...describe(edge), ...STREAM_HEADERS } })
}

function errorResponse(edge: Edge, error: GatewayError): Response {
  const headers = describe(edge)
  // A request that its client gave up has no answer.
  if (error.code === 'client_closed') return new Response(null, { headers: { ...headers, ...STREAM_HEADERS } })
  const status = httpStatusOf(error)
  headers['content-type'] = 'application/json'
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (status === 405) headers.allow = 'POST, GET, DELETE'
  Object.assign(headers, error.extra.headers)
  if (error.extra.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.extra.retryAfterSeconds)
  return new Response(encodeFailure(edge, error), { status, headers })
}

/** The text that says why there is no answer. */
function encodeFailure({ idText, call, incoming }: Edge, error: GatewayError): string {
  return isToldToModel(error, incoming) ? encodeToolError(error, idText) : encodeRpcError(error, idText, call.id)
}

/** The headers that every answer to a call has. */
function describe({ call, record, incoming }: Edge): Record<string, string> {
  const headers: Record<string, string> = {
    'x-signalbox-request-id': call.id,
    'x-signalbox-overhead-ms': record.overheadMs.toFixed(3),
  }
  if (record.facts.provider !== undefined) headers['x-signalbox-provider'] = record.facts.provider
  const session = incoming.begun.session
  if (session?.isBegun) headers['mcp-session-id'] = session.id
  return record.replyHeaders === undefined ? headers : Object.assign(headers, record.replyHeaders)
}
