import { readFileSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseDocument, stringify } from 'yaml'
import { isObject } from '../core/json.ts'
import { ImportError } from '../models/import/draft.ts'
import { readScores, type ScoredModel } from '../models/import/scores.ts'
import type { Scores } from '../models/routing/types.ts'
import { checkConfig, findConfigFile } from './check-config.ts'

/** What is asked of an import of scores. Paths as the user wrote them. */
export interface ScoresRequest {
  readonly file: string
  readonly categories?: string | undefined
  readonly configFile?: string | undefined
  /** `name=name in the file`, where a file calls a model in another way. */
  readonly as: readonly string[]
  /** Puts them into the configuration file. */
  readonly isWritten: boolean
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Scores of the models of a configuration, and what was left out. */
export interface ImportedScores {
  readonly configFile: string
  readonly scores: Readonly<Record<string, Scores>>
  readonly yaml: string
  readonly notes: readonly string[]
}

/**
 * Finds the scores of a configuration's models in a file, and puts them at the models where that is wanted.
 * @throws ImportError with file and line
 */
export function importScores(request: ScoresRequest): ImportedScores {
  const { cwd, env } = request
  const configFile = request.configFile ?? findConfigFile(cwd)
  if (configFile === undefined) throw new ImportError(`There is no configuration in ${cwd}; name one with --config FILE.`)
  const checked = checkConfig({ file: configFile, cwd, env })
  if (checked.type === 'bad') throw new ImportError(`The configuration has problems of its own:\n${checked.lines.join('\n')}`)
  const path = resolve(cwd, configFile)
  const document = parseDocument(readText(path, configFile))
  const models = modelsOf(document.toJS())
  const found = readScores({
    text: readText(resolve(cwd, request.file), request.file),
    name: basename(request.file),
    ...(request.categories === undefined ? {} : { categories: readCategories(resolve(cwd, request.categories), request.categories) }),
  })
  const named = new Map(request.as.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const))
  const notes: string[] = []
  const scores: Record<string, Scores> = {}
  for (const [index, { name, id }] of models.entries()) {
    const one = find(found, named.get(name) === undefined ? [name, id] : [named.get(name) ?? ''])
    if (one === undefined) {
      notes.push(`${name}: ${basename(request.file)} has no scores of it; say how it is called there with --as ${name}=NAME`)
      continue
    }
    scores[name] = one.scores
    document.setIn(['models', 'models', index, 'scores'], document.createNode(one.scores, { flow: true }))
  }
  if (request.isWritten) writeFileSync(path, document.toString({ lineWidth: 0 }))
  const list = Object.entries(scores).map(([name, own]) => ({ name, scores: own }))
  return { configFile, scores, yaml: stringify({ models: { models: list } }, { collectionStyle: 'any' }), notes }
}

/** Names are compared without case, without what stands before a slash, and with points as dashes. */
function find(scored: readonly ScoredModel[], names: readonly (string | undefined)[]): ScoredModel | undefined {
  const wanted = names.flatMap((name) => (name === undefined ? [] : [plain(name)]))
  return scored.find(({ model }) => wanted.includes(plain(model)))
}

function plain(name: string): string {
  return name
    .slice(name.lastIndexOf('/') + 1)
    .toLowerCase()
    .replaceAll('.', '-')
}

function modelsOf(config: unknown): readonly { readonly name: string; readonly id: string | undefined }[] {
  const section = isObject(config) && isObject(config.models) ? config.models : {}
  const models = Array.isArray(section.models) ? section.models : []
  return models.flatMap((model) =>
    isObject(model) && typeof model.name === 'string'
      ? [{ name: model.name, id: typeof model.id === 'string' ? model.id : undefined }]
      : [],
  )
}

function readCategories(path: string, shown: string): Readonly<Record<string, readonly string[]>> {
  let value: unknown
  try {
    value = JSON.parse(readText(path, shown))
  } catch (thrown) {
    if (thrown instanceof ImportError) throw thrown
    throw new ImportError(`${shown}:1: is not valid JSON`)
  }
  const isGood =
    isObject(value) && Object.values(value).every((tasks) => Array.isArray(tasks) && tasks.every((task) => typeof task === 'string'))
  if (!isGood) throw new ImportError(`${shown}:1: holds no categories, each with a list of its tasks`)
  // It was just looked at.
  return value as Readonly<Record<string, readonly string[]>>
}

function readText(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    throw new ImportError(`${shown} cannot be read (${thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable'}).`)
  }
}
