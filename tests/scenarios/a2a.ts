import type { JsonObject } from '../../src/core/json.ts'
import type { Answer, StreamReply } from '../../src/testing/fake-upstream.ts'
import { streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { ask, type Question, type Reply, send } from './ask.ts'

/** A JSON-RPC request. */
export function rpc(method: string, params: unknown, id: string | number = 1): JsonObject {
  // Tests write JSON.
  return { jsonrpc: '2.0', id, method, params: params as JsonObject }
}

/** `SendMessage`, or its streaming sister. */
export function message(fields: object = {}, method = 'SendMessage'): JsonObject {
  return rpc(method, { message: { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'Hello?' }], ...fields } })
}

const PATH = '/a2a/researcher'
const VERSION = { 'a2a-version': '1.0' }

/** Asks the agent `researcher` at the gateway, a message unless said otherwise. */
export function askAgent(scenario: Scenario, question: Question = {}): Promise<Reply> {
  return ask(scenario, { path: PATH, body: message(), ...question, headers: { ...VERSION, ...question.headers } })
}

/** The same, with the body unread. */
export function openAgent(scenario: Scenario, question: Question = {}): Promise<Response> {
  return send(scenario, {
    path: PATH,
    body: message({}, 'SendStreamingMessage'),
    ...question,
    headers: { ...VERSION, ...question.headers },
  })
}

/** A gateway before an agent that does what the test says: `scenario.upstream`. */
export function startWithAgent(more: object = {}, sections: ScenarioConfig = {}): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      agents: { agents: { researcher: { url: `${baseUrl}/rpc`, ...more } } },
      access: { teams: { support: { agents: ['researcher'] }, others: { agents: ['researcher'] }, nobody: {} } },
      ...sections,
    }),
  })
}

/** A task, as it stands in a result. */
export function task(id: string, state = 'TASK_STATE_COMPLETED', contextId = `of-${id}`): JsonObject {
  return { id, contextId, status: { state } }
}

/** A good answer to the request with this id. */
export function result(value: JsonObject, id: string | number = 1): JsonObject {
  return { jsonrpc: '2.0', id, result: value }
}

/** Answers with one result. */
export function answer(value: JsonObject, id: string | number = 1): Answer {
  return wholeReply({ body: result(value, id) })
}

/** An event of a stream. */
export function event(value: JsonObject, id: string | number = 1): string {
  return `data: ${JSON.stringify(result(value, id))}\n\n`
}

/** An event about the state of a task. */
export function statusUpdate(taskId: string, state: string): JsonObject {
  return { statusUpdate: { taskId, contextId: `of-${taskId}`, status: { state } } }
}

/** Answers with a stream of results. */
export function answerStream(values: readonly JsonObject[], more: Partial<StreamReply> = {}): Answer {
  return streamReply({ frames: values.map((value) => event(value)), ...more })
}

/** The error of an answer, as JSON-RPC has it. */
export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data: readonly [{ readonly '@type': string; readonly reason: string; readonly domain: string; readonly metadata: JsonObject }]
}

/** The error that a reply holds, whole or as its last event. */
export function rpcErrorOf(reply: Reply): RpcError {
  const last = reply.frames.at(-1)
  const body: unknown = last === undefined ? reply.json : JSON.parse(last)
  // The gateway's errors have this shape; a test that reads a field that is not there fails.
  return (body as { error: RpcError }).error
}
