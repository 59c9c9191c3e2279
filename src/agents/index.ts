import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { readCredential } from '../core/headers.ts'
import type { Layer } from '../core/layer.ts'
import type { TaskOwners } from '../core/ports.ts'
import { readBody } from '../core/read-body.ts'
import { type Handler, pipeline, replyOf, whenEnded } from '../core/stage.ts'
import { admit } from '../stages/admit.ts'
import { authenticate } from '../stages/authenticate.ts'
import { authorize } from '../stages/authorize.ts'
import { dispatch } from '../stages/dispatch.ts'
import { guardInput, guardOutput } from '../stages/guard.ts'
import { keepBodies } from '../stages/keep-bodies.ts'
import type { LayerDeps } from '../stages/layer-deps.ts'
import { limit } from '../stages/limit.ts'
import { receive } from '../stages/receive.ts'
import { record } from '../stages/record.ts'
import type { ServedCard } from './a2a/card.ts'
import { httpStatusOf, rpcCodeOf, versionProblem } from './a2a/errors.ts'
import { decodeRequest } from './a2a/request.ts'
import { agentUrl, publicBase } from './addresses.ts'
import { AgentCards } from './cards.ts'
import type { AgentCatalog } from './catalog.ts'
import { guardedTexts } from './guarded-texts.ts'
import { createHttp, type Incoming } from './http.ts'
import { sendTo } from './send.ts'
import { guardTasks } from './tasks.ts'
import type { Agent, AgentPart, AgentRequest, Attempt } from './types.ts'

/** What the agents layer needs of the rest; each read of `catalog` gives the snapshot in force. */
export interface AgentsDeps extends LayerDeps {
  readonly owners: TaskOwners
  readonly catalog: () => AgentCatalog
}

/** The agent gateway. Its stages, in the order in which a call meets them. */
export function createAgents(deps: AgentsDeps): Layer {
  const cards = new AgentCards()
  const edge = <Part>() => [
    record<Incoming, Part>(deps), // outermost: refusals are recorded too
    noteError<Part>, // inside record: how the caller is told of a failure belongs to it
    admit<Incoming, Part>(({ problem }) => problem),
    authenticate<Incoming, Part>(deps.access), // from the header alone: a body is read only for a caller who is known
  ]
  const guarding = {
    guardsOf: ({ principal }: Call, { agent }: Attempt) => deps.guards().choose(principal, { kind: 'agents', name: agent.name }),
    texts: guardedTexts,
    judges: deps.judges,
  }
  const call = pipeline<Incoming, AgentPart>(
    edge(),
    receive(
      (call, incoming) => decode(deps, call, incoming),
      pipeline<Attempt, AgentPart>(
        [
          authorize((call, { agent }) => permitAgent(deps, call, agent.name)),
          limit({ ...deps.money, subjectOf: ({ agent }) => agent.name }),
          guardTasks(deps.owners), // without asking the agent: what is another's looks like what is not there
          guardInput(guarding),
          keepBodies({
            store: deps.bodies,
            keeping: deps.bodyKeeping,
            requestOf: ({ request }) => request.text,
            bytesOf: (part) => part.bytes,
          }),
          guardOutput(guarding),
          // One attempt: to send a message again could do its work twice.
          dispatch({ sizeOf: (part) => part.bytes.length }),
        ],
        sendTo({ owners: deps.owners, cards }),
      ),
    ),
  )
  const card = pipeline<Incoming, ServedCard>(edge(), (call, incoming) => serveCard(deps, cards, call, incoming))
  return createHttp({ world: deps.world, log: deps.log, isOpen: deps.isOpen, doors: () => deps.catalog().doors, call, card })
}

/** Finds the agent, then reads the body as far as its envelope. */
async function decode(deps: AgentsDeps, call: Call, incoming: Incoming): Promise<Attempt> {
  const { request: sent, heard } = incoming
  const agent = findAgent(deps, call, incoming.agentName)
  const limits = deps.limits()
  const bounds = { maxBytes: limits.jsonBodyBytes, deadlineMs: limits.bodyDeadlineMs, signal: call.signal }
  const bytes = await readBody(sent, bounds, call.world)
  call.record.facts.sizeInBytes = bytes.length
  const request = decodeVersioned(sent, bytes, limits.jsonDepth, incoming)
  const { action, isStream } = request.method
  call.record.action = action
  call.record.facts.isStream = isStream
  heard.isStream = isStream
  const forwardedKey = agent.forwardsKey ? readCredential(sent.headers, sent.url) : undefined
  return { request, agent, extensions: sent.headers.get('a2a-extensions'), forwardedKey, heard }
}

/** A request of another version is told so, whatever else it may hold, under its own id. */
function decodeVersioned(sent: Request, bytes: Uint8Array, maxDepth: number, { heard }: Incoming): AgentRequest {
  const problem = versionProblem(sent)
  try {
    const request = decodeRequest(bytes, { maxDepth }, heard)
    if (problem === undefined) return request
  } catch (thrown) {
    if (problem === undefined) throw thrown
  }
  throw problem
}

function findAgent(deps: AgentsDeps, call: Call, name: string): Agent {
  const { facts } = call.record
  facts.subject = name.slice(0, 200)
  const agent = deps.catalog().find(name)
  if (agent === undefined) {
    const what = name === '' ? 'The path names no agent; call it at /a2a/<agent>.' : `There is no agent "${name.slice(0, 200)}".`
    throw new GatewayError('agent_not_found', `${what} ${describeUsable(deps, call)}`)
  }
  facts.provider = agent.name
  return agent
}

function permitAgent(deps: AgentsDeps, call: Call, agent: string): void {
  if (deps.access.mayUseAgent(call.principal, agent)) return
  throw new GatewayError('agent_not_allowed', `This key may not use the agent "${agent}". ${describeUsable(deps, call)}`)
}

function describeUsable(deps: AgentsDeps, call: Call): string {
  const agents = deps
    .catalog()
    .names()
    .filter((name) => deps.access.mayUseAgent(call.principal, name))
  if (agents.length === 0) return 'The key may use none of the configured agents; access.teams.<team>.agents grants them.'
  return `The key may use: ${agents.slice(0, 20).join(', ')}${agents.length > 20 ? `, and ${agents.length - 20} more` : ''}.`
}

async function serveCard(deps: AgentsDeps, cards: AgentCards, call: Call, incoming: Incoming) {
  const agent = findAgent(deps, call, incoming.agentName)
  permitAgent(deps, call, agent.name)
  await call.record.start()
  const url = agentUrl(publicBase(incoming.request, deps.catalog().doors), agent.name)
  return replyOf([await cards.serve(call, agent, url)], call.signal)
}

/** Adds to the record how the caller is told of a failure: the HTTP status and the JSON-RPC code. */
function noteError<Part>(call: Call, incoming: Incoming, next: Handler<Incoming, Part>) {
  return whenEnded(next(call, incoming), (ending) => {
    if (!('error' in ending) || ending.error.code === 'client_closed') return undefined
    const { facts, action } = call.record
    facts.rpcErrorCode = rpcCodeOf(ending.error)
    facts.status ??= action === 'agents.card' ? ending.error.status : httpStatusOf(ending.error)
    return undefined
  })
}
