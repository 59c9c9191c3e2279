import { didYouMean } from '../../core/did-you-mean.ts'
import { GatewayError } from '../../core/errors.ts'

/** What can be asked of an agent, as policies and events name it. */
export type Action = 'agents.send' | 'agents.stream' | 'agents.get_task' | 'agents.list_tasks' | 'agents.cancel_task' | 'agents.subscribe'

/** A method of A2A that goes on to the agent. */
export interface Method {
  readonly name: string
  readonly action: Action
  readonly isStream: boolean
  /** Where the request names a task: in its message, by the `id` of its params, or nowhere. */
  readonly names: 'message' | 'id' | 'none'
}

/** The methods that go on. Source: https://a2a-protocol.org/v1.0.0/specification/ (JSON-RPC binding; read 2026-11-21). */
const METHODS: ReadonlyMap<string, Method> = new Map(
  (
    [
      { name: 'SendMessage', action: 'agents.send', isStream: false, names: 'message' },
      { name: 'SendStreamingMessage', action: 'agents.stream', isStream: true, names: 'message' },
      { name: 'GetTask', action: 'agents.get_task', isStream: false, names: 'id' },
      { name: 'ListTasks', action: 'agents.list_tasks', isStream: false, names: 'none' },
      { name: 'CancelTask', action: 'agents.cancel_task', isStream: false, names: 'id' },
      { name: 'SubscribeToTask', action: 'agents.subscribe', isStream: true, names: 'id' },
    ] satisfies readonly Method[]
  ).map((method) => [method.name, method]),
)

const PUSH_METHODS: ReadonlySet<string> = new Set([
  'CreateTaskPushNotificationConfig',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'DeleteTaskPushNotificationConfig',
])

/** Names of A2A 0.3, each with that of 1.0. */
const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['message/send', 'SendMessage'],
  ['message/stream', 'SendStreamingMessage'],
  ['tasks/get', 'GetTask'],
  ['tasks/cancel', 'CancelTask'],
  ['tasks/resubscribe', 'SubscribeToTask'],
])

/**
 * The method of this name.
 * @throws method_not_found, push_not_supported, operation_not_supported
 */
export function findMethod(name: string): Method {
  const method = METHODS.get(name)
  if (method !== undefined) return method
  if (PUSH_METHODS.has(name)) throw pushNotSupported()
  if (name === 'GetExtendedAgentCard') {
    throw new GatewayError(
      'operation_not_supported',
      'The gateway serves one card for every caller; GET it at /.well-known/agent-card.json.',
    )
  }
  const newName = OLD_NAMES.get(name)
  const hint = newName === undefined ? didYouMean(name, METHODS.keys()) : `, which is a name of A2A 0.3: here it is ${newName}`
  const said = `There is no method "${name.slice(0, 100)}"${hint}`
  throw new GatewayError(
    'method_not_found',
    `${said}${said.endsWith('?') ? '' : '.'} The gateway passes on ${[...METHODS.keys()].join(', ')}.`,
  )
}

/** The refusal of whatever would have an agent call back. */
export function pushNotSupported(): GatewayError {
  return new GatewayError('push_not_supported', 'The gateway relays no push notifications. Stream instead, or ask with GetTask.')
}
