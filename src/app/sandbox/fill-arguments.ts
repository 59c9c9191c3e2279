import { isObject, type Json, type JsonObject } from '../../core/json.ts'

/** Schemas nest as deep as their author likes. */
const MAX_DEPTH = 8

/**
 * Makes arguments that fit the schema of a tool: its required properties, texts being what the user said, numbers 1, booleans true, and of
 * a choice the first. The same every time.
 * @returns undefined where it cannot tell what would fit
 */
export function fillArguments(schema: Json | undefined, said: string): JsonObject | undefined {
  if (schema === undefined) return {}
  const filled = fill(schema, said, MAX_DEPTH)
  return isObject(filled) ? filled : undefined
}

function fill(schema: Json, said: string, depth: number): Json | undefined {
  if (schema === true) return said
  if (!isObject(schema) || depth === 0 || '$ref' in schema) return undefined
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  if (schema.default !== undefined) return schema.default
  const choices: Json | undefined = schema.anyOf ?? schema.oneOf
  if (Array.isArray(choices)) return choices.map((choice: Json) => fill(choice, said, depth - 1)).find((value) => value !== undefined)
  return fillType(schema, said, depth)
}

function fillType(schema: JsonObject, said: string, depth: number): Json | undefined {
  const type: Json | undefined = Array.isArray(schema.type) ? schema.type.find((each: Json) => each !== 'null') : schema.type
  switch (type) {
    case 'string':
      return typeof schema.maxLength === 'number' ? said.slice(0, schema.maxLength) : said
    case 'number':
    case 'integer':
      return withinBounds(1, schema)
    case 'boolean':
      return true
    case 'array':
      return fillArray(schema, said, depth)
    case 'object':
    case undefined:
      return fillObject(schema, said, depth)
    default:
      return type === 'null' ? null : undefined
  }
}

function withinBounds(wanted: number, { minimum, maximum }: JsonObject): number {
  if (typeof minimum === 'number' && wanted < minimum) return minimum
  return typeof maximum === 'number' && wanted > maximum ? maximum : wanted
}

function fillArray(schema: JsonObject, said: string, depth: number): Json | undefined {
  const count = typeof schema.minItems === 'number' ? schema.minItems : 0
  if (count === 0) return []
  const item = fill(schema.items ?? true, said, depth - 1)
  return item === undefined || count > 1 ? undefined : [item]
}

function fillObject(schema: JsonObject, said: string, depth: number): JsonObject | undefined {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const required: readonly Json[] = Array.isArray(schema.required) ? schema.required : []
  const entries = required.map((name) => {
    const key = String(name)
    return [key, fill((Object.hasOwn(properties, key) ? properties[key] : undefined) ?? true, said, depth - 1)] as const
  })
  return entries.every(([, value]) => value !== undefined) ? Object.fromEntries(entries) : undefined
}
