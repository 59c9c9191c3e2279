import { Document, isCollection, isMap, isNode, isScalar, isSeq, type Node } from 'yaml'
import type { Origin } from './effective.ts'
import type { ConfigSnapshot } from './load.ts'
import { formatPath } from './problems.ts'

/** Prints a configuration as YAML: every value that is in force, secrets as `***`, and behind each where it comes from. */
export function printConfig(snapshot: ConfigSnapshot<unknown>): string {
  const { values, origins } = snapshot.effective()
  const document = new Document(values, { aliasDuplicateObjects: false })
  const annotate = (node: unknown, path: readonly (string | number)[]): void => {
    const origin = origins.get(formatPath(path))
    if (origin !== undefined && isNode(node)) comment(node, formatOrigin(origin, snapshot.file))
    else if (isMap(node)) for (const { key, value } of node.items) annotate(value, [...path, isScalar(key) ? String(key.value) : ''])
    else if (isSeq(node)) for (const [index, item] of node.items.entries()) annotate(item, [...path, index])
  }
  annotate(document.contents, [])
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

/** Where a value comes from, in a few words: `default`, `signalbox.yaml:4`, `env:OPENAI_API_KEY (signalbox.yaml:4)`. */
export function formatOrigin(origin: Origin, file: string): string {
  switch (origin.type) {
    case 'default':
      return 'default'
    case 'file':
      return `${file}:${origin.line}`
    case 'env':
      return `env:${origin.name} (${file}:${origin.line})`
    case 'secret-file':
      return `file:${origin.path} (${file}:${origin.line})`
    default:
      return origin satisfies never
  }
}

function comment(node: Node, text: string): void {
  node.comment = ` ${text}`
  // A list of words reads better in one line, and its origin is one.
  if (isCollection(node)) node.flow = true
}
