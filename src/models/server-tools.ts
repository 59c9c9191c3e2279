import { GatewayError } from '../core/errors.ts'
import { isObject, type Json, type JsonObject, objectsIn } from '../core/json.ts'
import type { Stage } from '../core/stage.ts'
import { matchesAny } from '../policy/patterns.ts'
import { parseAgain } from './dialects/decode-body.ts'
import type { ModelCall, ModelPart, WireName } from './types.ts'

/**
 * Refuses requests that offer a model a tool that its provider runs itself (a search, code, a remote MCP server) and that is not allowed.
 * Tools that the caller runs are none of these.
 * @param allowed patterns of names; undefined: all
 * @throws tool_not_allowed
 */
export function guardServerTools(allowed: () => readonly string[] | undefined): Stage<ModelCall, ModelPart> {
  return (call, asked, next) => {
    const patterns = allowed()
    const { request } = asked
    // Nothing to read where nothing is forbidden.
    if (patterns === undefined || !mayOfferTools(request.text)) return next(call, asked)
    const refused = serverToolsIn(request.wire, parseAgain(request.text)).find((name) => !matchesAny(patterns, name))
    if (refused === undefined) return next(call, asked)
    const shown = patterns.length === 0 ? 'none' : patterns.join(', ')
    throw new GatewayError(
      'tool_not_allowed',
      `The tool "${refused.slice(0, 100)}", which the provider would run itself, is not allowed here. Allowed are: ${shown} (models.serverTools).`,
      { param: 'tools' },
    )
  }
}

function mayOfferTools(text: string): boolean {
  return text.includes('tools"') || text.includes('_servers"') || text.includes('web_search_options"') || text.includes('plugins"')
}

/** Names of the tools in a request that its provider would run itself: `web_search`, `code_execution`, `mcp:<server>`. */
export function serverToolsIn(wire: WireName, body: JsonObject): readonly string[] {
  const tools = objectsIn(body.tools)
  switch (wire) {
    case 'anthropic-messages':
      return [
        ...tools.filter(({ type }) => typeof type === 'string' && type !== 'custom').map(({ name, type }) => nameOf(name ?? type)),
        ...objectsIn(body.mcp_servers).map(({ name }) => `mcp:${nameOf(name)}`),
      ]
    case 'gemini':
      return tools.flatMap((tool) => Object.keys(tool).map(snakeCase)).filter((key) => key !== 'function_declarations')
    default:
      return [
        ...tools
          .filter(({ type }) => type !== 'function' && type !== 'custom')
          .map(({ type, server_label: label }) => (type === 'mcp' ? `mcp:${nameOf(label)}` : nameOf(type))),
        ...(isObject(body.web_search_options) ? ['web_search'] : []),
        // OpenRouter's: https://openrouter.ai/docs/guides/features/plugins (read 2026-11-21).
        ...objectsIn(body.plugins).map(({ id }) => (id === 'web' ? 'web_search' : nameOf(id))),
      ]
  }
}

function nameOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
