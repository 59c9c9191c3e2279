import type { ConfigProblem } from '../../core/section.ts'

/** Keys and indexes from the top of the file. */
export type ConfigPath = ConfigProblem['path']

/** A line and a column of the file, both from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A problem at its place in the file. Its message holds no secret. */
export interface LocatedProblem extends ConfigProblem, Position {
  /** The file as the user named it. */
  readonly file: string
}

/** Writes a path as a person would: `models.models[1].provider`, `access.teams["a.b"]`. */
export function formatPath(path: ConfigPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    if (!/^[A-Za-z_$][A-Za-z0-9_-]*$/.test(step)) return `${text}[${JSON.stringify(step)}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}

/** One line for people and editors: `signalbox.yaml:4:11 models.models[1].provider: no provider is called "opnai"`. */
export function formatProblem(problem: LocatedProblem): string {
  const path = formatPath(problem.path)
  return `${problem.file}:${problem.line}:${problem.column} ${path === '' ? '' : `${path}: `}${problem.message}`
}

/** Sorts problems in the order of the file. */
export function sortProblems(problems: readonly LocatedProblem[]): readonly LocatedProblem[] {
  return problems.toSorted((left, right) => left.line - right.line || left.column - right.column)
}
