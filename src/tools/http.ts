import type { Principal } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { pathOf, readCredential } from '../core/headers.ts'
import { isObject } from '../core/json.ts'
import { type Layer, StreamedResponse } from '../core/layer.ts'
import { readBody } from '../core/read-body.ts'
import type { Handler } from '../core/stage.ts'
import { answerCall, type CallHandlers, refuse } from './answer-call.ts'
import type { Aside, Endpoint, Incoming } from './attempt.ts'
import { MessageStream, STREAM_HEADERS } from './event-stream.ts'
import { decodeFrame, encodeResult, lookalikeProblem, paramsOf } from './frames.ts'
import type { Tools } from './index.ts'
import { mayReach } from './permit.ts'
import { checkRequest } from './request-checks.ts'
import { isRevision, LATEST } from './revisions.ts'
import { capabilitiesOf, Session } from './sessions/session.ts'
import type { RequestFrame, ToolPart } from './types.ts'

/** What the edge hands requests to. */
export interface HttpDeps extends Tools, CallHandlers {
  readonly call: Handler<Incoming, ToolPart>
  readonly answer: Handler<Incoming, ToolPart>
}

const ROOT = '/mcp'
/** How the methods of all notifications begin. */
const NOTIFICATIONS = 'notifications/'
const SESSION_HEADER = 'mcp-session-id'

/** Methods that are answered without a session: what they do hangs on no state. */
const STATELESS: ReadonlySet<string> = new Set(['initialize', 'ping', 'tools/list', 'tools/call'])

/** The HTTP edge of the tools layer: MCP's streamable HTTP. Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports (read 2026-11-21). */
export function createHttp(deps: HttpDeps): Layer {
  return {
    name: 'tools',
    owns: (path) => path === ROOT || path.startsWith(`${ROOT}/`),
    fetch: async (request) => {
      deps.servers.sync(deps.settings().servers)
      const endpoint = endpointOf(deps, pathOf(request.url))
      const problem = early(deps, request)
      if (problem !== undefined) return refuse(deps, { request, endpoint, problem })
      await deps.access.prepare?.(readCredential(request.headers, request.url))?.catch(leaveToStages)
      const principal = whoAsks(deps, request)
      // One whom nobody knows is refused by the stage that finds it out, with nothing read.
      if (principal === undefined) return refuse(deps, { request, endpoint })
      if (request.method === 'POST') return post(deps, request, endpoint, principal)
      return request.method === 'GET' ? listen(deps, request, endpoint, principal) : leave(deps, request, endpoint, principal)
    },
  }
}

/** What is wrong with a token is said, and recorded, by the stage that meets it again. */
function leaveToStages(): void {}

function endpointOf({ servers }: Tools, path: string): Endpoint {
  const serverName = path.slice(ROOT.length + 1).replace(/\/$/, '')
  if (serverName === '') return {}
  const server = servers.get(serverName)
  return { serverName, ...(server === undefined ? {} : { server }) }
}

function early(deps: Tools, request: Request): GatewayError | undefined {
  if (!deps.isOpen()) {
    return new GatewayError('shutting_down', 'The gateway is shutting down. Try again; another instance will answer.', {
      retryAfterSeconds: 1,
    })
  }
  return checkRequest(request, deps.settings().doors)
}

/** Whether the path names a server that is not there. */
function isNowhere({ serverName, server }: Endpoint): boolean {
  return serverName !== undefined && server === undefined
}

/** Whose key it is; undefined where it is no good. Looked at before the body is read, and again by the stage that answers for it. */
function whoAsks({ access, world }: Tools, request: Request): Principal | undefined {
  try {
    return access.identify(readCredential(request.headers, request.url), undefined, world.now())
  } catch {
    return undefined
  }
}

async function post(deps: HttpDeps, request: Request, endpoint: Endpoint, principal: Principal): Promise<Response> {
  const { jsonBodyBytes, jsonDepth, bodyDeadlineMs } = deps.limits()
  let bytes: Uint8Array
  try {
    bytes = await readBody(request, { maxBytes: jsonBodyBytes, deadlineMs: bodyDeadlineMs }, deps.world)
  } catch (thrown) {
    return refuse(deps, { request, endpoint, problem: asGatewayError(thrown) })
  }
  const decoded = decodeFrame(bytes, jsonDepth)
  if (decoded.type === 'invalid') return refuse(deps, { request, endpoint, problem: decoded.error, idText: decoded.idText })
  const { frame } = decoded
  const alike = lookalikeProblem(frame)
  if (alike !== undefined)
    return refuse(deps, { request, endpoint, problem: alike, ...(frame.type === 'request' ? { idText: frame.idText } : {}) })
  const found = frame.type === 'request' && frame.method === 'initialize' ? undefined : findSession(deps, request, endpoint, principal)
  if (found instanceof GatewayError) {
    const idText = frame.type === 'request' ? frame.idText : 'null'
    return refuse(deps, { request, endpoint, problem: found, idText, ...(frame.type === 'request' ? { frame } : {}) })
  }
  if (frame.type !== 'request') return takeAside(deps, { request, endpoint, frame, session: found })
  if (frame.method === 'ping' && !isNowhere(endpoint)) return jsonResponse(encodeResult(frame.idText, '{}'))
  const begun = frame.method === 'initialize' ? { session: newSession(deps, frame, endpoint, principal) } : {}
  const problem = found === undefined ? sessionProblem(frame) : undefined
  const incoming: Incoming = {
    endpoint,
    frame,
    begun,
    sizeBytes: bytes.length,
    revision: found?.revision ?? request.headers.get('mcp-protocol-version') ?? LATEST,
    ...(found === undefined ? {} : { session: found }),
    ...(problem === undefined ? {} : { problem }),
  }
  return answerCall(deps, request, incoming)
}

function sessionProblem(frame: RequestFrame): GatewayError | undefined {
  if (STATELESS.has(frame.method)) return undefined
  return new GatewayError('invalid_request', `${frame.method} needs a session: send initialize first, and then the header Mcp-Session-Id.`)
}

/** The session that a request names; undefined where it names none. */
function findSession(deps: Tools, request: Request, endpoint: Endpoint, principal: Principal): Session | GatewayError | undefined {
  const id = request.headers.get(SESSION_HEADER)
  if (id === null) return undefined
  // At a server that is not there, nobody has a session: those of the aggregate have no server either.
  const session = isNowhere(endpoint) ? undefined : deps.sessions.find(id, ownerOf(principal), endpoint.server)
  // Another's session looks the same as none, and so does one with a server that its caller may not use any more.
  if (session === undefined || !isWelcome(deps, session, principal))
    return new GatewayError('session_not_found', 'There is no such session (any more): send initialize to begin another.')
  const revision = request.headers.get('mcp-protocol-version')
  if (revision === null || revision === session.revision) return session
  return new GatewayError(
    'invalid_request',
    `MCP-Protocol-Version is ${revision.slice(0, 40)}, and this session speaks ${session.revision}.`,
  )
}

function isWelcome(deps: Tools, session: Session, principal: Principal): boolean {
  if (session.isWelcome(principal, (server) => mayReach(deps, principal, server))) return true
  // A call that was let in goes on to its end.
  if (!session.isBusy)
    void deps.sessions.remove(session, new GatewayError('session_not_found', 'What this session was for may not be used any more.'))
  return false
}

function ownerOf(principal: Principal): string {
  return principal.keyId ?? ''
}

function newSession(deps: Tools, frame: RequestFrame, { server, serverName }: Endpoint, principal: Principal): Session {
  const { protocolVersion, clientInfo } = paramsOf(frame)
  const revision = isRevision(protocolVersion) ? protocolVersion : LATEST
  const capabilities = capabilitiesOf(frame)
  const introduction = {
    protocolVersion: revision,
    capabilities,
    clientInfo: isObject(clientInfo) ? clientInfo : UNNAMED,
  }
  return new Session({
    id: deps.sessions.newId(),
    owner: ownerOf(principal),
    server,
    revision,
    capabilities,
    ...(serverName === undefined ? {} : { introduction }),
    makeRoom: (full) => deps.sessions.makeRoom(full),
    nowMs: deps.world.now(),
  })
}

const UNNAMED = { name: 'unknown', version: '0' }

/** A message that is no call: taken in without an answer. */
function takeAside(
  deps: HttpDeps,
  {
    request,
    endpoint,
    frame,
    session,
  }: { readonly request: Request; readonly endpoint: Endpoint; readonly frame: Aside; readonly session: Session | undefined },
): Response | Promise<Response> {
  if (session === undefined) {
    const problem = new GatewayError('invalid_request', 'A notification or an answer needs a session: send the header Mcp-Session-Id.')
    return refuse(deps, { request, endpoint, problem })
  }
  if (frame.type === 'notification' && !frame.method.startsWith(NOTIFICATIONS)) {
    // Servers that do not look for an id would do what it says: work that nobody permitted and no event tells of.
    const problem = new GatewayError('invalid_request', `Without an id only ${NOTIFICATIONS}… are taken; ${frame.method} needs one.`)
    return refuse(deps, { request, endpoint, problem })
  }
  if (frame.type === 'response') session.answer(frame)
  else if (frame.method === 'notifications/cancelled') session.cancel(frame)
  // The gateway itself has told the server that it is initialized.
  else if (frame.method !== 'notifications/initialized') session.sendToServer(frame.text)
  return new Response(null, { status: 202 })
}

/** Opens the stream of a session for what belongs to no call. */
function listen(deps: HttpDeps, request: Request, endpoint: Endpoint, principal: Principal): Response | Promise<Response> {
  const session = findSession(deps, request, endpoint, principal)
  if (session === undefined) {
    const problem = new GatewayError(
      'invalid_request',
      'The stream is one of a session: send initialize first, and then the header Mcp-Session-Id.',
    )
    return refuse(deps, { request, endpoint, problem })
  }
  if (session instanceof GatewayError) return refuse(deps, { request, endpoint, problem: session })
  const stream: MessageStream = new MessageStream(
    deps.world,
    () => {
      const asking = deps.isOpen() ? whoAsks(deps, request) : undefined
      return asking !== undefined && isWelcome(deps, session, asking)
    },
    () => {
      session.lastUsedMs = deps.world.now()
      session.detach(stream)
    },
  )
  session.attach(stream)
  return new StreamedResponse(stream.body, { headers: { ...STREAM_HEADERS, [SESSION_HEADER]: session.id } })
}

/** Ends a session. */
async function leave(deps: HttpDeps, request: Request, endpoint: Endpoint, principal: Principal): Promise<Response> {
  const session = findSession(deps, request, endpoint, principal)
  if (session === undefined || session instanceof GatewayError) {
    const problem = session ?? new GatewayError('invalid_request', 'Which session? Send the header Mcp-Session-Id.')
    return refuse(deps, { request, endpoint, problem })
  }
  void deps.sessions.remove(session, new GatewayError('client_closed', 'The client ended the session.'))
  return new Response(null, { status: 204 })
}

/** An answer that is there already. */
function jsonResponse(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'application/json' } })
}
