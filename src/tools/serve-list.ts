import type { Call } from '../core/call.ts'
import { asGatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Reply } from '../core/reply.ts'
import { replyOf } from '../core/stage.ts'
import type { Attempt } from './attempt.ts'
import { rawListFor } from './catalog.ts'
import { absent } from './decode.ts'
import { encodeResult } from './frames.ts'
import type { Tools } from './index.ts'
import { whileWanted } from './send.ts'
import type { ToolPart } from './types.ts'

/**
 * Answers `initialize` and `tools/list` on the endpoint of one server: with what the server said, less what the caller may not use.
 * @throws server_*
 */
export async function serveList(tools: Tools, call: Call, attempt: Attempt): Promise<Reply<ToolPart>> {
  const result = attempt.type === 'initialize' ? await begin(tools, call, attempt) : await list(tools, call, attempt)
  const part = { text: encodeResult(attempt.frame.idText, result), isLast: true }
  return replyOf([part], call.signal)
}

/** Begins the caller's session, and with it a session of its own at the server. */
async function begin({ sessions }: Tools, call: Call, { begun }: Attempt): Promise<string> {
  const { session } = begun
  if (session === undefined) return '{}'
  try {
    const startedMs = call.world.monotonicMs()
    const link = await whileWanted(call, session.connect())
    call.record.facts.providerMs = call.world.monotonicMs() - startedMs
    sessions.add(session)
    // Between the gateway and the server another revision may have been agreed; with the caller it is this one.
    const greeting: JsonObject = { ...link.greeting, protocolVersion: session.revision }
    return JSON.stringify(greeting)
  } catch (thrown) {
    void session.close(asGatewayError(thrown))
    throw thrown
  }
}

async function list(tools: Tools, call: Call, { server, session }: Attempt): Promise<string> {
  const { access, catalog } = tools
  if (session !== undefined) {
    session.refreshTools()
    return rawListFor(access, call.principal, await whileWanted(call, session.tools()))
  }
  await whileWanted(call, catalog.awaitListOf(server))
  if (server.table === undefined) throw absent(server)
  return rawListFor(access, call.principal, server.table)
}
