import type { JsonObject } from '../../../core/json.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { NeutralRequest, Tool, ToolChoice } from '../../neutral/request.ts'
import { narrowSchema, PART_OF_SCHEMA } from '../../neutral/strict-schema.ts'
import { cachePoint } from './write-messages.ts'

interface ToolContext {
  /** The model caches what stands before a mark among the tools. */
  readonly takesMarks: boolean
  /** The model cannot be made to call a tool. */
  readonly cannotForce: boolean
  readonly losses: Losses
}

/** `toolConfig`. A conversation that used tools must name them, also where none may be called any more. */
export function writeTools(request: NeutralRequest, { takesMarks, cannotForce, losses }: ToolContext): JsonObject | undefined {
  const used = usedTools(request)
  const given = request.tools ?? []
  const choice = given.length === 0 ? undefined : request.toolChoice
  if (choice?.type === 'none' && used.length === 0) return undefined
  if (choice?.type === 'none') losses.approximate('tool_choice', 'this wire cannot forbid the tools that a conversation has used')
  const allowed = choice?.type === 'some' ? new Set(choice.names) : undefined
  const offered = allowed === undefined ? given : given.filter(({ name }) => allowed.has(name))
  if (choice?.type === 'some') losses.emulate('tool_choice', 'the other tools are left out')
  const names = new Set(offered.map(({ name }) => name))
  const missing = used.filter((name) => !names.has(name))
  if (missing.length > 0) losses.emulate('tools', 'this wire wants the tools of the conversation named')
  if (offered.length + missing.length === 0) return undefined
  const described = [...offered, ...missing.map((name) => ({ name, schema: { type: 'object' } }))]
  const tools = described.flatMap((tool: Tool) => [writeTool(tool, losses), ...writeMark(tool, takesMarks, losses)])
  return { tools, toolChoice: writeChoice(choice, cannotForce, losses) }
}

function usedTools({ messages }: NeutralRequest): readonly string[] {
  const names = messages.flatMap(({ content }) => content.flatMap((piece) => (piece.type === 'tool-call' ? [piece.name] : [])))
  return [...new Set(names)]
}

/** Source: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html (read 2026-11-21). */
function writeMark({ cache }: Tool, takesMarks: boolean, losses: Losses): readonly JsonObject[] {
  if (cache === undefined) return []
  if (takesMarks) return [cachePoint(cache)]
  losses.drop('tools.cache_control', 'this model does not cache tools by marks')
  return []
}

function writeTool({ name, description, schema, isStrict }: Tool, losses: Losses): JsonObject {
  const json = Object.keys(schema).length === 0 ? { type: 'object', properties: {} } : schema
  if (!isStrict) return { toolSpec: { name, description, inputSchema: { json } } }
  const narrowed = narrowSchema(json)
  if (narrowed.isChanged) losses.approximate('tools.strict', PART_OF_SCHEMA)
  return { toolSpec: { name, description, inputSchema: { json: narrowed.schema }, strict: true } }
}

function writeChoice(choice: ToolChoice | undefined, cannotForce: boolean, losses: Losses): JsonObject | undefined {
  const isForced = choice?.type === 'required' || choice?.type === 'tool' || (choice?.type === 'some' && choice.isRequired)
  if (isForced && cannotForce) {
    losses.approximate('tool_choice', 'this model cannot be made to call a tool')
    return { auto: {} }
  }
  if (choice?.type === 'tool') return { tool: { name: choice.name } }
  if (isForced) return { any: {} }
  return choice === undefined || choice.type === 'none' ? undefined : { auto: {} }
}
