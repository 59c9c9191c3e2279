import { expect } from 'bun:test'
import { join } from 'node:path'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { Outcome } from '../../src/core/events.ts'
import { isObject, type JsonObject } from '../../src/core/json.ts'
import type { ExpectedEvent, Scenario, ScenarioConfig } from '../../src/testing/scenario.ts'

/** The command of the server in mcp-fault-server.ts. */
export const FAULTS = [process.execPath, join(import.meta.dirname, 'mcp-fault-server.ts')]

/** A configuration with these servers, whose team may use all of their tools unless said otherwise. */
export function withServers(servers: JsonObject, more: { readonly tools?: JsonObject; readonly rules?: JsonObject } = {}): ScenarioConfig {
  return {
    tools: { servers, timeouts: { call: '700ms', total: '3s', connect: '20s', list: '10s' }, ...more.tools },
    access: { teams: { support: { tools: more.rules ?? { default: 'allow' } } } },
  }
}

/** A message to the gateway. */
export interface Message {
  readonly path?: string
  readonly method?: 'POST' | 'GET' | 'DELETE' | 'PUT'
  /** The id of the session. */
  readonly session?: string | undefined
  /** The scenario's own unless said, none for null. */
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, a text as it is. */
  readonly body?: object | string
  readonly signal?: AbortSignal
}

/** An answer that was read to its end. */
export interface McpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The messages: one of a whole answer, all of a stream. */
  readonly messages: readonly JsonObject[]
  /** The last message. */
  readonly last: JsonObject
  /** `x-signalbox-request-id`: the id of the call. */
  readonly callId: string
}

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** Sends a message; gives the response with its body unread. */
export function post(scenario: Scenario, message: Message): Promise<Response> {
  const { method = 'POST', path = '/mcp', key = scenario.key, session, body } = message
  return fetch(`${scenario.dataUrl}${path}`, {
    method,
    headers: {
      ...HEADERS,
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
      ...message.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(message.signal === undefined ? {} : { signal: message.signal }),
  })
}

/** Sends a message and reads the whole answer. */
export async function say(scenario: Scenario, message: Message): Promise<McpAnswer> {
  const response = await post(scenario, message)
  const text = await response.text()
  const messages = messagesOf(response, text)
  return {
    status: response.status,
    headers: response.headers,
    text,
    messages,
    last: messages.at(-1) ?? {},
    callId: response.headers.get('x-signalbox-request-id') ?? '',
  }
}

/** The messages of a body that was read. */
export function messagesOf(response: Response, text: string): readonly JsonObject[] {
  // Read only where a test knows that they are objects.
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    const frames = [...text.matchAll(/^data: ?(.+)$/gm)].map(([, json = '']) => json)
    return frames.map((json) => JSON.parse(json) as JsonObject)
  }
  return text === '' ? [] : [JSON.parse(text) as JsonObject]
}

/** A request as JSON-RPC. */
export function request(method: string, params?: JsonObject, id: number | string = 1): JsonObject {
  return { jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }
}

/** A call of a tool. */
export function toolCall(name: string, args: JsonObject = {}, more: JsonObject = {}, id: number | string = 1): JsonObject {
  return request('tools/call', { name, arguments: args, ...more }, id)
}

/** The parameters of `initialize`. */
export function introduction(capabilities: JsonObject = {}, protocolVersion = '2025-11-25'): JsonObject {
  return { protocolVersion, capabilities, clientInfo: { name: 'test', version: '1' } }
}

/** Begins a session, and waits for its pair of events. Gives its id. */
export async function begin(
  scenario: Scenario,
  options: { readonly path?: string; readonly capabilities?: JsonObject; readonly key?: string; readonly version?: string } = {},
): Promise<string> {
  const { path = '/mcp', capabilities, key, version } = options
  const answer = await say(scenario, {
    path,
    ...(key === undefined ? {} : { key }),
    body: request('initialize', introduction(capabilities, version)),
  })
  const id = answer.headers.get('mcp-session-id')
  if (id === null) throw new Error(`No session was begun: ${answer.status} ${answer.text}`)
  await scenario.expectCall({ action: 'tools.initialize', outcome: 'ok' })
  const ready = await say(scenario, {
    path,
    session: id,
    ...(key === undefined ? {} : { key }),
    body: { jsonrpc: '2.0', method: 'notifications/initialized' },
  })
  expect(ready).toMatchObject({ status: 202, text: '' })
  return id
}

/** Until so many calls of this tool are under way, each with so many attempts begun. */
export async function untilRunning(
  scenario: Scenario,
  tool: string,
  least: { readonly calls?: number; readonly attempts?: number } = {},
): Promise<void> {
  const { calls = 1, attempts = 1 } = least
  for (;;) {
    const { body } = await scenario.control<{ calls: readonly { model?: string; attempts: number }[] }>('GET', '/api/v1/calls/live')
    if (body.calls.filter((call) => call.model === tool && call.attempts >= attempts).length >= calls) return
    await Bun.sleep(5)
  }
}

/** The text of a tool's result. */
export function textOf({ last }: McpAnswer): string {
  const { result } = last
  const [first] = isObject(result) && Array.isArray(result.content) ? result.content : []
  return isObject(first) ? String(first.text) : `no text in ${JSON.stringify(last)}`
}

/** Asserts that an answer is an error of the gateway in JSON-RPC, with the id of its call and nothing internal in it. Gives its message. */
export function expectRpcError(
  answer: McpAnswer,
  expected: { readonly status?: number; readonly rpc: number; readonly code: ErrorCode; readonly id?: number | string | null },
): string {
  const { status = 200, rpc, code, id = 1 } = expected
  expect({ status: answer.status, id: answer.last.id, jsonrpc: answer.last.jsonrpc }).toEqual({ status, id, jsonrpc: '2.0' })
  expect(answer.last.error).toMatchObject({ code: rpc, data: { code, requestId: answer.callId } })
  const message = isObject(answer.last.error) ? String(answer.last.error.message) : ''
  expect(message).toMatch(/^(?:[A-Z]|\w+\/).{10}/)
  expect(message).not.toMatch(/\n\s+at |node_modules|\.ts\b|\/src\//)
  return message
}

/** Asserts that since it was last asked so many calls ran, each with one pair of events and this outcome, in whatever order. */
export async function expectPairs(scenario: Scenario, count: number, outcome: Outcome): Promise<void> {
  const seen = new Map<string, string[]>()
  const types = Array.from({ length: count * 2 }, () => ({}))
  // Which is where is not said: only that there are so many.
  const events = await scenario.expectEvents(types as unknown as readonly ExpectedEvent[])
  for (const event of events) {
    if (event.type === 'call.started') seen.set(event.callId, [event.type])
    if (event.type === 'call.ended') seen.get(event.callId)?.push(event.outcome)
  }
  expect([...seen.values()]).toEqual(Array.from({ length: count }, () => ['call.started', outcome]))
}
