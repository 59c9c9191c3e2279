import type { Json, JsonObject } from '../../../core/json.ts'
import { freeTool } from '../../neutral/free-tools.ts'
import { readSchema } from '../../neutral/json-schema.ts'
import type { Losses } from '../../neutral/loss.ts'
import { defined, optionalBoolean, optionalString, readList, readObject, readString, reportUnread, wrong } from '../../neutral/read.ts'
import type { Tool, ToolChoice } from '../../neutral/request.ts'
import { readGrammar } from '../grammar.ts'

const READ_FUNCTION = new Set(['type', 'name', 'description', 'parameters', 'strict'])

/** Reads the functions among the tools. Those that a provider runs itself are losses. @throws invalid_request */
export function readTools(value: Json | undefined, losses: Losses): readonly Tool[] | undefined {
  if (value === undefined || value === null) return undefined
  const tools = readList(value, 'tools').flatMap((item, index): readonly Tool[] => {
    const path = `tools[${index}]`
    const tool = readObject(item, path)
    if (tool.type === 'function') {
      reportUnread(tool, READ_FUNCTION, { path, losses })
      return [readFunction(tool, path)]
    }
    if (tool.type === 'custom') return [readCustom(tool, path)]
    losses.drop(path, `only a provider of this wire has tools of the type "${String(tool.type).slice(0, 50)}"`)
    return []
  })
  return tools.length === 0 ? undefined : tools
}

function readFunction(tool: JsonObject, path: string): Tool {
  const { parameters } = tool
  return defined<Tool>({
    name: readString(tool.name, `${path}.name`),
    description: optionalString(tool.description, `${path}.description`),
    schema: parameters === undefined || parameters === null ? {} : readSchema(parameters, `${path}.parameters`),
    isStrict: optionalBoolean(tool.strict, `${path}.strict`),
  })
}

/** A tool of free text. Source: https://platform.openai.com/docs/guides/function-calling#custom-tools (read 2026-11-21). */
function readCustom(tool: JsonObject, path: string): Tool {
  const format = tool.format === undefined || tool.format === null ? {} : readObject(tool.format, `${path}.format`)
  const name = readString(tool.name, `${path}.name`)
  const description = optionalString(tool.description, `${path}.description`)
  return freeTool(name, description, format.type === 'grammar' ? readGrammar(format, `${path}.format`) : {})
}

/** Reads `tool_choice`. @throws invalid_request */
export function readToolChoice(value: Json | undefined, losses: Losses): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  if (value === 'auto' || value === 'none' || value === 'required') return { type: value }
  const choice = readObject(value, 'tool_choice')
  if (choice.type === 'function' || choice.type === 'custom') return { type: 'tool', name: readString(choice.name, 'tool_choice.name') }
  if (choice.type === 'allowed_tools') {
    const tools = readList(choice.tools, 'tool_choice.tools').map((tool, index) => readObject(tool, `tool_choice.tools[${index}]`))
    const names = tools.flatMap((tool, index) =>
      tool.type === 'function' || tool.type === 'custom' ? [readString(tool.name, `tool_choice.tools[${index}].name`)] : [],
    )
    return { type: 'some', names, isRequired: choice.mode === 'required' }
  }
  if (typeof choice.type !== 'string') throw wrong('tool_choice', 'must be auto, none, required, or name a function')
  losses.drop('tool_choice', `only a provider of this wire has tools of the type "${choice.type.slice(0, 50)}"`)
  return undefined
}
