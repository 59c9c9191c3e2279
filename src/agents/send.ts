import type { Call } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { Exchange } from '../core/exchange.ts'
import type { PeerReply } from '../core/peer-reply.ts'
import type { TaskOwners } from '../core/ports.ts'
import type { Reply } from '../core/reply.ts'
import { type Handler, replyOf } from '../core/stage.ts'
import { formatTraceparent } from '../core/trace.ts'
import { errorInBody, filterTasks, lookAt, malformed, taskIdsIn } from './a2a/reply.ts'
import type { AgentCards } from './cards.ts'
import { openExchange } from './exchange.ts'
import { openStream } from './stream.ts'
import { claimTask } from './tasks.ts'
import type { AgentPart, Attempt } from './types.ts'

interface SendDeps {
  readonly owners: TaskOwners
  readonly cards: AgentCards
}

const decoder = new TextDecoder()

/** Sends a request to its agent as it came. Resolves when there is something for the caller: the whole answer, or the head of a stream. */
export function sendTo(deps: SendDeps): Handler<Attempt, AgentPart> {
  return async (call, attempt) => {
    const { agent, request } = attempt
    const url = agent.isBareOrigin ? await deps.cards.endpointOf(call, agent) : agent.url
    const exchange = openExchange(call, agent, url)
    const { facts } = call.record
    try {
      exchange.awaitMore()
      const response = await exchange.send({ method: 'POST', headers: headersFor(call, attempt), body: request.text })
      exchange.stopWaiting()
      facts.providerStatus = response.status
      attempt.heard.extensions = response.headers.get('a2a-extensions')
      if (response.status !== 200) throw await failure(exchange, response, attempt)
      if (isEventStream(response)) return streamOf(deps, call, attempt, exchange, response)
      return await wholeOf(deps, call, attempt, exchange, response)
    } catch (thrown) {
      facts.providerMs = exchange.elapsedMs
      exchange.abort()
      const error = asGatewayError(thrown)
      const bytes = error.extra.providerBody
      if (bytes === undefined) throw error
      // The agent's own error goes to the caller as an answer does, past the guards. One in the place of a stream is no stream.
      attempt.heard.isStream = false
      return replyOf<AgentPart>([{ type: 'whole', bytes }], call.signal, { outcome: 'broken', error })
    }
  }
}

function headersFor(call: Call, { agent, request, extensions, forwardedKey }: Attempt): Record<string, string> {
  const headers: Record<string, string> = {
    ...agent.headers,
    accept: request.method.isStream ? 'text/event-stream' : 'application/json',
    traceparent: formatTraceparent(call.trace),
  }
  if (extensions !== null) headers['a2a-extensions'] = extensions
  if (forwardedKey !== undefined) headers.authorization = `Bearer ${forwardedKey}`
  return headers
}

function isEventStream(response: PeerReply): boolean {
  return response.headers.get('content-type')?.trimStart().toLowerCase().startsWith('text/event-stream') ?? false
}

function streamOf(deps: SendDeps, call: Call, attempt: Attempt, exchange: Exchange, response: PeerReply): Reply<AgentPart> {
  const { agent, request } = attempt
  if (!request.method.isStream) throw malformed(agent, 'a stream that nobody asked for')
  return openStream({ call, attempt, owners: deps.owners, exchange, reply: response })
}

async function wholeOf(deps: SendDeps, call: Call, attempt: Attempt, exchange: Exchange, response: PeerReply): Promise<Reply<AgentPart>> {
  const bytes = await exchange.readAll(response)
  call.record.facts.providerMs = exchange.elapsedMs
  exchange.close()
  const text = decoder.decode(bytes)
  const look = lookAt(text, attempt)
  // An agent may refuse a stream with one answer; a good one would be half of what was asked for.
  if (attempt.request.method.isStream) throw malformed(attempt.agent, 'one answer where a stream was asked for')
  if (look.type === 'tasks') return replyOf([await ownTasksOnly(deps, call, attempt, text)], call.signal)
  const claiming = claimTask(deps.owners, call, attempt, look)
  if (claiming !== undefined) await claiming
  if (look.state !== undefined) call.record.facts.finishReason = look.state
  return replyOf<AgentPart>([{ type: 'whole', bytes }], call.signal)
}

async function ownTasksOnly({ owners }: SendDeps, call: Call, attempt: Attempt, text: string): Promise<AgentPart> {
  const { agent } = attempt
  const owned = await owners.ownTasks(call.principal, agent.name, taskIdsIn(text, agent))
  return { type: 'whole', bytes: new TextEncoder().encode(filterTasks(text, (taskId) => owned.has(taskId), agent)) }
}

/** What an HTTP status other than 200 means. Some agents tell an error of JSON-RPC under one. */
async function failure(exchange: Exchange, response: PeerReply, attempt: Attempt): Promise<GatewayError> {
  const { agent } = attempt
  const { status } = response
  if (status >= 300 && status < 400) return malformed(agent, `a redirect (${status}), which the gateway does not follow`)
  const told = errorInBody(await exchange.readAll(response), attempt)
  if (told !== undefined) return told
  const detail = status === 401 || status === 403 ? ': it refused the credential that the gateway sent' : ''
  const retryAfter = response.headers.get('retry-after')
  return new GatewayError('agent_error', `Agent ${agent.name} answered HTTP ${status}${detail}.`, {
    providerStatus: status,
    ...(retryAfter !== null && /^\d{1,7}$/.test(retryAfter) ? { retryAfterSeconds: Number(retryAfter) } : {}),
  })
}
