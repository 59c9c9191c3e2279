import { GatewayError } from '../../core/errors.ts'
import { hideSecrets } from '../../core/header-fields.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { Agent, Attempt, Look } from '../types.ts'

const decoder = new TextDecoder()

const TERMINAL: ReadonlySet<string> = new Set(['TASK_STATE_COMPLETED', 'TASK_STATE_FAILED', 'TASK_STATE_CANCELED', 'TASK_STATE_REJECTED'])
const WAITING: ReadonlySet<string> = new Set(['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_AUTH_REQUIRED'])

/** Whether a task in this state changes no more. */
export function isTerminal(state: string | undefined): boolean {
  return state !== undefined && TERMINAL.has(state)
}

/** Whether a task in this state waits for its caller. */
export function isWaiting(state: string | undefined): boolean {
  return state !== undefined && WAITING.has(state)
}

/**
 * Reads the envelope of an answer, or of one event of a stream.
 * @throws agent_malformed; agent_error, with the agent's own answer, where it is an error of JSON-RPC
 */
export function lookAt(text: string, attempt: Attempt): Look {
  const { agent, request } = attempt
  const value = parse(text, agent)
  if (value.jsonrpc !== '2.0') throw malformed(agent, 'an answer that is not JSON-RPC 2.0')
  const { error } = value
  if (error !== undefined && error !== null) throw errorIn(value, text, attempt)
  if (!isSameId(value.id, request.idText)) throw malformed(agent, 'an answer to another request: its id is not that of this one')
  const { result } = value
  if (!isObject(result)) throw malformed(agent, 'an answer without a result')
  return lookAtResult(result, attempt)
}

function lookAtResult(result: JsonObject, { agent, request }: Attempt): Look {
  const { action, isStream } = request.method
  if (action === 'agents.get_task' || action === 'agents.cancel_task') return lookAtTask(result, agent)
  if (action === 'agents.list_tasks') return { type: 'tasks' }
  const { task, message } = result
  if (isObject(task)) return lookAtTask(task, agent)
  if (isObject(message)) return { type: 'message', taskId: idIn(message, 'taskId', agent), contextId: idIn(message, 'contextId', agent) }
  if (!isStream) throw malformed(agent, 'a result that holds neither a task nor a message')
  const { statusUpdate, artifactUpdate } = result
  if (isObject(statusUpdate)) return { type: 'status', ...idsOf(statusUpdate, agent), state: stateOf(statusUpdate) }
  if (isObject(artifactUpdate)) return { type: 'artifact', ...idsOf(artifactUpdate, agent) }
  // Of a later version of A2A, perhaps: passed on unread.
  return { type: 'other' }
}

function lookAtTask(task: JsonObject, agent: Agent): Look {
  const taskId = idIn(task, 'id', agent)
  if (taskId === undefined) throw malformed(agent, 'a task without an id')
  return { type: 'task', taskId, contextId: idIn(task, 'contextId', agent), state: stateOf(task) }
}

function idsOf(update: JsonObject, agent: Agent): { readonly taskId: string | undefined; readonly contextId: string | undefined } {
  return { taskId: idIn(update, 'taskId', agent), contextId: idIn(update, 'contextId', agent) }
}

function idIn(object: JsonObject, key: string, agent: Agent): string | undefined {
  const value = object[key]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string' && value.length <= 512) return value
  throw malformed(agent, `a "${key}" that is no text of 512 characters at most`)
}

function stateOf({ status }: JsonObject): string | undefined {
  return isObject(status) && typeof status.state === 'string' ? status.state.slice(0, 64) : undefined
}

/** The answer to a request that the agent refused, or failed on. Its own words go on to the caller. */
function errorIn(value: JsonObject, text: string, attempt: Attempt): GatewayError {
  const { agent, request } = attempt
  const secrets = secretsOf(attempt)
  const { error } = value
  if (!isObject(error) || typeof error.code !== 'number' || !Number.isInteger(error.code)) {
    return malformed(agent, 'an error that is not one of JSON-RPC')
  }
  // An agent that could not read the request does not know its id; then the error cannot go on as it is.
  const isWhole = isSameId(value.id, request.idText)
  const said = typeof error.message === 'string' ? hideSecrets(error.message.slice(0, 500), secrets) : 'an error without a message'
  return new GatewayError('agent_error', `Agent ${agent.name} answered with error ${error.code}: ${said}`, {
    rpcCode: error.code,
    ...(isWhole ? { providerBody: new TextEncoder().encode(hideSecrets(text, secrets)) } : {}),
  })
}

/** What the agent was sent and must not be quoted with. */
function secretsOf({ agent, forwardedKey }: Attempt): readonly string[] {
  return forwardedKey === undefined ? agent.credentials : [...agent.credentials, forwardedKey]
}

/** An error of JSON-RPC in an answer of another status than 200; undefined where it holds none. */
export function errorInBody(body: Uint8Array, attempt: Attempt): GatewayError | undefined {
  const text = decoder.decode(body)
  if (!/^\s*\{[\s\S]*"error"/.test(text)) return undefined
  try {
    lookAt(text, attempt)
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'agent_error') return thrown
  }
  return undefined
}

/** The tasks of a list that are the caller's, in the agent's own answer. `totalSize` becomes what is shown: the agent's counts everybody's. */
export function filterTasks(text: string, isShown: (taskId: string) => boolean, agent: Agent): string {
  const value = parse(text, agent)
  const result = isObject(value.result) ? value.result : {}
  if (!Array.isArray(result.tasks)) return JSON.stringify({ ...value, result: { ...result, tasks: [], totalSize: 0 } })
  const tasks = result.tasks.filter((task: unknown) => isObject(task) && typeof task.id === 'string' && isShown(task.id))
  return JSON.stringify({ ...value, result: { ...result, tasks, totalSize: tasks.length } })
}

/** Ids of the tasks that a list holds. */
export function taskIdsIn(text: string, agent: Agent): readonly string[] {
  const { result } = parse(text, agent)
  if (!isObject(result) || !Array.isArray(result.tasks)) return []
  return result.tasks.flatMap((task: unknown) => (isObject(task) && typeof task.id === 'string' ? [task.id] : []))
}

function isSameId(id: unknown, idText: string): boolean {
  return JSON.stringify(id) === idText || (id !== null && id === JSON.parse(idText))
}

function parse(text: string, agent: Agent): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw malformed(agent, 'something that is not JSON', cause)
  }
  if (!isObject(value)) throw malformed(agent, 'JSON that is no object')
  return value
}

/** The agent broke the protocol. @param what such as `a task without an id` */
export function malformed({ name }: Agent, what: string, cause?: unknown): GatewayError {
  return new GatewayError('agent_malformed', `Agent ${name} answered with ${what}.`, cause === undefined ? {} : { cause })
}
