import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import { readObject, wrong } from './read.ts'

const TYPES: ReadonlySet<unknown> = new Set(['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'])
/** Keys under which schemas stand by name, in a list, and alone. */
const NAMED: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const LISTED: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const NESTED: ReadonlySet<string> = new Set(['additionalProperties', 'not', 'contains', 'propertyNames', 'if', 'then', 'else'])

/**
 * A caller's JSON Schema. What its keywords hold is looked at, so that the caller is told which one is wrong; what a provider makes of them
 * is the provider's to say.
 * @throws invalid_request
 */
export function readSchema(value: Json | undefined, path: string): JsonObject {
  const schema = readObject(value, path)
  checkSchema(schema, path)
  return schema
}

function checkSchema(schema: JsonObject, path: string): void {
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || value === null) continue
    const at = `${path}.${key}`
    if (key === 'type') checkType(value, at)
    else if (NAMED.has(key)) for (const [name, one] of Object.entries(readObject(value, at))) checkOne(one, `${at}.${name}`)
    else if (LISTED.has(key) || (key === 'items' && Array.isArray(value))) checkList(value, at)
    else if (NESTED.has(key) || key === 'items') checkOne(value, at)
    else if (key === 'required') checkNames(value, at)
    else if (key === 'enum' && !Array.isArray(value)) throw wrong(at, 'must be a list')
  }
}

function checkOne(value: Json | undefined, path: string): void {
  if (typeof value === 'boolean') return
  if (!isObject(value)) throw wrong(path, 'must be a JSON Schema: an object, or true or false')
  checkSchema(value, path)
}

function checkList(value: Json, path: string): void {
  if (!Array.isArray(value)) throw wrong(path, 'must be a list of schemas')
  value.forEach((one: Json, index: number) => {
    checkOne(one, `${path}[${index}]`)
  })
}

function checkType(value: Json, path: string): void {
  const types: readonly Json[] = Array.isArray(value) ? value : [value]
  if (!types.every((type) => TYPES.has(type)))
    throw wrong(path, 'must be object, array, string, integer, number, boolean or null, or a list of them')
}

function checkNames(value: Json, path: string): void {
  if (!Array.isArray(value) || !value.every((name: Json) => typeof name === 'string')) throw wrong(path, 'must be a list of names')
}
