import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { Reply } from '../core/reply.ts'
import { replyOf } from '../core/stage.ts'
import type { Incoming } from './attempt.ts'
import { encodeResult } from './frames.ts'
import type { Tools } from './index.ts'
import { whileWanted } from './send.ts'
import type { ToolPart } from './types.ts'

/** Answers on the aggregate what needs no server: `initialize` and `tools/list`. @throws method_not_found */
export async function answerHere(tools: Tools, call: Call, incoming: Incoming): Promise<Reply<ToolPart>> {
  const { frame, begun } = incoming
  call.record.facts.sizeInBytes = incoming.sizeBytes
  const method = frame?.method ?? ''
  if (method === 'initialize' && begun.session !== undefined) {
    tools.sessions.add(begun.session)
    return reply(call, incoming, greeting(tools, begun.session.revision))
  }
  if (method === 'tools/list') {
    await whileWanted(call, tools.catalog.awaitLists())
    return reply(call, incoming, tools.catalog.listFor(call.principal))
  }
  throw new GatewayError(
    'method_not_found',
    `There is no method "${method.slice(0, 100)}" at /mcp, which offers tools. What else a server offers is at /mcp/<server>.`,
  )
}

function reply(call: Call, { frame }: Incoming, result: string): Reply<ToolPart> {
  const part = { text: encodeResult(frame?.idText ?? 'null', result), isLast: true }
  call.record.facts.sizeOutBytes = Buffer.byteLength(part.text)
  return replyOf([part], call.signal)
}

/** Nothing is promised that is not there: prompts and resources are at the endpoints of their servers. */
function greeting({ version }: Tools, protocolVersion: string): string {
  return JSON.stringify({
    protocolVersion,
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: 'signalbox', title: 'Signalbox', version },
  })
}
