import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { isObject } from '../core/json.ts'
import type { Attempt, Incoming } from './attempt.ts'
import { describeUsable, usable } from './catalog.ts'
import { paramsOf } from './frames.ts'
import type { Tools } from './index.ts'
import { mayReach } from './permit.ts'
import { whileWanted } from './send.ts'
import { ruleName } from './tool-names.ts'
import type { RequestFrame, Tool } from './types.ts'
import type { Server } from './upstreams/server.ts'

/**
 * Finds out what a request means: its server, and its tool.
 * @throws server_not_found, session_not_found, tool_not_found, invalid_arguments, server_*
 */
export async function decode(tools: Tools, call: Call, incoming: Incoming): Promise<Attempt> {
  const { frame, endpoint, session } = incoming
  // What could not be read was refused by `admit`.
  if (frame === undefined) throw new GatewayError('internal', 'There is no request to answer.')
  const { facts } = call.record
  facts.sizeInBytes = incoming.sizeBytes
  if (endpoint.serverName === undefined) return decodeAggregateCall(tools, call, incoming, frame)
  const { server } = endpoint
  if (server === undefined) throw noServer(tools, call, endpoint.serverName)
  facts.provider = server.spec.name
  facts.target = frame.method
  const attempt = { frame, server, session, begun: incoming.begun, isAggregate: false } as const
  if (frame.method === 'initialize') return decodeInitialize(tools, call, attempt)
  if (frame.method === 'tools/list') return { type: 'list', ...attempt }
  if (frame.method === 'tools/call') return { type: 'forward', ...attempt, tool: await findRaw(tools, call, attempt) }
  if (session === undefined) throw new GatewayError('invalid_request', `${frame.method} needs a session: send initialize first.`)
  facts.subject = ruleName(server.spec.name, frame.method)
  return { type: 'forward', ...attempt }
}

type BareAttempt = Omit<Attempt, 'type'>

async function decodeAggregateCall(tools: Tools, call: Call, incoming: Incoming, frame: RequestFrame): Promise<Attempt> {
  const name = toolNameOf(frame)
  call.record.facts.subject = name.slice(0, 200)
  let tool = tools.catalog.find(name)
  const absentee = tool === undefined ? tools.catalog.absentServerOf(name) : undefined
  if (absentee !== undefined) {
    await whileWanted(call, tools.catalog.awaitListOf(absentee))
    tool = tools.catalog.find(name)
  }
  const server = tool === undefined ? undefined : tools.servers.get(tool.server)
  if (tool === undefined || server === undefined) throw noTool(tools, call, name)
  noteTool(tools, call, tool)
  return { type: 'forward', frame, server, session: incoming.session, tool, begun: incoming.begun, isAggregate: true }
}

async function decodeInitialize(tools: Tools, call: Call, attempt: BareAttempt): Promise<Attempt> {
  // What the caller may use of it is known only when its tools are.
  if (attempt.server.table === undefined && !mayReach(tools, call.principal, attempt.server)) {
    await whileWanted(call, tools.catalog.awaitListOf(attempt.server))
  }
  return { type: 'initialize', ...attempt }
}

/** The tool that a call on the endpoint of one server names, as the server lists it in this session. */
async function findRaw(tools: Tools, call: Call, { frame, server, session }: BareAttempt): Promise<Tool> {
  const name = toolNameOf(frame)
  const { facts } = call.record
  facts.subject = `${server.spec.name}__${name}`.slice(0, 200)
  facts.target = name.slice(0, 200)
  const known = session === undefined ? server.table : undefined
  if (known === undefined) {
    // The list may have to be asked for, and nothing leaves the process before the start of the call is on disk.
    await call.record.start()
    if (session === undefined) await whileWanted(call, tools.catalog.awaitListOf(server))
  }
  const table = session === undefined ? server.table : await whileWanted(call, session.tools())
  if (table === undefined) throw absent(server)
  const tool = table.byName.get(name)
  if (tool === undefined) {
    const names = usable(tools.access, call.principal, table.tools).map((each) => each.name)
    throw new GatewayError('tool_not_found', `There is no tool "${name.slice(0, 200)}" here. ${describeUsable(names)}`)
  }
  noteTool(tools, call, tool)
  return tool
}

function noteTool(tools: Tools, call: Call, tool: Tool): void {
  const { facts } = call.record
  facts.provider = tool.server
  facts.target = tool.name
  facts.subject = tool.identity.name
  facts.askedBy = tools.asks.find(call.trace.traceId, [tool.exposedName, tool.identity.name, tool.name])
}

function toolNameOf(frame: RequestFrame): string {
  const { name, arguments: given } = paramsOf(frame)
  if (typeof name !== 'string' || name === '') throw new GatewayError('invalid_arguments', 'tools/call needs the name of a tool, as text.')
  if (given !== undefined && !isObject(given)) throw new GatewayError('invalid_arguments', 'The arguments of a tool are an object.')
  return name
}

function noTool(tools: Tools, call: Call, name: string): GatewayError {
  const server = tools.catalog.absentServerOf(name)
  if (server !== undefined) return absent(server)
  const names = tools.catalog.usableNames(call.principal)
  return new GatewayError('tool_not_found', `There is no tool "${name.slice(0, 200)}". ${describeUsable(names)}`)
}

/** The error of a server that never listed its tools: what kept it from it, or that it takes long. */
export function absent(server: Server): GatewayError {
  return server.lastFailure ?? new GatewayError('server_timeout', `The server ${server.spec.name} has not listed its tools yet; try again.`)
}

function noServer(tools: Tools, call: Call, name: string): GatewayError {
  const names = [...tools.servers.list()].filter((server) => mayReach(tools, call.principal, server)).map(({ spec }) => `/mcp/${spec.name}`)
  const usableEndpoints =
    names.length === 0 ? 'The tools that this key may use are at /mcp.' : `This key may use ${names.join(', ')}, and /mcp for all of them.`
  return new GatewayError('server_not_found', `There is no server "${name.slice(0, 100)}". ${usableEndpoints}`)
}
