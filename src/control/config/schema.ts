import { z } from 'zod'
import { isObject } from '../../core/json.ts'
import type { Section } from '../../core/section.ts'
import type { ConfigPath } from './problems.ts'

/** The configuration that a list of sections makes: one key each. */
export type ConfigOf<Sections extends readonly Section[]> = {
  readonly [Each in Sections[number] as Each['name']]: z.output<Each['schema']>
}

/** The part of JSON Schema (draft 7) that a configuration needs, with the unit of a value as `x-unit`. */
export interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly pattern?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly writeOnly?: true
  readonly 'x-unit'?: string
  /** A table that is not there, defaults and all, unless it is written. */
  readonly 'x-optional'?: true
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  /** The schema of every value of a mapping with free keys, or false where no further key is allowed. */
  readonly additionalProperties?: SchemaNode | false
  readonly propertyNames?: SchemaNode
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
}

/** Joins the sections into one JSON Schema, of what is written rather than of what it becomes. */
export function describeConfig(sections: readonly Section[]): SchemaNode {
  const parts = sections.map(({ name, schema }) => {
    const { $schema: _, ...part } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' })
    return [name, tidyKey(part)] as const
  })
  return { type: 'object', properties: Object.fromEntries(parts), additionalProperties: false }
}

/** The JSON Schema that editors and CI read, as the text of signalbox.schema.json. */
export function formatJsonSchema(sections: readonly Section[]): string {
  const { properties, ...rest } = describeConfig(sections)
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of Signalbox',
    description: 'Generated from the code by `npm run docs`. docs/config.md is the same for people.',
    ...rest,
    properties: { $schema: { type: 'string', description: 'Where this schema is, for editors. JSON files only.' }, ...properties },
  }
  return `${JSON.stringify(schema, allowEmpty, 2)}\n`
}

/** The schema of a path, or undefined where none is known. */
export function schemaAt(schema: SchemaNode, path: ConfigPath): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, step) => {
    if (typeof step === 'number') return node?.items ?? node?.anyOf?.find(({ items }) => items !== undefined)?.items
    return ownProperty(node, step) ?? (node?.additionalProperties || undefined)
  }, schema)
}

/** The schema of a key that a mapping names. */
export function ownProperty(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  return node?.properties !== undefined && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined
}

/** Whether what stands here is a secret, alone or in a list. */
export function isSecret(node: SchemaNode | undefined): boolean {
  return node?.writeOnly === true || (node?.anyOf?.some(isSecret) ?? false) || (node?.items !== undefined && isSecret(node.items))
}

/** Zod drops the examples of a value that is transformed, so fields carry them as `x-examples`. The default of a table is its fields' own. */
function tidy(node: unknown): SchemaNode {
  if (!isObject(node)) return {}
  const { 'x-examples': examples, ...rest } = node
  const entries = Object.entries(rest).filter(([key]) => key !== 'default' || rest.properties === undefined)
  const tidied = entries.map(([key, value]) => [key, tidyValue(key, value)] as const)
  // What z.toJSONSchema makes has this shape; only the order and the two keys above were changed.
  return { ...Object.fromEntries(tidied), ...(examples === undefined ? {} : { examples }) } as SchemaNode
}

/** What stands under a key. A table without a default of its own means something only where it is written. */
function tidyKey(part: unknown): SchemaNode {
  const isOptional = isObject(part) && part.properties !== undefined && part.default === undefined
  return isOptional ? { ...tidy(part), 'x-optional': true } : tidy(part)
}

function tidyValue(key: string, value: unknown): unknown {
  if (key === 'properties' && isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, tidyKey(part)]))
  if (key === 'anyOf' && Array.isArray(value)) return value.map(tidy)
  return isObject(value) && key !== 'default' ? tidy(value) : value
}

/** A mapping may be left empty (`ollama:` with nothing behind it), which is null to an editor. */
function allowEmpty(key: string, value: unknown): unknown {
  if (key === 'x-optional') return undefined
  return isObject(value) && value.type === 'object' && value.$schema === undefined ? { ...value, type: ['object', 'null'] } : value
}
