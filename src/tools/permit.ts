import type { Call, Principal } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { ToolIdentity } from '../core/ports.ts'
import type { Attempt } from './attempt.ts'
import { describeUsable, usable } from './catalog.ts'
import type { Tools } from './index.ts'
import { ruleName } from './tool-names.ts'
import type { Server } from './upstreams/server.ts'

/** Methods beside tools that only read. */
const READING: ReadonlySet<string> = new Set([
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
])

/**
 * Refuses what the caller may not do: a tool by the rules for it, and any other method of a server by the same rules, as though it were a
 * tool of that name (`files__resources/read`). @throws tool_not_allowed, server_not_found
 */
export function permit(tools: Tools, call: Call, attempt: Attempt): void {
  const { type, frame, server, tool } = attempt
  const { principal } = call
  if (tool !== undefined) {
    if (tools.access.mayUseTool(principal, tool.identity)) return
    const shown = attempt.isAggregate ? tool.exposedName : tool.name
    throw new GatewayError(
      'tool_not_allowed',
      `This key may not use the tool "${shown}". ${describeUsable(usableNames(tools, principal, attempt))}`,
    )
  }
  // A list holds what the caller may use, be it nothing.
  if (type === 'list') return
  const isAllowed =
    type === 'initialize' ? mayReach(tools, principal, server) : tools.access.mayUseTool(principal, identityOf(server, frame.method))
  if (isAllowed) return
  const what = type === 'initialize' ? `the server ${server.spec.name}` : `${frame.method} of the server ${server.spec.name}`
  throw new GatewayError('tool_not_allowed', `This key may not use ${what}. ${describeUsable(usableNames(tools, principal, attempt))}`)
}

/** What the caller may use at the endpoint where it asks. */
function usableNames(tools: Tools, principal: Principal, { isAggregate, server }: Attempt): readonly string[] {
  if (isAggregate) return tools.catalog.usableNames(principal)
  return usable(tools.access, principal, server.table?.tools ?? []).map(({ name }) => name)
}

/** Whether a principal may use anything of a server. */
export function mayReach({ access }: Tools, principal: Principal, server: Server): boolean {
  if (access.mayUseTool(principal, identityOf(server, 'resources/list'))) return true
  return server.table?.tools.some((tool) => access.mayUseTool(principal, tool.identity)) ?? false
}

function identityOf(server: Server, method: string): ToolIdentity {
  return { name: ruleName(server.spec.name, method), ...(READING.has(method) ? { readOnlyHint: true } : {}) }
}
