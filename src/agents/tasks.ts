import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { TaskOwners } from '../core/ports.ts'
import type { Stage } from '../core/stage.ts'
import { malformed } from './a2a/reply.ts'
import type { AgentPart, Attempt, Look } from './types.ts'

/**
 * Refuses what names a task of somebody else, without asking the agent: many agents show a task to whoever knows its id.
 * A task that is not there and one that is another's look the same.
 * @throws task_not_found
 */
export function guardTasks(owners: TaskOwners): Stage<Attempt, AgentPart> {
  return (call, attempt, next) => {
    const { taskId, contextId, referencedTaskIds } = attempt.request
    if (taskId === undefined && contextId === undefined && referencedTaskIds.length === 0) return next(call, attempt)
    return refuseForeign(owners, call, attempt).then(() => next(call, attempt))
  }
}

async function refuseForeign(owners: TaskOwners, { principal, record }: Call, { agent, request }: Attempt): Promise<void> {
  const { taskId, contextId, referencedTaskIds } = request
  record.facts.taskId = taskId
  record.facts.contextId = contextId
  for (const id of taskId === undefined ? referencedTaskIds : [taskId, ...referencedTaskIds]) {
    if ((await owners.ofTask(principal, agent.name, id)) !== 'own') {
      throw new GatewayError('task_not_found', `There is no task "${id}" of yours at agent ${agent.name}.`)
    }
  }
  // A caller may name a conversation that is yet to begin.
  if (contextId !== undefined && (await owners.ofContext(principal, agent.name, contextId)) === 'foreign') {
    throw new GatewayError(
      'task_not_found',
      `The context "${contextId}" cannot be used at agent ${agent.name}. Leave it out to begin a new one.`,
    )
  }
}

/**
 * Makes a task that the agent tells of the caller's own, before the caller hears of it. Undefined where nothing needs to be waited for.
 * @throws agent_malformed where it is a task of another caller, or not the one that was asked for
 */
export function claimTask(owners: TaskOwners, call: Call, attempt: Attempt, look: Look): Promise<void> | undefined {
  const { agent, request } = attempt
  const { taskId, contextId } = look
  if (taskId === undefined && contextId === undefined) return undefined
  // What was asked for by its id was found to be the caller's own.
  if (request.method.names === 'id' && taskId !== undefined && taskId !== request.taskId) {
    throw malformed(agent, 'another task than the one that was asked for')
  }
  const { facts } = call.record
  if (taskId !== undefined) facts.taskId = taskId
  if (contextId !== undefined) facts.contextId = contextId
  const claimed = owners.claim(call.principal, call.id, { agent: agent.name, taskId, contextId })
  if (claimed === true) return undefined
  if (claimed === false) throw notTheirs(attempt)
  return claimed.then((isTheirs) => {
    if (!isTheirs) throw notTheirs(attempt)
  })
}

function notTheirs({ agent }: Attempt): GatewayError {
  return malformed(agent, 'a task or context that belongs to another caller')
}
