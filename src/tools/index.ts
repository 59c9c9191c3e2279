import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { Layer } from '../core/layer.ts'
import type { ProgramRunner, ToolAsks } from '../core/ports.ts'
import { pipeline } from '../core/stage.ts'
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
import { answerHere } from './answer-here.ts'
import { argumentsProblem } from './arguments.ts'
import type { Attempt, Incoming } from './attempt.ts'
import { Catalog } from './catalog.ts'
import { decode } from './decode.ts'
import { guardedTexts, isWork, nameOfWork } from './guarded-texts.ts'
import { holdId } from './hold-id.ts'
import { createHttp } from './http.ts'
import { noteError } from './note-error.ts'
import { permit } from './permit.ts'
import type { Doors } from './request-checks.ts'
import { send } from './send.ts'
import { serveList } from './serve-list.ts'
import { type SessionLimits, Sessions } from './sessions/sessions.ts'
import type { ToolPart } from './types.ts'
import type { ServerSpec } from './upstreams/server.ts'
import { Servers } from './upstreams/servers.ts'

/** What the configuration says of this layer, compiled. */
export interface ToolsSettings {
  readonly servers: readonly ServerSpec[]
  readonly sessions: SessionLimits
  readonly doors: Doors
}

/** What the tools layer needs of the rest; each read of `settings` gives the snapshot in force. */
export interface ToolsDeps extends LayerDeps {
  /** Knows which model calls asked for which tools. */
  readonly asks: ToolAsks
  readonly runner: ProgramRunner
  readonly version: string
  readonly settings: () => ToolsSettings
  /** For the process's own log: what is no reason to trouble a caller. */
  readonly note: (level: 'debug' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>) => void
}

/** The tools gateway, and what keeps its servers in step with the rest. */
export interface ToolsLayer extends Layer {
  /** Takes the configuration in force: servers that are new or changed are begun, those that left are closed, the others are not touched. */
  reconfigure(): void
  /** Ends the streams that wait for messages, for the gateway drains. */
  closeStreams(): void
  /** Ends all sessions and all servers. */
  close(): Promise<void>
}

/** What the parts of this layer share. */
export interface Tools extends ToolsDeps {
  readonly servers: Servers
  readonly sessions: Sessions
  readonly catalog: Catalog
}

/**
 * The MCP gateway. Its stages, in the order in which a call meets them. The edge has read the message before them, for a caller whose key is
 * good: what it is decides whether it is a call at all. Recorded are `initialize`, lists, and every request that does work, each by its
 * method (`tools.call`, `tools.prompts.get`), and what was refused before it could be read (`tools.request`). Pings, notifications, answers to
 * questions, and streams and ends of sessions do no work: they are recorded where they are refused, and not else.
 */
export function createTools(deps: ToolsDeps): ToolsLayer {
  const tools = assemble(deps)
  const edge = () => [
    record<Incoming, ToolPart>(deps), // outermost: refusals are recorded too
    noteError,
    admit<Incoming, ToolPart>(({ problem }) => problem),
    authenticate<Incoming, ToolPart>(deps.access),
  ]
  const guarding = {
    guardsOf: ({ principal }: Call, attempt: Attempt) =>
      attempt.type === 'forward' ? deps.guards().choose(principal, { kind: 'tools', name: nameOfWork(attempt) }) : [],
    texts: guardedTexts,
    judges: deps.judges,
  }
  const call = pipeline<Incoming, ToolPart>(
    edge(),
    receive(
      (call, incoming) => decode(tools, call, incoming),
      pipeline<Attempt, ToolPart>(
        [
          authorize((call, attempt) => permit(tools, call, attempt)), // the same function filters the lists
          limit({ ...deps.money, subjectOf: nameOfWork, isCounted: isWork }),
          admit(argumentsProblem), // what does not fit the tool's schema need not trouble its server
          guardInput(guarding),
          holdId, // an id is one request's, for as long as that runs
          keepBodies({
            store: deps.bodies,
            keeping: deps.bodyKeeping,
            requestOf: ({ frame }) => frame.text,
            bytesOf: (part) => Buffer.from(part.text),
          }),
          guardOutput(guarding),
          dispatch({ sizeOf: (part) => Buffer.byteLength(part.text) }),
        ],
        (call, attempt) => (attempt.type === 'forward' ? send(call, attempt) : serveList(tools, call, attempt)),
      ),
    ),
  )
  /** What the gateway says itself, on the aggregate: no server is asked. */
  const answer = pipeline<Incoming, ToolPart>(edge(), (call, incoming) => answerHere(tools, call, incoming))
  const http = createHttp({ ...tools, call, answer })
  return {
    ...http,
    reconfigure: () => {
      tools.servers.sync(deps.settings().servers)
      // What a team may use may be another now, also where its servers are the same.
      for (const session of tools.sessions.list()) session.announceTools()
    },
    closeStreams: () => {
      for (const session of tools.sessions.list()) session.closeStream()
    },
    close: async () => {
      await tools.sessions.close(new GatewayError('shutting_down', 'The gateway was shut down.'))
      await tools.servers.close()
    },
  }
}

function assemble(deps: ToolsDeps): Tools {
  const sessions = new Sessions(deps.world, () => deps.settings().sessions)
  const servers: Servers = new Servers(deps, {
    onTools: () => {
      catalog.forget()
      for (const session of sessions.list()) if (session.server === undefined) session.announceTools()
    },
    onRemoved: (server) => sessions.removeOf(server),
  })
  const catalog = new Catalog(servers, deps.world, deps.access)
  servers.sync(deps.settings().servers)
  return { ...deps, servers, sessions, catalog }
}
