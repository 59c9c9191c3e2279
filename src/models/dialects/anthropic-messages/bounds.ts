import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { readOutputBound } from '../../neutral/read.ts'
import type { RequestBounds } from '../../types.ts'
import { serviceTierOf } from '../service-tier.ts'

/** Blocks that are text, or are counted as such. */
const TEXT_BLOCKS: ReadonlySet<unknown> = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result', 'search_result'])

/** Reads what bounds the cost of a request, and what about it nobody can bound. @throws invalid_request */
export function readBounds(value: JsonObject): RequestBounds {
  const media = { parts: 0, sizeBytes: 0, kind: '' }
  for (const message of listOf(value.messages)) if (isObject(message)) lookAtBlocks(message.content, media)
  const unbounded = media.parts > 0 ? `${media.kind} among its messages` : findUnbounded(value)
  return {
    choices: 1,
    mediaBytes: media.sizeBytes,
    mediaParts: media.parts,
    ...readOutputBound([['max_tokens', value.max_tokens]]),
    ...serviceTierOf(value.speed === 'fast' ? 'fast' : value.service_tier === 'standard_only' ? 'standard' : value.service_tier),
    ...(unbounded === undefined ? {} : { unbounded }),
  }
}

interface Media {
  parts: number
  sizeBytes: number
  kind: string
}

function lookAtBlocks(content: Json | undefined, media: Media): void {
  for (const block of listOf(content)) {
    if (!isObject(block)) continue
    if (block.type === 'tool_result') lookAtBlocks(block.content, media)
    if (TEXT_BLOCKS.has(block.type)) continue
    const source = isObject(block.source) ? block.source : {}
    media.parts++
    media.sizeBytes += typeof source.data === 'string' ? source.data.length : 0
    media.kind = `a block of type ${JSON.stringify(block.type ?? null).slice(0, 40)}`
  }
}

/** What the provider does or counts by its own measure. */
function findUnbounded(value: JsonObject): string | undefined {
  const own = listOf(value.tools).some((tool) => isObject(tool) && tool.type !== undefined && tool.type !== null && tool.type !== 'custom')
  if (own) return 'a tool of the provider’s own'
  return listOf(value.mcp_servers).length > 0 ? 'MCP servers that the provider calls itself' : undefined
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}
