import { GatewayError } from '../core/errors.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import { encodeRequest } from './frames.ts'
import { exposedName, ruleName } from './tool-names.ts'
import type { Tool } from './types.ts'
import { type Named, shown } from './upstreams/handshake.ts'
import type { Link } from './upstreams/link.ts'

const MAX_PAGES = 100
const MAX_TOOLS = 10_000
/** Of all entries together. They are kept twice, and once more for each key that lists them. */
const MAX_CHARACTERS = 16 * 1024 * 1024

/** The tools of one server, as it listed them. */
export interface ToolTable {
  /** In the server's own order. */
  readonly tools: readonly Tool[]
  readonly byName: ReadonlyMap<string, Tool>
  /** What else stood in the server's answer, `_meta` say. */
  readonly extras: JsonObject
}

/**
 * Asks a server for its tools, page after page.
 * @throws server_*, as the link
 */
export async function readTools(link: Link, named: Named, timeoutMs: number): Promise<ToolTable> {
  const { name: server } = named
  const tools: Tool[] = []
  let extras: JsonObject = {}
  let cursor: string | undefined
  let characters = 0
  for (let page = 0; page < MAX_PAGES && tools.length < MAX_TOOLS; page++) {
    const result = await readPage(link, named, cursor, timeoutMs)
    const { tools: listed, nextCursor, ...rest } = result
    if (!Array.isArray(listed))
      throw new GatewayError('server_malformed', `The server ${server} lists its tools as something that is no list.`)
    for (const entry of listed) {
      const tool = toolOf(server, entry)
      if (tool === undefined || tools.length >= MAX_TOOLS) continue
      characters += tool.rawEntry.length
      tools.push(tool)
    }
    if (characters > MAX_CHARACTERS)
      throw new GatewayError('server_malformed', `The server ${server} lists its tools in more than ${MAX_CHARACTERS} characters.`)
    if (page === 0) extras = rest
    if (typeof nextCursor !== 'string' || nextCursor === cursor) break
    cursor = nextCursor
  }
  return { tools, byName: new Map(tools.map((tool) => [tool.name, tool])), extras }
}

async function readPage(link: Link, named: Named, cursor: string | undefined, timeoutMs: number): Promise<JsonObject> {
  const exchange = link.open({
    encode: (idText) => encodeRequest(idText, 'tools/list', cursor === undefined ? {} : { cursor }),
    timeouts: { callMs: timeoutMs, totalMs: timeoutMs },
  })
  for (;;) {
    const frame = await exchange.next()
    if (frame.type !== 'response') continue
    const { result, error } = frame.body
    if (isObject(result)) return result
    const says = shown(isObject(error) ? error.message : '', named.credentials)
    throw new GatewayError('server_error', `The server ${named.name} does not list its tools: ${says}`)
  }
}

/** An entry of a list as a tool; undefined where it has no name that a call could use. */
function toolOf(server: string, entry: unknown): Tool | undefined {
  if (!isObject(entry) || typeof entry.name !== 'string' || entry.name === '' || entry.name.length > 256) return undefined
  const { name, annotations, inputSchema } = entry
  const shownName = exposedName(server, name)
  return {
    server,
    name,
    exposedName: shownName,
    identity: { name: ruleName(server, name), ...hintsOf(annotations) },
    inputSchema,
    rawEntry: JSON.stringify(entry),
    // The same keys in the same order: only the name is another.
    exposedEntry: JSON.stringify({ ...entry, name: shownName }),
  }
}

function hintsOf(annotations: unknown): { readonly readOnlyHint?: boolean; readonly destructiveHint?: boolean } {
  if (!isObject(annotations)) return {}
  const { readOnlyHint, destructiveHint } = annotations
  return {
    ...(typeof readOnlyHint === 'boolean' ? { readOnlyHint } : {}),
    ...(typeof destructiveHint === 'boolean' ? { destructiveHint } : {}),
  }
}

/** Whether two tables say the same. */
export function isSameTable(left: ToolTable | undefined, right: ToolTable): boolean {
  return (
    left !== undefined &&
    left.tools.length === right.tools.length &&
    left.tools.every(({ rawEntry }, index) => rawEntry === right.tools[index]?.rawEntry)
  )
}
