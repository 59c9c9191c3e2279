import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml'
import { inspectTree, isMerge, keyText, startOf, type TextFault } from './inspect.ts'
import type { ConfigPath, Position } from './problems.ts'

/** A configuration file, read as YAML 1.2 (of which JSON is a part). */
export interface ConfigDocument {
  /** The plain value of the whole file. Present only where `isReadable`. */
  readonly value: unknown
  /** False where the text is so broken that its value means nothing. */
  readonly isReadable: boolean
  readonly faults: readonly TextFault[]
  /** Where a path stands: its value, or its key where the value is a mapping or a list. What is not there has the place of what should hold it. */
  placeOf(path: ConfigPath): Position
  /** Where the key of a path stands. */
  placeOfKey(path: ConfigPath): Position
  /** The path without the steps at its end that the file does not have. */
  known(path: ConfigPath): ConfigPath
}

/** Merging through anchors that lead back to themselves ends here. */
const MAX_MERGE_DEPTH = 20

/** Parses a configuration file. Never throws. */
export function parseConfigText(text: string): ConfigDocument {
  const lines = new LineCounter()
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false, // they quote the source, and with it secrets
      schema: 'core', // also where a %YAML 1.1 directive asks for another
      resolveKnownTags: false,
      merge: true,
      uniqueKeys: false, // inspectTree finds them, with the place of the first
    })
    const broken = document.errors.map((error) => ({ ...position(error.pos[0]), path: [], message: explain(error) }))
    return broken.length > 0 ? unreadable(oneALine(broken)) : readTree(document, position)
  } catch {
    // Nothing else throws here but the stack, at some thousand levels.
    return unreadable([{ ...TOP, path: [], message: 'is nested too deeply to be read' }])
  }
}

function readTree(document: Document.Parsed, positionOf: (offset: number) => Position): ConfigDocument {
  const faults = inspectTree(document, positionOf)
  if (faults.some(({ path }) => path.length === 0)) return unreadable(faults)
  const place = (path: ConfigPath, prefersKey: boolean): Position => {
    const steps = traceSteps(document, path)
    const last = steps.at(-1)
    const isScalarItself = steps.length === path.length && isScalar(last?.value)
    const node = last?.key !== undefined && (prefersKey || !isScalarItself) ? last.key : (last?.value ?? document.contents)
    return positionOf(startOf(node) ?? 0)
  }
  let value: unknown
  try {
    value = document.toJS()
  } catch {
    // Aliases of aliases that unfold to more than anybody writes by hand.
    return unreadable([{ ...TOP, path: [], message: 'its aliases (*name) unfold to too much; write the values out' }])
  }
  return {
    value,
    isReadable: true,
    faults,
    placeOf: (path) => place(path, false),
    placeOfKey: (path) => place(path, true),
    known: (path) => path.slice(0, traceSteps(document, path).length),
  }
}

const TOP: Position = { line: 1, column: 1 }

function unreadable(faults: readonly TextFault[]): ConfigDocument {
  return { value: undefined, isReadable: false, faults, placeOf: () => TOP, placeOfKey: () => TOP, known: () => [] }
}

/** One step of a path, as far as the file has it. */
interface Step {
  readonly key: Node | undefined
  readonly value: Node | undefined
}

function traceSteps(document: Document.Parsed, path: ConfigPath): readonly Step[] {
  const steps: Step[] = []
  let node = dereference(document, document.contents)
  for (const step of path) {
    const next = typeof step === 'number' ? itemAt(node, step) : entryOf(document, node, step, 0)
    if (next === undefined) break
    steps.push(next)
    node = dereference(document, next.value)
  }
  return steps
}

function itemAt(node: Node | undefined, index: number): Step | undefined {
  const item = isSeq<Node>(node) ? node.items[index] : undefined
  return item === undefined ? undefined : { key: item, value: item }
}

/** The entry of a key: written here (the last one counts), or merged in through `<<`. */
function entryOf(document: Document.Parsed, node: Node | undefined, key: string, depth: number): Step | undefined {
  if (!isMap<Node, Node>(node) || depth > MAX_MERGE_DEPTH) return undefined
  const own = node.items.findLast((pair) => keyText(pair) === key && !isMerge(pair))
  if (own !== undefined) return { key: own.key, value: own.value ?? undefined }
  for (const pair of node.items.filter(isMerge)) {
    const source = dereference(document, pair.value ?? undefined)
    const sources = isSeq<Node>(source) ? source.items.map((item) => dereference(document, item)) : [source]
    for (const merged of sources) {
      const found = entryOf(document, merged, key, depth + 1)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function dereference(document: Document.Parsed, node: Node | null | undefined): Node | undefined {
  return (isAlias(node) ? node.resolve(document) : node) ?? undefined
}

const EXPLANATIONS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'a tab indents this line; YAML allows only spaces there',
  BAD_INDENT: 'the indentation of this line fits nothing above it; the keys of one mapping begin at the same column',
  MISSING_CHAR: 'something is missing before this place: a comma, a space, or a closing quote, ] or }',
  UNEXPECTED_TOKEN: 'this is not expected here; a comma, quote or bracket is missing before it, or is one too many',
  MULTILINE_IMPLICIT_KEY: 'there is a key without a colon here',
  BLOCK_AS_IMPLICIT_KEY: 'a second "key: value" begins on this line; put it on its own line, or the whole value in quotes',
  BLOCK_IN_FLOW: 'an indented list or mapping cannot stand inside [ ] or { }',
  BAD_SCALAR_START: 'a value cannot begin with this character; put the value in quotes',
  BAD_ALIAS: 'a value that begins with * or & goes in quotes',
  MULTIPLE_DOCS: 'a second document begins here; a configuration is one document',
  BAD_DQ_ESCAPE: 'this is no escape of a double-quoted text; write \\\\ for a backslash, or use single quotes',
}

/** What is wrong with the text, in our words: the parser's may quote the text, and with it a secret. */
function explain(error: YAMLError): string {
  if (error.code === 'BAD_INDENT' && error.message.startsWith('Flow')) return 'a { or [ above is not closed before this line'
  if (error.code === 'MISSING_CHAR' && error.message.startsWith('Implicit map keys')) return 'there is a key without a colon here'
  if (error.code === 'MISSING_CHAR' && error.message.endsWith('quote')) return 'a text in quotes is not closed before this place'
  if (error.message.includes('call stack')) return 'is nested too deeply to be read'
  return EXPLANATIONS[error.code] ?? `is not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`
}

/** One mistake often shows as several; the first of a line is the one that helps. */
function oneALine(faults: readonly TextFault[]): readonly TextFault[] {
  return faults.filter((fault, index) => faults.findIndex(({ line }) => line === fault.line) === index)
}
