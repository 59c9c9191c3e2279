import { isObject, type Json, type JsonObject } from '../../../core/json.ts'

/** Keys of a schema under which schemas stand by name, and those under which they stand in a list or alone. */
const NAMED = new Set(['properties', '$defs', 'definitions'])
const NESTED = new Set(['items', 'anyOf', 'any_of', 'additionalProperties'])

/**
 * A `Schema` of this wire (a part of OpenAPI 3.0: types in capitals, `nullable`) as JSON Schema.
 * Source: https://ai.google.dev/api/caching#Schema (read 2026-11-21).
 */
export function toJsonSchema(schema: JsonObject): JsonObject {
  const made: Record<string, Json | undefined> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'nullable' || key === 'propertyOrdering' || key === 'property_ordering') continue
    if (key === 'type' && typeof value === 'string') made.type = value.toLowerCase()
    else if (NAMED.has(key) && isObject(value)) made[key] = mapValues(value)
    else if (NESTED.has(key)) made[key === 'any_of' ? 'anyOf' : key] = convert(value)
    else made[COUNTED[key] ?? key] = COUNTED[key] === undefined ? value : numberOf(value)
  }
  if (schema.nullable === true && typeof made.type === 'string') made.type = [made.type, 'null']
  return made
}

/** Bounds that are written as text (64-bit numbers), by both of their names. */
const COUNTED: Readonly<Record<string, string>> = {
  minItems: 'minItems',
  min_items: 'minItems',
  maxItems: 'maxItems',
  max_items: 'maxItems',
  minLength: 'minLength',
  min_length: 'minLength',
  maxLength: 'maxLength',
  max_length: 'maxLength',
  minProperties: 'minProperties',
  min_properties: 'minProperties',
  maxProperties: 'maxProperties',
  max_properties: 'maxProperties',
}

function numberOf(value: Json | undefined): Json | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
}

function mapValues(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convert(item)]))
}

function convert(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item: Json) => convert(item) ?? null)
  return isObject(value) ? toJsonSchema(value) : value
}
