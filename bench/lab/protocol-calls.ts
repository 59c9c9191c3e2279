import { toolsPerServer } from '../mock/protocols.ts'
import type { Target } from './target.ts'

/** What is called: a tool, an agent, or the list of tools. */
export type ProtocolCall = 'tool' | 'message' | 'list'

/** A call to one target. */
export interface PreparedCall {
  /** The whole HTTP request. */
  readonly request: string
  /** Makes it once. @throws where the answer is not the mock's */
  check(): Promise<void>
}

const toolArguments = { customer: 'C-1042', since: '2026-11-01', states: ['open', 'paid'], limit: 20 }
const question =
  'The deploy of 02:10 went red and the pager woke me up. pg_stat_activity shows a COPY of the table orders, started at 01:58:02 by the ' +
  'nightly export, and an ALTER TABLE that waits for it. Can I just kill the export, and will the migration then pass on its own?'

/** Prepares a call. The gateway is asked at its aggregate, without a session; the floor at the mock's first server, under its own names. */
export function protocolCall(target: Target, call: ProtocolCall): PreparedCall {
  const { path, body, headers, answer } = describe(target, call)
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, ...body })
  const all = {
    authorization: `Bearer ${target.key}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'user-agent': 'node',
    ...headers,
  }
  const lines = Object.entries({ host: `127.0.0.1:${target.port}`, ...all, 'content-length': Buffer.byteLength(text) })
  return {
    request: `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${text}`,
    check: async () => {
      const said = await send(target, path, all, text)
      if (!said.includes(answer)) throw new Error(`The ${target.name} answered ${call} with ${said.slice(0, 500)}`)
    },
  }
}

/** How many tools the gateway lists, and how long the answer is. */
export async function protocolTools(target: Target): Promise<{ readonly tools: number; readonly sizeBytes: number }> {
  const { path, body } = describe(target, 'list')
  const headers = {
    authorization: `Bearer ${target.key}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  }
  const text = await send(target, path, headers, JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }))
  // The gateway's answer to tools/list; anything else fails the row here.
  const { result } = JSON.parse(text) as { readonly result: { readonly tools: readonly unknown[] } }
  return { tools: result.tools.length, sizeBytes: text.length }
}

protocolTools.perServer = toolsPerServer

async function send(target: Target, path: string, headers: Readonly<Record<string, string>>, body: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${target.port}${path}`, {
    method: 'POST',
    headers: { ...headers, connection: 'close' },
    body,
  })
  return response.text()
}

function describe({ name }: Target, call: ProtocolCall) {
  const isGateway = name === 'gateway'
  const mcp = { path: isGateway ? '/mcp' : '/mcp/0', headers: { 'mcp-protocol-version': '2025-11-25' } }
  switch (call) {
    case 'tool': {
      const params = { name: isGateway ? 's0__tool_7' : 'tool_7', arguments: toolArguments }
      return { ...mcp, body: { method: 'tools/call', params }, answer: 'Order 4711' }
    }
    case 'list':
      return { ...mcp, body: { method: 'tools/list' }, answer: 'tool_0' }
    case 'message': {
      const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: question }] }
      const path = isGateway ? '/a2a/mock' : '/a2a'
      return { path, headers: { 'a2a-version': '1.0' }, body: { method: 'SendMessage', params: { message } }, answer: 'ROLE_AGENT' }
    }
    default:
      return call satisfies never
  }
}
