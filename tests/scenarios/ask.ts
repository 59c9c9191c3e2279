import { expect } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { CallEnded } from '../../src/core/events.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Scenario } from '../../src/testing/scenario.ts'

/** A request to the data port. */
export interface Question {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The key that is sent as Bearer: the scenario's own unless said, none for null. */
  readonly key?: string | null
  /** An object is sent as JSON. */
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | object
  readonly signal?: AbortSignal
}

/** A reply that was read to its end. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON. */
  readonly json: JsonObject
  /** The data of each frame of a stream. */
  readonly frames: readonly string[]
  /** `x-signalbox-request-id`: the id of the call. */
  readonly callId: string
}

/** What an error says in OpenAI's wire. */
export interface SaidError {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: ErrorCode
  readonly source: string
  readonly request_id: string
}

/** A chat request for the ordinary model. */
export function chat(fields: JsonObject = {}): JsonObject {
  return { model: 'mini', messages: [{ role: 'user', content: 'Hello?' }], ...fields }
}

/** Sends a request, a chat unless said otherwise; gives the response with its body unread. */
export function send(scenario: Scenario, question: Question = {}): Promise<Response> {
  const { method = 'POST', path = '/v1/chat/completions', key = scenario.key, body = chat() } = question
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
  const authorization: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` }
  return fetch(`${scenario.dataUrl}${path}`, {
    method,
    headers: { ...(method === 'POST' ? { 'content-type': 'application/json' } : {}), ...authorization, ...question.headers },
    ...(method === 'POST' ? { body: isRaw ? body : JSON.stringify(body) } : {}),
    ...(question.signal === undefined ? {} : { signal: question.signal }),
  })
}

/** The event that ended a call, once it is on disk. */
export async function endedCall(scenario: Scenario, callId: string): Promise<CallEnded> {
  for (let round = 0; round < 2000; round++) {
    const ended = (await scenario.events()).find((event) => event.type === 'call.ended' && event.callId === callId)
    if (ended?.type === 'call.ended') return ended
    await Bun.sleep(5)
  }
  throw new Error(`The call ${callId} has not ended.`)
}

/** Sends a request and reads the whole reply. */
export async function ask(scenario: Scenario, question: Question = {}): Promise<Reply> {
  const response = await send(scenario, question)
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    // Read only where a test knows that it is an object.
    get json() {
      return JSON.parse(text) as JsonObject
    },
    get frames() {
      return framesOf(text)
    },
    callId: response.headers.get('x-signalbox-request-id') ?? '',
  }
}

/** The head of a chat request as text for a socket, without the empty line that ends it. */
export function rawHead(scenario: Scenario, headers: readonly string[], startLine = 'POST /v1/chat/completions HTTP/1.1'): string {
  const lines = [startLine, 'host: gateway', `authorization: Bearer ${scenario.key}`, 'content-type: application/json', ...headers]
  return `${lines.join('\r\n')}\r\n`
}

/** A whole chat request as text for a socket. */
export function rawChat(scenario: Scenario, body: JsonObject = chat(), headers: readonly string[] = []): string {
  const text = JSON.stringify(body)
  return `${rawHead(scenario, [...headers, `content-length: ${Buffer.byteLength(text)}`])}\r\n${text}`
}

/** The data of the frames of a stream. */
export function framesOf(text: string): readonly string[] {
  return text
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: '))
    .map((frame) => frame.slice('data: '.length))
}

/** Asserts that a reply is an error of the gateway, in OpenAI's wire, with the id of its call and nothing internal in it. */
export function expectError(reply: Reply, status: number, code: ErrorCode): SaidError {
  expect(reply).toMatchObject({ status, json: { error: { code, request_id: reply.callId } } })
  expect(reply.headers.get('content-type')).toBe('application/json')
  return checkedError(reply.json.error)
}

/** Asserts that a stream ended in an error frame, with no terminal event after it. */
export function expectErrorFrame(reply: Reply, code: ErrorCode): SaidError {
  expect(reply.status).toBe(200)
  expect(reply.text).not.toContain('[DONE]')
  const last = JSON.parse(reply.frames.at(-1) ?? 'null') as JsonObject // every frame of these streams is an object or [DONE]
  expect(last).toMatchObject({ error: { code, request_id: reply.callId } })
  return checkedError(last.error)
}

function checkedError(value: JsonObject[string]): SaidError {
  // Its fields were just asserted, or are asserted now.
  const error = value as unknown as SaidError
  expect(error.request_id).toMatch(/^call_[0-9A-Z]{26}$/)
  expect(error.message).toMatch(/^[A-Z/].{10}/)
  // Neither a stack trace nor a path of the machine.
  expect(JSON.stringify(error)).not.toMatch(/\\n\s+at |node_modules|\.ts\b|\/src\//)
  return error
}
