import { isObject } from '../../core/json.ts'
import { OnDemand } from '../../core/on-demand.ts'
import type { ConfigProblem, Section } from '../../core/section.ts'
import { completeConfig, type Readers, reasonOf, sha256 } from './complete.ts'
import { type ConfigDocument, parseConfigText } from './document.ts'
import { type Effective, effectiveConfig } from './effective.ts'
import { explainIssues, type Finding, kindOf, unknownKey } from './issues.ts'
import { type LocatedProblem, sortProblems } from './problems.ts'
import { type ConfigOf, describeConfig, ownProperty, type SchemaNode } from './schema.ts'

/** What loading needs beside the text. */
export interface LoadOptions<Sections extends readonly Section[]> extends Readers {
  /** Path of the file. Relative paths in it start at its folder. */
  readonly file: string
  /** How problems name the file; left out: by its path. */
  readonly shownAs?: string
  readonly sections: Sections
  /** What no section can see by itself. Asked only where nothing else is wrong. Pure. */
  readonly checkWhole?: (config: ConfigOf<Sections>) => readonly ConfigProblem[]
}

/** A configuration that is in force, or could be. Immutable. */
export interface ConfigSnapshot<Config> {
  readonly config: Config
  /** Changes whenever the file or a secret does: 12 hexadecimal digits. */
  readonly revision: string
  /** As `shownAs`. */
  readonly file: string
  /** Every value that is in force and where each comes from. Worked out when it is asked for: a gateway never does. */
  readonly effective: () => Effective
}

/** A snapshot, or all that is wrong, in the order of the file. */
export type LoadResult<Config> =
  | { readonly type: 'loaded'; readonly snapshot: ConfigSnapshot<Config> }
  | { readonly type: 'rejected'; readonly problems: readonly LocatedProblem[] }

/** Reads a configuration from a text. Pure but for the readers; never throws. */
export function loadConfig<const Sections extends readonly Section[]>(
  text: string,
  options: LoadOptions<Sections>,
): LoadResult<ConfigOf<Sections>> {
  const { file, sections } = options
  const document = parseConfigText(text)
  const shown = options.shownAs ?? file
  const reject = (findings: readonly Finding[]) => rejected(shown, document, findings)
  if (!document.isReadable) return reject([])
  if (text.trim() === '') return reject([atTop('the file is empty; `signalbox init` writes one to begin with')])
  // To describe all sections takes longer than to check them, and a file without mistakes rarely needs it.
  const schema = new OnDemand(() => describeConfig(sections))
  const value = holdsNull(document.value) ? fillEmpty(document.value, schema.get()) : (document.value ?? {})
  if (!isObject(value)) return reject([atTop(`the file must be a mapping of keys, and is ${kindOf(value)}`)])
  const parsed = parseSections(value, sections, schema)
  const completed = completeConfig(parsed.config, file, options)
  const findings = [...parsed.findings, ...ofValues(completed.problems), ...checkSections(completed.config, sections, value)]
  if (findings.length > 0 || document.faults.length > 0) return reject(findings)
  // Every section was parsed by its own schema, and completing changes no type.
  const config = completed.config as ConfigOf<Sections>
  const problems = options.checkWhole?.(config) ?? []
  if (problems.length > 0) return reject(ofValues(problems))
  const revision = sha256([text, ...completed.digests].join('\n')).slice(0, 12)
  return { type: 'loaded', snapshot: { config, revision, file: shown, effective: () => effectiveConfig(document, value, schema.get()) } }
}

/** Reads a configuration from its file. Never throws: a file that cannot be read is a problem. */
export function readConfig<const Sections extends readonly Section[]>(options: LoadOptions<Sections>): LoadResult<ConfigOf<Sections>> {
  let text: string
  try {
    text = options.readFile(options.file)
  } catch (thrown) {
    const message = `the file cannot be read: ${reasonOf(thrown)}`
    return { type: 'rejected', problems: [{ file: options.shownAs ?? options.file, line: 1, column: 1, path: [], message }] }
  }
  return loadConfig(text, options)
}

/** Parses each section by itself, so that a problem in one does not hide those of another. */
function parseSections(value: Readonly<Record<string, unknown>>, sections: readonly Section[], schema: OnDemand<SchemaNode>) {
  const names = new Set(sections.map(({ name }) => name))
  const strangers = Object.keys(value).filter((key) => !names.has(key) && key !== '$schema')
  const findings: Finding[] = strangers.map((key) => unknownKey([key], schema.get()))
  const config: Record<string, unknown> = {}
  for (const section of sections) {
    const { name } = section
    if (section.leftOut !== undefined && value[name] === undefined) {
      config[name] = section.leftOut.config
      continue
    }
    const parsed = section.schema.safeParse(value[name])
    if (parsed.success) config[name] = parsed.data
    else findings.push(...explainIssues(parsed.error.issues, [name], { value, schema: schema.get() }))
  }
  return { config, findings }
}

function checkSections(config: unknown, sections: readonly Section[], written: Readonly<Record<string, unknown>>): readonly Finding[] {
  if (!isObject(config)) return []
  const present = sections.filter(
    ({ name, leftOut }) => Object.hasOwn(config, name) && (leftOut === undefined || written[name] !== undefined),
  )
  return ofValues(present.flatMap((section) => section.check(config[section.name], written)))
}

function ofValues(problems: readonly Omit<Finding, 'isOfKey'>[]): readonly Finding[] {
  return problems.map((problem) => ({ ...problem, isOfKey: false }))
}

function atTop(message: string): Finding {
  return { path: [], message, isOfKey: false }
}

function rejected(file: string, document: ConfigDocument, findings: readonly Finding[]): LoadResult<never> {
  const located = findings.map(({ path: full, message, isOfKey }) => {
    // A list of one may be written without its brackets: then the file has no step for the item.
    const isListless = typeof full.at(-1) === 'number' && document.known(full).length < full.length
    const path = isListless ? full.slice(0, -1) : full
    return { file, ...(isOfKey ? document.placeOfKey(path) : document.placeOf(path)), path, message }
  })
  return { type: 'rejected', problems: sortProblems([...document.faults.map((fault) => ({ file, ...fault })), ...located]) }
}

/** Whether a key or an item has nothing behind it. Through aliases a value may contain itself, so each is looked at once. */
function holdsNull(value: unknown, seen = new Set<unknown>()): boolean {
  if (value === null) return true
  if (typeof value !== 'object' || seen.has(value)) return false
  seen.add(value)
  return Object.values(value).some((item) => holdsNull(item, seen))
}

/** A mapping with nothing behind its key is an empty mapping; nothing elsewhere is a mistake. */
function fillEmpty(value: unknown, schema: SchemaNode | undefined): unknown {
  // Guided by the schema, which has an end: through aliases a value may contain itself.
  if (schema === undefined) return value
  if (value === null) return schema.type === 'object' ? {} : value
  if (Array.isArray(value)) return value.map((item) => fillEmpty(item, schema.items))
  if (!isObject(value)) return value
  const childOf = (key: string) => ownProperty(schema, key) ?? (schema.additionalProperties || undefined)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillEmpty(item, childOf(key))]))
}
