import { isObject } from '../../core/json.ts'
import type { ConfigDocument } from './document.ts'
import { type ConfigPath, formatPath } from './problems.ts'
import { isSecret, ownProperty, type SchemaNode } from './schema.ts'

/** Where a value comes from. Lines are of the configuration file. */
export type Origin =
  | { readonly type: 'default' }
  | { readonly type: 'file'; readonly line: number }
  | { readonly type: 'env'; readonly line: number; readonly name: string }
  | { readonly type: 'secret-file'; readonly line: number; readonly path: string }

/** Every value that is in force, in the form in which one would write it, secrets as `***`; with the origin of each leaf by its path. */
export interface Effective {
  readonly values: unknown
  readonly origins: ReadonlyMap<string, Origin>
}

const HIDDEN = '***'

/** Lays what the file says over the defaults of the schema. The file's value must have passed that schema. */
export function effectiveConfig(document: ConfigDocument, value: unknown, schema: SchemaNode): Effective {
  const origins = new Map<string, Origin>()

  const table = (node: SchemaNode, written: unknown, path: ConfigPath): unknown => {
    const given = isObject(written) ? written : {}
    const keys = [...Object.keys(node.properties ?? {}), ...Object.keys(given).filter((key) => ownProperty(node, key) === undefined)]
    const entries = keys.flatMap((key) => {
      const child = ownProperty(node, key) ?? (node.additionalProperties || {})
      const isLeftOut = given[key] === undefined && child.default === undefined && !hasDefaults(child)
      return isLeftOut ? [] : [[key, effective(child, given[key], [...path, key])] as const]
    })
    return entries.length === 0 ? leaf(node, {}, path, written !== undefined) : Object.fromEntries(entries)
  }

  const effective = (node: SchemaNode, written: unknown, path: ConfigPath): unknown => {
    if (node.type === 'object') return table(node, written, path)
    const items = node.items
    if (Array.isArray(written) && items?.type === 'object' && written.length > 0) {
      return written.map((item, index) => effective(items, item, [...path, index]))
    }
    return leaf(node, written ?? node.default, path, written !== undefined)
  }

  const leaf = (node: SchemaNode, value: unknown, path: ConfigPath, isWritten: boolean): unknown => {
    const { line } = document.placeOf(path)
    origins.set(formatPath(path), isWritten ? (isSecret(node) ? secretOrigin(value, line) : { type: 'file', line }) : { type: 'default' })
    if (!isSecret(node)) return value
    return Array.isArray(value) ? value.map(() => HIDDEN) : HIDDEN
  }

  return { values: effective(schema, value, []), origins }
}

/** Whether a table that the file does not have still has values. */
function hasDefaults(node: SchemaNode): boolean {
  return (
    node['x-optional'] !== true && Object.values(node.properties ?? {}).some((child) => child.default !== undefined || hasDefaults(child))
  )
}

function secretOrigin(written: unknown, line: number): Origin {
  const reference = Array.isArray(written) ? written[0] : written
  if (typeof reference !== 'string') return { type: 'file', line }
  if (reference.startsWith('env:')) return { type: 'env', line, name: reference.slice('env:'.length) }
  return reference.startsWith('file:') ? { type: 'secret-file', line, path: reference.slice('file:'.length) } : { type: 'file', line }
}
