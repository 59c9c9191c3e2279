import { isObject, type Json, type JsonObject } from '../../core/json.ts'

/** Keys under which schemas stand by name, in a list, and alone. */
const NAMED = new Set(['properties', '$defs', 'definitions'])
const LISTED = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const NESTED = new Set(['items', 'additionalProperties', 'not'])

/**
 * Whether OpenAI takes a schema as strict: each object of it is closed, and requires all of its properties.
 * Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas (read 2026-11-21).
 */
export function isStrictSchema(schema: JsonObject): boolean {
  if (isOfObjects(schema)) {
    const required: readonly Json[] = Array.isArray(schema.required) ? schema.required : []
    const names = isObject(schema.properties) ? Object.keys(schema.properties) : []
    if (schema.additionalProperties !== false || names.some((name) => !required.includes(name))) return false
  }
  return childrenOf(schema).every(isStrictSchema)
}

function childrenOf(schema: JsonObject): readonly JsonObject[] {
  return Object.entries(schema).flatMap(([key, value]): readonly JsonObject[] => {
    if (NAMED.has(key)) return isObject(value) ? Object.values(value).filter(isObject) : []
    if (LISTED.has(key)) return Array.isArray(value) ? value.filter(isObject) : []
    return NESTED.has(key) && isObject(value) ? [value] : []
  })
}

function isOfObjects({ type, properties }: JsonObject): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || (type === undefined && properties !== undefined)
}

/** Why a narrowed schema is a loss. */
export const PART_OF_SCHEMA = 'this provider holds a model to a part of JSON Schema, and to closed objects; the rest stands in descriptions'

/** A schema that Claude can be held to, and whether it says less than the one that was given. */
export interface NarrowedSchema {
  readonly schema: JsonObject
  readonly isChanged: boolean
}

/** What Claude reads of a schema besides the schemas in it. */
const READ = new Set(['type', 'enum', 'const', 'description', 'title', 'default', 'required', '$ref'])
/** What says nothing of the answer. */
const SILENT = new Set(['$schema', '$id', '$comment'])
const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])

/**
 * A schema without what Claude refuses: bounds of numbers, lengths and lists, patterns, open objects. What is left out is said in the
 * description, as the official SDKs do, where the model can read it.
 * Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations (read 2026-11-21).
 */
export function narrowSchema(schema: JsonObject): NarrowedSchema {
  const said = { isChanged: false }
  return { schema: narrow(schema, said), isChanged: said.isChanged }
}

function narrow(schema: JsonObject, said: { isChanged: boolean }): JsonObject {
  const made: Record<string, Json | undefined> = {}
  const unread: string[] = []
  const inner = (value: Json): Json => (isObject(value) ? narrow(value, said) : value)
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || SILENT.has(key) || key === 'additionalProperties') continue
    if (NAMED.has(key) && isObject(value)) {
      made[key] = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one ?? null)]))
    } else if ((key === 'anyOf' || key === 'oneOf' || key === 'allOf') && Array.isArray(value)) {
      said.isChanged ||= key === 'oneOf'
      made[key === 'oneOf' ? 'anyOf' : key] = value.map(inner)
    } else if (key === 'items') made.items = inner(value)
    else if (isRead(key, value)) made[key] = value
    else unread.push(`${key}: ${JSON.stringify(value)}`)
  }
  if (unread.length > 0) made.description = [schema.description, `{${unread.join(', ')}}`].filter(Boolean).join('\n\n')
  if (isOfObjects(schema)) made.additionalProperties = false
  said.isChanged ||= unread.length > 0 || (isOfObjects(schema) && schema.additionalProperties !== false)
  return made
}

function isRead(key: string, value: Json): boolean {
  if (key === 'format') return typeof value === 'string' && FORMATS.has(value)
  return READ.has(key) || (key === 'minItems' && (value === 0 || value === 1))
}
