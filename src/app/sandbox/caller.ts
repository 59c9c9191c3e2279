import { isObject, type Json, type JsonObject, parseJson } from '../../core/json.ts'
import { decodeSseFrame, SseSplitter } from '../../core/sse.ts'
import type { World } from '../../core/world.ts'

/** On whose behalf a sandbox agent calls the gateways, and within which trace: both as it was given them. */
export interface Caller {
  readonly world: World
  readonly authorization: string | undefined
  readonly traceparent: string | undefined
  readonly signal: AbortSignal
}

/** What a gateway refused, in its own words. */
export class GateError extends Error {}

const MAX_FRAME_BYTES = 4 * 1024 * 1024

/** Sends JSON to a gateway, with the caller's key and trace. */
function post(caller: Caller, url: string, body: JsonObject, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const { world, authorization, traceparent, signal } = caller
  return world.fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(authorization === undefined ? {} : { authorization }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...headers,
    },
    body: JSON.stringify(body),
    signal,
  })
}

/** Asks a model for a completion; gives the message that it answers. */
export async function complete(caller: Caller, modelsUrl: string, body: JsonObject): Promise<JsonObject> {
  const response = await post(caller, `${modelsUrl}/v1/chat/completions`, body)
  const answer = await readJson(response)
  if (response.status !== 200) throw new GateError(`the models gateway answered ${response.status}: ${messageOf(answer)}`)
  const choices: Json | undefined = isObject(answer) ? answer.choices : undefined
  const first: Json | undefined = Array.isArray(choices) ? choices[0] : undefined
  const message = isObject(first) ? first.message : undefined
  if (!isObject(message)) throw new GateError('the models gateway answered without a message')
  return message
}

/** A tools gateway, as one conversation of MCP. */
export interface ToolCaller {
  list(): Promise<readonly JsonObject[]>
  call(name: string, given: JsonObject): Promise<JsonObject>
}

/** Speaks MCP to a tools gateway, without a session: each request stands for itself. */
export function createToolCaller(caller: Caller, toolsUrl: string): ToolCaller {
  const ask = async (method: string, params: JsonObject): Promise<JsonObject> => {
    const response = await post(caller, `${toolsUrl}/mcp`, { jsonrpc: '2.0', id: 1, method, params }, REVISION)
    const answer = isEventStream(response) ? await readLastEvent(response) : await readJson(response)
    if (isObject(answer) && isObject(answer.result)) return answer.result
    throw new GateError(`the tools gateway answered ${response.status}: ${messageOf(answer)}`)
  }
  return {
    list: async () => {
      const { tools } = await ask('tools/list', {})
      return Array.isArray(tools) ? tools.filter(isObject) : []
    },
    call: (name, given) => ask('tools/call', { name, arguments: given }),
  }
}

const REVISION = { 'mcp-protocol-version': '2025-11-25' }

function isEventStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
}

/** The last message of a stream of events: the answer; what came before it was progress. */
async function readLastEvent(response: Response): Promise<unknown> {
  const frames = new SseSplitter(MAX_FRAME_BYTES).push(await response.bytes())
  const messages = frames.map((frame) => decodeSseFrame(frame).data).filter((data) => data !== undefined && data !== '')
  return parseJson(messages.at(-1) ?? '')
}

async function readJson(response: Response): Promise<unknown> {
  return parseJson(await response.text())
}

/** What an error says, in the shape of OpenAI's wire or of JSON-RPC: `error.message` in both. */
function messageOf(answer: unknown): string {
  const error = isObject(answer) ? answer.error : undefined
  return isObject(error) && typeof error.message === 'string' ? error.message : 'nothing that it could read'
}
