import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { isObject, type JsonObject } from '../../core/json.ts'
import { type Scores, TASK_KINDS, type TaskKind } from '../routing/types.ts'
import { readTable } from './csv.ts'
import { ImportError } from './draft.ts'

/** Scores of one model, as a file has them. */
export interface ScoredModel {
  /** As the file calls it. */
  readonly model: string
  readonly scores: Scores
}

/** A file of scores. */
export interface ScoreFile {
  readonly text: string
  /** As problems name it; its ending says whether it is CSV. */
  readonly name: string
  /** Of LiveBench: which columns make a category, from `categories_<date>.json`. */
  readonly categories?: Readonly<Record<string, readonly string[]>>
}

type Key = TaskKind | 'default'
const KEYS: ReadonlySet<string> = new Set<Key>([...TASK_KINDS, 'default'])

/** How well-known benchmarks' categories are called here. The rest counts for `default`. */
const CODE_CATEGORIES: ReadonlySet<string> = new Set(['Coding', 'Agentic Coding'])

/**
 * Reads scores from 0 to 100, by model and kind of task. Three shapes are known:
 *
 * - our own: CSV with the columns `model` and any of `code`, `tools`, `schema`, `images`, `long`, `chat`, `default`; or the same as YAML or JSON:
 *   `gpt-5-mini: { code: 61, default: 57 }`.
 * - LiveBench's `table_<date>.csv`: `model` and a column a task. `default` is the mean of its categories, or of its tasks where `categories_<date>.json`
 *   is not given; `code` that of Coding and Agentic Coding. https://github.com/LiveBench/new-livebench (read 2026-11-21)
 * - Aider's `polyglot_leaderboard.yml`: a list of runs, of which `model` and `pass_rate_2` are read, as `code`; of several runs of a model the best.
 *   https://github.com/Aider-AI/aider (aider/website/_data, read 2026-11-21)
 *
 * @throws ImportError that names file and line
 */
export function readScores(file: ScoreFile): readonly ScoredModel[] {
  return /\.csv$/i.test(file.name) ? readCsv(file) : readYaml(file)
}

function readCsv({ text, name, categories }: ScoreFile): readonly ScoredModel[] {
  const [head, ...rows] = readTable(text)
  const columns = head?.cells.map((cell) => cell.trim()) ?? []
  if (columns[0] !== 'model' || columns.length < 2) throw at(name, 1, 'the first line must name the columns: model, and at least one score')
  const isOwn = columns.slice(1).every((column) => KEYS.has(column))
  return rows.map(({ line, cells }) => {
    const values = new Map<string, number>()
    for (const [index, column] of columns.entries()) {
      const cell = cells[index]?.trim() ?? ''
      if (index > 0 && cell !== '') values.set(column, score(cell, { name, line, what: column }))
    }
    const model = cells[0]?.trim() ?? ''
    if (model === '') throw at(name, line, 'names no model')
    if (cells.length > columns.length) throw at(name, line, `has ${cells.length} cells, and the first line names ${columns.length} columns`)
    // Each of the own columns is a key of scores: `isOwn` has looked.
    return { model, scores: isOwn ? (Object.fromEntries(values) as Scores) : ofBenchmark(values, categories) }
  })
}

function ofBenchmark(values: ReadonlyMap<string, number>, categories: ScoreFile['categories']): Scores {
  if (categories === undefined) return { default: rounded(mean([...values.values()])) }
  const means = Object.entries(categories).flatMap(([category, tasks]) => {
    const known = tasks.flatMap((task) => values.get(task) ?? [])
    return known.length === 0 ? [] : [{ category, mean: mean(known) }]
  })
  const code = means.filter(({ category }) => CODE_CATEGORIES.has(category)).map((one) => one.mean)
  const every = means.map((one) => one.mean)
  return { ...(code.length === 0 ? {} : { code: rounded(mean(code)) }), ...(every.length === 0 ? {} : { default: rounded(mean(every)) }) }
}

function readYaml({ text, name }: ScoreFile): readonly ScoredModel[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: 'core' })
  const [broken] = document.errors
  if (broken !== undefined)
    throw at(name, lines.linePos(broken.pos[0]).line, `is not valid YAML (${broken.code.toLowerCase().replaceAll('_', ' ')})`)
  const lineOf = (node: unknown) => lines.linePos((node as Node | null)?.range?.[0] ?? 0).line // a node of this document, or nothing
  const { contents } = document
  if (isSeq(contents))
    return ofRuns(
      contents.items.map((item) => ({ line: lineOf(item), run: (item as Node).toJS(document) })),
      name,
    )
  if (!isMap(contents)) throw at(name, 1, 'holds neither scores by model nor a list of runs')
  return contents.items.map(({ key, value }) => {
    const model = isScalar(key) ? String(key.value) : ''
    if (!isMap(value)) throw at(name, lineOf(key), `${model} has no scores; write ${model}: { default: 50 }`)
    const scores = value.items.map((item) => {
      const kind = isScalar(item.key) ? String(item.key.value) : ''
      const line = lineOf(item.key)
      if (!KEYS.has(kind)) throw at(name, line, `"${kind}" is no kind of task; the kinds are ${[...KEYS].join(', ')}`)
      return [kind, score(isScalar(item.value) ? item.value.value : undefined, { name, line, what: kind })] as const
    })
    // Each key is a key of scores: it was looked at.
    return { model, scores: Object.fromEntries(scores) as Scores }
  })
}

/** The best run of each model counts. */
function ofRuns(runs: readonly { readonly line: number; readonly run: unknown }[], name: string): readonly ScoredModel[] {
  const best = new Map<string, number>()
  for (const { line, run } of runs) {
    const { model, pass_rate_2: rate }: JsonObject = isObject(run) ? run : {}
    if (typeof model !== 'string' || model === '') throw at(name, line, 'names no model')
    const code = score(rate, { name, line, what: 'pass_rate_2' })
    best.set(model, Math.max(code, best.get(model) ?? 0))
  }
  return [...best].map(([model, code]) => ({ model, scores: { code } }))
}

function score(written: unknown, { name, line, what }: { readonly name: string; readonly line: number; readonly what: string }): number {
  const number =
    typeof written === 'number' ? written : typeof written === 'string' && /^\d+(?:\.\d+)?$/.test(written) ? Number(written) : Number.NaN
  if (number >= 0 && number <= 100) return rounded(number)
  throw at(name, line, `${what} is ${JSON.stringify(written ?? null)?.slice(0, 60)}; write a number from 0 to 100`)
}

function at(name: string, line: number, what: string): ImportError {
  return new ImportError(`${name}:${line}: ${what}`)
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
