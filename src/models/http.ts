import { type Call, type CallStart, openCall } from '../core/call.ts'
import { draining, errorOf, mediaTypeProblem, readCallHeaders, respondWhole, streamedResponse, watchClient } from '../core/edge.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { describeGuards } from '../core/guard-facts.ts'
import { pathOf, readCredential } from '../core/headers.ts'
import type { Layer } from '../core/layer.ts'
import { formatUsd } from '../core/money.ts'
import type { EventLog } from '../core/ports.ts'
import { type Ending, Reply } from '../core/reply.ts'
import { CallAbort } from '../core/signal.ts'
import { collect, type Handler } from '../core/stage.ts'
import { continueTrace } from '../core/trace.ts'
import type { World } from '../core/world.ts'
import { LogRecord } from '../stages/record.ts'
import { cacheHeaders } from './cache/stage.ts'
import type { ListedModel } from './catalog.ts'
import type { Dialect, StreamShape } from './dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { type Endpoint, type FoundEndpoint, findEndpoint, meantPath, nearestPath, PATHS, wireOf } from './endpoints.ts'
import { encodeModel, encodeModels } from './listing.ts'
import { passedResponse } from './passthrough/response.ts'
import type { PassedPart } from './passthrough/types.ts'
import type { BackgroundRun } from './responses/background.ts'
import type { KeptAnswer } from './responses/kept-answer.ts'
import type { ModelPart } from './types.ts'

/** Frames that came together go on together up to so much: what a reader that stopped does not take is not read further. */
const MAX_TOGETHER_BYTES = 16 * 1024

/** A request as it came, what its path stands for, and what the edge found wrong with it. */
export interface Incoming {
  readonly request: Request
  /** Absent where nothing stands at the path: then there is a problem. */
  readonly at?: FoundEndpoint
  readonly problem?: GatewayError
  /** Answers the caller now, while the call goes on. */
  readonly detach?: (run: BackgroundRun) => void
}

interface HttpDeps {
  readonly world: World
  readonly log: EventLog
  /** Whether the gateway still takes calls: not while it drains. */
  readonly isOpen: () => boolean
  readonly call: Handler<Incoming, ModelPart>
  readonly list: Handler<Incoming, readonly ListedModel[]>
  /** Answers what is asked about a kept response. */
  readonly kept: Handler<Incoming, KeptAnswer>
  readonly passthrough: Handler<Incoming, PassedPart>
}

/** What the edge keeps of one request while it answers it. */
interface Edge {
  readonly call: Call
  readonly record: LogRecord
  readonly dialect: Dialect
  /** The call goes on without its caller. */
  isDetached?: true
}

/** The HTTP edge of the models layer: opens the call, and turns its reply or its error into the caller's wire. */
export function createHttp(deps: HttpDeps): Layer {
  return {
    name: 'models',
    owns: (path) => /^\/(v1|v1beta|passthrough)(\/|$)/.test(path),
    fetch: async (request) => {
      const path = pathOf(request.url)
      const at = findEndpoint(path)
      const endpoint = at?.endpoint
      const { edge, incoming } = open(deps, request, at, path)
      const cancelWatch = watchClient(deps.world, request, endpoint?.wire === 'openai-responses' ? whileAttached(edge) : edge.call)
      try {
        if (endpoint?.action === 'models.list') return listResponse(edge, at?.model, await deps.list(edge.call, incoming))
        if (endpoint?.action === 'models.kept') return await keptResponse(edge, await deps.kept(edge.call, incoming))
        if (endpoint?.action === 'models.passthrough') {
          const passed = await deps.passthrough(edge.call, incoming)
          return await passedResponse(edge.call, passed, () => describe(edge))
        }
        if (endpoint?.wire === 'openai-responses') return await answerDetachable(deps, edge, incoming)
        const reply = await deps.call(edge.call, incoming)
        return edge.record.facts.isStream === true ? streamResponse(edge, request.url, reply) : await wholeResponse(edge, reply)
      } catch (thrown) {
        return errorResponse(edge, asGatewayError(thrown), endpoint)
      } finally {
        // A stream that has begun hears of its client's leaving by itself, through `cancel`.
        cancelWatch()
      }
    },
  }
}

/** The call for a watch over its client, whose leaving is nothing to it once it goes on alone. */
function whileAttached(edge: Edge): Call {
  const abort = (reason: GatewayError) => {
    if (edge.isDetached !== true) edge.call.abort(reason)
  }
  return { ...edge.call, abort }
}

/** A call that may go on alone: then its caller is told so, and what runs here is nobody's but its own. */
async function answerDetachable(deps: HttpDeps, edge: Edge, incoming: Incoming): Promise<Response> {
  const detached = Promise.withResolvers<BackgroundRun>()
  const pending = deps.call(edge.call, { ...incoming, detach: detached.resolve })
  const first = await Promise.race([pending, detached.promise])
  if (first instanceof Reply) {
    return edge.record.facts.isStream === true ? streamResponse(edge, incoming.request.url, first) : await wholeResponse(edge, first)
  }
  edge.isDetached = true
  const { response } = first
  void first.work(pending)
  return first.isStream
    ? framesResponse(edge, first.read(-1, new CallAbort()))
    : respondWhole(JSON.stringify(response), { headers: { ...describe(edge), 'content-type': 'application/json' } })
}

function open(
  deps: HttpDeps,
  request: Request,
  at: FoundEndpoint | undefined,
  path: string,
): { readonly edge: Edge; readonly incoming: Incoming } {
  const { world, log } = deps
  const { headers } = request
  const endpoint = at?.endpoint
  const wire = wireOf(path, headers, endpoint)
  const trace = continueTrace(headers.get('traceparent'), world.randomHex)
  const said = readCallHeaders(headers)
  const record = new LogRecord({
    log,
    world,
    layer: 'models',
    action: endpoint?.action ?? 'models.call',
    trace,
    wire,
    prompt: said.prompt ?? {},
  })
  const start: CallStart = {
    layer: 'models',
    world,
    record,
    trace,
    credential: readCredential(headers, request.url),
    sentLabels: said.labels,
    prompt: said.prompt,
  }
  const problem = problemOf(deps, request, endpoint, path) ?? said.problem
  return {
    edge: { call: openCall(start), record, dialect: dialectOf(wire) },
    incoming: { request, ...(at === undefined ? {} : { at }), ...(problem === undefined ? {} : { problem }) },
  }
}

function problemOf(deps: HttpDeps, request: Request, endpoint: Endpoint | undefined, path: string): GatewayError | undefined {
  if (!deps.isOpen()) return draining()
  if (endpoint === undefined) {
    const hint = hintFor(path)
    return new GatewayError(
      'not_found',
      `There is nothing at ${path.slice(0, 200)}.${hint} The models gateway answers at ${PATHS.join(', ')}.`,
    )
  }
  if (!endpoint.methods.some((method) => method === request.method)) {
    return new GatewayError('method_not_allowed', `${path} takes ${endpoint.methods.join(' or ')}, not ${request.method.slice(0, 20)}.`)
  }
  return endpoint.action === 'models.call' ? mediaTypeProblem(request.headers.get('content-type')) : undefined
}

function hintFor(path: string): string {
  const meant = meantPath(path)
  if (meant !== undefined) return ` Did you mean ${meant.slice(0, 200)}? Mend the base URL of the client.`
  const nearest = nearestPath(path)
  return nearest === undefined ? '' : ` Did you mean ${nearest}?`
}

async function wholeResponse(edge: Edge, reply: Reply<ModelPart>): Promise<Response> {
  const part = await reply.next()
  // The ending comes before the head: it is what the cost header is made of.
  if (reply.ending === undefined) await reply.next()
  const ending = reply.ending ?? (await reply.ended)
  if (part === undefined || ending.outcome !== 'ok') throw errorOf(ending)
  const headers = describe(edge)
  headers['content-type'] = 'application/json'
  const { costNanoUsd } = edge.record.facts
  if (costNanoUsd !== undefined) headers['x-signalbox-cost-usd'] = formatUsd(costNanoUsd)
  return respondWhole(part.bytes, { headers })
}

function streamResponse(edge: Edge, url: string, reply: Reply<ModelPart>): Response {
  const shape = edge.dialect.shapeStream?.(url)
  edge.record.facts.status = 200
  const headers = describe(edge)
  headers['content-type'] = shape?.contentType ?? 'text/event-stream; charset=utf-8'
  headers['cache-control'] = 'no-cache'
  headers['x-accel-buffering'] = 'no'
  return streamedResponse(reply, shape === undefined ? () => nextTogether(edge, reply) : () => nextShaped(edge, reply, shape), { headers })
}

/** The next bytes for the client: a frame, or the frame that says how the stream failed; undefined at a good end. */
function nextBytes(edge: Edge, reply: Reply<ModelPart>): Promise<Uint8Array | undefined> {
  return reply.next().then((part) => {
    if (part === undefined) return reply.ended.then((ending) => failureBytes(edge, ending))
    return part.isHidden ? nextBytes(edge, reply) : bytesOf(edge, part)
  })
}

/** The same, with the frames that came together: a provider that sends many at once costs one write, not many. */
function nextTogether(edge: Edge, reply: Reply<ModelPart>): Promise<Uint8Array | undefined> {
  return nextBytes(edge, reply).then((first) => (first === undefined || reply.ending !== undefined ? first : withReady(edge, reply, first)))
}

function withReady(edge: Edge, reply: Reply<ModelPart>, first: Uint8Array): Uint8Array {
  let bytes = first
  while (bytes.length < MAX_TOGETHER_BYTES) {
    const part = reply.takeReady()
    if (part === undefined) break
    if (!part.isHidden) bytes = joined(bytes, bytesOf(edge, part))
  }
  const failure = reply.ending === undefined ? undefined : failureBytes(edge, reply.ending)
  return failure === undefined ? bytes : Buffer.concat([bytes, failure])
}

function bytesOf({ record, dialect }: Edge, part: ModelPart): Uint8Array {
  const { costNanoUsd } = record.facts
  return part.takesCost && costNanoUsd !== undefined ? dialect.encodeCost(part, costNanoUsd) : part.bytes
}

function failureBytes({ dialect, record }: Edge, ending: Ending): Uint8Array | undefined {
  return ending.outcome === 'ok' ? undefined : dialect.encodeStreamError(errorOf(ending), record.callId)
}

/** Frames of one piece stand one behind the other: together they are one view of it, and nothing is copied. */
function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.buffer === right.buffer && left.byteOffset + left.length === right.byteOffset
    ? new Uint8Array(left.buffer, left.byteOffset, left.length + right.length)
    : Buffer.concat([left, right])
}

/** The same in another form. Its end goes with the last frame: nothing is asked for after that. */
async function nextShaped(edge: Edge, reply: Reply<ModelPart>, shape: StreamShape): Promise<Uint8Array | undefined> {
  const isOver = reply.ending !== undefined
  const frame = await nextBytes(edge, reply)
  if (frame === undefined) return isOver ? undefined : shape.end()
  return reply.ending === undefined ? shape.frame(frame) : Buffer.concat([shape.frame(frame), shape.end()])
}

/** All models, or the one that is asked for; a handler gives none where the caller may use none of that name. */
async function listResponse(edge: Edge, model: string | undefined, reply: Reply<readonly ListedModel[]>): Promise<Response> {
  const { parts } = await collect(reply)
  const headers = describe(edge)
  headers['content-type'] = 'application/json'
  const { wire } = edge.dialect
  const listed = parts.flat()
  const [one] = listed
  return new Response(model === undefined || one === undefined ? encodeModels(listed, wire) : encodeModel(one, wire), { headers })
}

async function keptResponse(edge: Edge, reply: Reply<KeptAnswer>): Promise<Response> {
  const first = await reply.next()
  if (first === undefined) throw errorOf(await reply.ended)
  if (first.type === 'frame') return framesResponse(edge, reply, first.bytes)
  await reply.next()
  return respondWhole(JSON.stringify(first.value), { headers: { ...describe(edge), 'content-type': 'application/json' } })
}

/** Events of a stream that is read beside the call that makes them. */
function framesResponse(edge: Edge, reply: Reply<KeptAnswer>, first?: Uint8Array): Response {
  let waiting = first
  const nextFrame = async (): Promise<Uint8Array | undefined> => {
    if (waiting !== undefined) {
      const bytes = waiting
      waiting = undefined
      return bytes
    }
    const part = await reply.next()
    if (part?.type === 'frame') return part.bytes
    const ending = await reply.ended
    return ending.outcome === 'ok' ? undefined : edge.dialect.encodeStreamError(errorOf(ending), edge.call.id)
  }
  const headers = { ...describe(edge), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
  return streamedResponse(reply, nextFrame, { headers })
}

function errorResponse(edge: Edge, error: GatewayError, endpoint: Endpoint | undefined): Response {
  const headers = describe(edge)
  headers['content-type'] = 'application/json'
  const { retryAfterSeconds } = error.extra
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterSeconds))
  if (error.code === 'method_not_allowed' && endpoint !== undefined) headers.allow = endpoint.methods.join(', ')
  // The official SDKs try again on 409, 429 and 5xx unless this says otherwise; a refusal of ours will not change by repeating it.
  const mayRetry = error.isRetryable || error.code === 'rate_limited'
  if (!mayRetry && error.status >= 400 && error.status < 500) headers['x-should-retry'] = 'false'
  Object.assign(headers, error.extra.headers)
  return new Response(edge.dialect.encodeError(error, edge.call.id), { status: error.status, headers })
}

/** The headers that every reply of the gateway has. */
function describe({ call, record }: Edge): Record<string, string> {
  const { subject, provider, attempts, losses, hidesLosses } = record.facts
  const headers: Record<string, string> = {
    'x-signalbox-request-id': call.id,
    // Where the official SDKs look for it.
    'x-request-id': call.id,
    'x-signalbox-attempts': String(attempts),
    'x-signalbox-overhead-ms': record.overheadMs.toFixed(3),
  }
  if (losses !== undefined && losses.length > 0 && !hidesLosses) headers['x-signalbox-losses'] = String(losses.length)
  // A caller's name for a model may hold what no header may.
  if (subject !== undefined && /^[\x20-\x7e]+$/.test(subject)) headers['x-signalbox-model'] = subject
  if (provider !== undefined) headers['x-signalbox-provider'] = provider
  const guards = describeGuards(record.facts.guards)
  if (guards !== undefined) headers['x-signalbox-guards'] = guards
  Object.assign(headers, cacheHeaders(call))
  return record.replyHeaders === undefined ? headers : Object.assign(headers, record.replyHeaders)
}
