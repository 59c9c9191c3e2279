import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readConfig } from '../control/config/load.ts'
import { formatOrigin, printConfig } from '../control/config/print.ts'
import { formatPath, formatProblem } from '../control/config/problems.ts'
import { checkWhole } from './check-whole.ts'
import { SECTIONS } from './sections.ts'

/** Where a configuration is looked for, best first, when nobody says. */
export const CONFIG_FILES = ['signalbox.yaml', 'signalbox.yml', 'signalbox.json'] as const

/** A problem as a script reads it. */
export interface ReportedProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Such as `models.models[1].provider`; empty where it is the file itself. */
  readonly path: string
  readonly message: string
}

/** What `signalbox check` found. Holds no secret. */
export type ConfigReport =
  | {
      readonly type: 'good'
      readonly file: string
      readonly revision: string
      /** Every value in the form in which one would write it, secrets as `***`. */
      readonly values: unknown
      /** Where each value comes from, by its path. */
      readonly origins: Readonly<Record<string, string>>
      /** The values as YAML, with their origins as comments. */
      readonly yaml: string
    }
  | { readonly type: 'bad'; readonly file: string; readonly problems: readonly ReportedProblem[]; readonly lines: readonly string[] }

/** What a check is made of. */
export interface CheckOptions {
  /** As the user wrote it; relative to `cwd`. */
  readonly file: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The configuration file of a folder, or undefined where it has none. */
export function findConfigFile(cwd: string): string | undefined {
  return CONFIG_FILES.find((name) => existsSync(resolve(cwd, name)))
}

/** Reads a configuration as the gateway would. */
export function readAsGateway({ file, cwd, env }: CheckOptions) {
  return readConfig({
    file: resolve(cwd, file),
    shownAs: file,
    sections: SECTIONS,
    checkWhole,
    readEnv: (name) => env[name],
    readFile: (path) => readFileSync(path, 'utf8'),
  })
}

/** Loads a configuration as the gateway would, and starts nothing. */
export function checkConfig({ file, cwd, env }: CheckOptions): ConfigReport {
  const result = readAsGateway({ file, cwd, env })
  if (result.type === 'rejected') {
    const problems = result.problems.map(({ path, ...rest }) => ({ ...rest, path: formatPath(path) }))
    return { type: 'bad', file, problems, lines: result.problems.map(formatProblem) }
  }
  const { snapshot } = result
  const { values, origins: found } = snapshot.effective()
  const origins = Object.fromEntries([...found].map(([path, origin]) => [path, formatOrigin(origin, file)]))
  return { type: 'good', file, revision: snapshot.revision, values, origins, yaml: printConfig(snapshot) }
}
