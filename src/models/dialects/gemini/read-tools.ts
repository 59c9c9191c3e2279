import type { Json, JsonObject } from '../../../core/json.ts'
import { readSchema as readJsonSchema } from '../../neutral/json-schema.ts'
import type { Losses } from '../../neutral/loss.ts'
import { defined, optionalString, optionalStrings, readList, readObject, readString, wrong } from '../../neutral/read.ts'
import type { Tool, ToolChoice } from '../../neutral/request.ts'
import { toJsonSchema } from './schema.ts'
import { field } from './words.ts'

/** Reads the functions among the tools. Those that Google runs itself are losses. @throws invalid_request */
export function readTools(value: Json | undefined, losses: Losses): readonly Tool[] | undefined {
  if (value === undefined || value === null) return undefined
  const tools = readList(value, 'tools').flatMap((item, index): readonly Tool[] => {
    const tool = readObject(item, `tools[${index}]`)
    for (const key of Object.keys(tool)) {
      if (key !== 'functionDeclarations' && key !== 'function_declarations') {
        losses.drop(`tools[${index}].${key}`, 'only Google runs this tool')
      }
    }
    const declared = field(tool, 'functionDeclarations')
    const path = `tools[${index}].functionDeclarations`
    return declared === undefined || declared === null
      ? []
      : readList(declared, path).map((one, at) => readFunction(one, `${path}[${at}]`, losses))
  })
  return tools.length === 0 ? undefined : tools
}

function readFunction(value: Json, path: string, losses: Losses): Tool {
  const declared = readObject(value, path)
  if (declared.response !== undefined || field(declared, 'responseJsonSchema') !== undefined) {
    losses.drop(`${path}.response`, 'other wires have no schema for what a tool answers')
  }
  if (declared.behavior !== undefined && declared.behavior !== 'BLOCKING')
    losses.drop(`${path}.behavior`, 'other wires wait for what a tool answers')
  return defined<Tool>({
    name: readString(declared.name, `${path}.name`),
    description: optionalString(declared.description, `${path}.description`),
    schema: readSchema(declared, path),
  })
}

function readSchema(declared: JsonObject, path: string): JsonObject {
  const standard = field(declared, 'parametersJsonSchema')
  if (standard !== undefined && standard !== null) return readJsonSchema(standard, `${path}.parametersJsonSchema`)
  const { parameters } = declared
  return parameters === undefined || parameters === null ? {} : toJsonSchema(readObject(parameters, `${path}.parameters`))
}

/** Reads `toolConfig`. @throws invalid_request */
export function readToolChoice(
  value: Json | undefined,
  { path, losses }: { readonly path: string; readonly losses: Losses },
): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  const config = readObject(value, path)
  if (field(config, 'retrievalConfig') !== undefined) losses.drop(`${path}.retrievalConfig`, 'only Google retrieves by itself')
  const given = field(config, 'functionCallingConfig')
  if (given === undefined || given === null) return undefined
  const calling = readObject(given, `${path}.functionCallingConfig`)
  const names = optionalStrings(field(calling, 'allowedFunctionNames'), `${path}.functionCallingConfig.allowedFunctionNames`) ?? []
  const mode = optionalString(calling.mode, `${path}.functionCallingConfig.mode`)?.toUpperCase() ?? 'AUTO'
  const [first] = names
  switch (mode) {
    case 'NONE':
      return { type: 'none' }
    case 'AUTO':
    case 'VALIDATED':
    case 'MODE_UNSPECIFIED':
      return names.length === 0 ? { type: 'auto' } : { type: 'some', names, isRequired: false }
    case 'ANY':
      if (first === undefined) return { type: 'required' }
      return names.length === 1 ? { type: 'tool', name: first } : { type: 'some', names, isRequired: true }
    default:
      throw wrong(`${path}.functionCallingConfig.mode`, 'must be AUTO, ANY, NONE or VALIDATED')
  }
}
