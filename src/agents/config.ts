import { z } from 'zod'
import { duration, name, text, url } from '../core/fields.ts'
import { checkHeaderFields, headerFields } from '../core/header-fields.ts'
import type { ConfigProblem, Section } from '../core/section.ts'

const BOUNDS = { min: '1ms', max: '24h' }

const TIMEOUT_DOCS = {
  connect: "Time for the agent's host to accept the connection.",
  idle: 'Longest silence: until the agent begins to answer, and between two pieces of its answer.',
  total: 'Time from sending to the end of the answer.',
} as const

const timeouts = z.strictObject({
  connect: duration(BOUNDS).prefault('10s').describe(TIMEOUT_DOCS.connect),
  idle: duration(BOUNDS).prefault('5m').describe(TIMEOUT_DOCS.idle),
  total: duration(BOUNDS).prefault('1h').describe(TIMEOUT_DOCS.total),
})

const ownTimeouts = z.strictObject({
  connect: duration(BOUNDS).exactOptional().describe(TIMEOUT_DOCS.connect),
  idle: duration(BOUNDS).exactOptional().describe(TIMEOUT_DOCS.idle),
  total: duration(BOUNDS).exactOptional().describe(TIMEOUT_DOCS.total),
})

const agent = z.strictObject({
  url: url().describe(
    'Its JSON-RPC endpoint of A2A 1.0. A bare origin (https://agents.example.com) means the endpoint that its card names there. Nothing that a card names elsewhere is ever called.',
  ),
  card: text(['/cards/researcher.json', 'https://agents.example.com/card.json'])
    .exactOptional()
    .describe(
      'Path or URL of its agent card. Left out: .well-known/agent-card.json below url, then at the origin of url. Headers are sent to the origin of url only.',
    ),
  ignoreCardUrls: z
    .boolean()
    .prefault(false)
    .meta({ 'x-unit': 'true or false' })
    .describe(
      'Accept a card that names an endpoint elsewhere than at the origin of url, as that of an agent behind a proxy does. The endpoint is not called even then.',
    ),
  headers: headerFields().exactOptional().describe('Headers that go with every request to the agent, such as its credential.'),
  forwardKey: z
    .boolean()
    .prefault(false)
    .meta({ 'x-unit': 'true or false' })
    .describe(
      "Send the caller's own key on to the agent, as a bearer token. The agent can then do whatever the caller may: only for agents that you run yourself.",
    ),
  owner: text(['research@example.com']).exactOptional().describe('Who answers for it: a person or a team.'),
  version: text(['1.2.0']).exactOptional().describe('Its version, for people.'),
  timeouts: ownTimeouts.exactOptional().describe('Timeouts of this agent, where they differ from agents.timeouts.'),
})

const agents = z
  .strictObject({
    agents: z
      .record(name(), agent.describe('An agent, by its name: callers reach it at /a2a/<name>.'))
      .prefault({})
      .describe('Agents that speak A2A, by name.'),
    timeouts: timeouts.prefault({}).describe('Timeouts of every call to an agent, unless it has its own.'),
    publicUrl: url()
      .exactOptional()
      .describe(
        'How callers reach this gateway: the beginning of the URLs in the cards that it serves. Left out: the host that the caller asked.',
      ),
    models: url()
      .exactOptional()
      .describe(
        'Where another Signalbox has the models. Agents with forwardKey are told it, in the header x-signalbox-models. Left out: this one.',
      ),
    tools: url()
      .exactOptional()
      .describe(
        'Where another Signalbox has the tools. Agents with forwardKey are told it, in the header x-signalbox-tools. Left out: this one.',
      ),
  })
  .optional()
  .describe('The gateway for agents. Left out: this gateway does not run.')

/** What the `agents` key says: timeouts in milliseconds. */
export type AgentsConfig = NonNullable<z.output<typeof agents>>

/** One agent as it is written. */
export type AgentConfig = AgentsConfig['agents'][string]

/** The section `agents`. */
export const agentsSection = {
  name: 'agents',
  schema: agents,
  check: (config) => (config === undefined ? [] : check(config)),
} as const satisfies Section<AgentsConfig | undefined>

function check(config: AgentsConfig): readonly ConfigProblem[] {
  return Object.entries(config.agents).flatMap(([agentName, agent]) => checkAgent(['agents', 'agents', agentName], agent))
}

/** Headers of the protocol, which tell the agent about each call. */
const A2A_HEADERS = /^(a2a-version|a2a-extensions|traceparent|accept)$/i

function checkAgent(path: readonly string[], agent: AgentConfig): readonly ConfigProblem[] {
  const headers = Object.keys(agent.headers ?? {})
  const protocolHeaders = headers
    .filter((header) => A2A_HEADERS.test(header))
    .map((header) => ({ path: [...path, 'headers', header], message: 'is a header that the gateway sets itself; remove it' }))
  return [
    ...checkHeaderFields([...path, 'headers'], agent.headers),
    ...protocolHeaders,
    ...checkCard(path, agent),
    ...(agent.forwardKey && headers.some((header) => header.toLowerCase() === 'authorization')
      ? [
          {
            path: [...path, 'forwardKey'],
            message: 'cannot be true beside the header authorization, in which the key would go; remove one of the two',
          },
        ]
      : []),
  ]
}

function checkCard(path: readonly string[], { card }: AgentConfig): readonly ConfigProblem[] {
  if (card === undefined || card.startsWith('/') || (/^https?:\/\/[^\s@]+$/.test(card) && URL.canParse(card))) return []
  return [{ path: [...path, 'card'], message: 'is neither a path nor a URL; write /path/to/card.json, or begin with http:// or https://' }]
}
