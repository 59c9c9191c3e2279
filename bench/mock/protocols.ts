// The mock's MCP servers and its A2A agent: as little of the protocols as the gateway needs to call them.
import { encodeWhole } from './replies.ts'
import type { MockRequest } from './request.ts'

/** Tools of each MCP server of the mock. */
export const toolsPerServer = 50

const tools = Array.from({ length: toolsPerServer }, (_, index) => ({
  name: `tool_${index}`,
  description: `Finds orders by customer, date and state, and gives the first ${index} of them with their lines.`,
  inputSchema: {
    type: 'object',
    properties: {
      customer: { type: 'string', description: 'The number of the customer' },
      since: { type: 'string', description: 'The first day, as YYYY-MM-DD' },
      states: { type: 'array', items: { type: 'string', enum: ['open', 'paid', 'sent', 'returned'] } },
      limit: { type: 'integer', minimum: 1, maximum: 100 },
    },
    required: ['customer'],
  },
  annotations: { readOnlyHint: true },
}))
const results: Readonly<Record<string, string>> = {
  initialize: JSON.stringify({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'mock', version: '1' } }),
  'tools/list': JSON.stringify({ tools }),
  'tools/call': JSON.stringify({
    content: [{ type: 'text', text: 'Order 4711: three lines, paid on the second, sent on the fourth. '.repeat(8) }],
  }),
  SendMessage: JSON.stringify({
    message: {
      messageId: 'm-answer',
      role: 'ROLE_AGENT',
      parts: [{ text: 'The export holds the lock. Run it on the replica, and the migration will pass. '.repeat(6) }],
    },
  }),
}

/** Answers a request of JSON-RPC; a notification gets 202. Undefined where the mock knows no such method. */
export function protocolReply({ body }: MockRequest): Buffer | undefined {
  const method = /"method"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? ''
  const id = /"id"\s*:\s*("[^"]*"|\d+)/.exec(body)?.[1]
  if (id === undefined) return accepted
  const result = results[method]
  return result === undefined ? undefined : encodeText(`{"jsonrpc":"2.0","id":${id},"result":${result}}`)
}

const accepted = Buffer.from('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n')

/** The card of the agent. @param port the mock's own */
export function agentCard(port: number): Buffer {
  return encodeWhole(200, {
    name: 'Mock',
    description: 'Answers with a message.',
    version: '1.0.0',
    supportedInterfaces: [{ url: `http://127.0.0.1:${port}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: { streaming: false },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
  })
}

function encodeText(body: string): Buffer {
  return Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
