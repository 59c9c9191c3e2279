import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import { callTool, listTools, SANDBOX_TOOLS, type ToolResult } from './mcp-tools.ts'

/** Revisions of MCP that this server speaks, the latest first. */
const REVISIONS = ['2025-11-25', '2025-06-18'] as const
/** Error codes of JSON-RPC 2.0. */
const [PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS] = [-32700, -32600, -32601, -32602]

/** Answers one line of JSON-RPC; undefined where nothing is to be said (to a notification, or to a blank line). */
export function answerLine(line: string, notes: Map<string, string>): string | undefined {
  if (line.trim() === '') return undefined
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch {
    return failure(null, PARSE_ERROR, 'This line is not valid JSON.')
  }
  if (!isObject(message) || message.jsonrpc !== '2.0') return failure(null, INVALID_REQUEST, 'This is no message of JSON-RPC 2.0.')
  const { id, method, params } = message
  if (typeof method !== 'string')
    return 'result' in message || 'error' in message ? undefined : failure(id ?? null, INVALID_REQUEST, 'It has no method.')
  if (id === undefined) return undefined
  return answerRequest({ id, method, params: isObject(params) ? params : {} }, notes)
}

interface RpcRequest {
  readonly id: Json
  readonly method: string
  readonly params: JsonObject
}

function answerRequest({ id, method, params }: RpcRequest, notes: Map<string, string>): string {
  switch (method) {
    case 'initialize':
      return success(id, initialize(params))
    case 'ping':
      return success(id, {})
    case 'tools/list':
      return success(id, { tools: listTools() })
    case 'tools/call': {
      const { name } = params
      const tool = typeof name === 'string' && Object.hasOwn(SANDBOX_TOOLS, name) ? SANDBOX_TOOLS[name] : undefined
      if (tool === undefined) return failure(id, INVALID_PARAMS, `Unknown tool: ${String(name)}`)
      return success(id, encodeResult(callTool(tool, isObject(params.arguments) ? params.arguments : {}, notes)))
    }
    default:
      return failure(id, METHOD_NOT_FOUND, `The sandbox does not know ${method}.`)
  }
}

function initialize({ protocolVersion }: JsonObject): JsonObject {
  return {
    protocolVersion: REVISIONS.find((revision) => revision === protocolVersion) ?? REVISIONS[0],
    capabilities: { tools: {} },
    serverInfo: { name: 'signalbox-sandbox', title: 'Signalbox sandbox', version: '1' },
    instructions: 'A server to try the gateway with. What its tools keep is gone when it ends.',
  }
}

function encodeResult({ text, isError, structured }: ToolResult): JsonObject {
  return {
    content: [{ type: 'text', text }],
    ...(structured === undefined ? {} : { structuredContent: structured }),
    ...(isError === undefined ? {} : { isError }),
  }
}

function success(id: Json, result: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result })
}

function failure(id: Json, code: number, message: string): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })
}

/** Speaks MCP on stdin and stdout until stdin ends. */
export async function serveStdio(): Promise<void> {
  const notes = new Map<string, string>()
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of Bun.stdin.stream()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const answer = answerLine(line, notes)
      if (answer !== undefined) process.stdout.write(`${answer}\n`)
    }
  }
}

if (import.meta.main) await serveStdio()
