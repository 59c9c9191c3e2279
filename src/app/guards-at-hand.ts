import { formatProblem } from '../control/config/problems.ts'
import { compileGuards, READY } from '../stages/guards/compile.ts'
import type { Guard } from '../stages/guards/types.ts'
import { type CheckOptions, findConfigFile, readAsGateway } from './check-config.ts'
import { guardNamesOf } from './guard-names.ts'

export { type Tried, type TriedFinding, tryGuards } from '../stages/guards/try.ts'
export { PHASES, type Phase } from '../stages/guards/types.ts'

/** The guards of a configuration, or what is wrong in it. */
export type GuardsAtHand =
  | { readonly type: 'good'; readonly guards: readonly Guard[]; readonly file: string | undefined }
  | { readonly type: 'bad'; readonly lines: readonly string[] }

/** The guards of a configuration file; without one, those that are ready without being written. Starts nothing. */
export function guardsAtHand({ file: named, cwd, env }: Omit<CheckOptions, 'file'> & { readonly file: string | undefined }): GuardsAtHand {
  const file = named ?? findConfigFile(cwd)
  const ready = [{ path: [], names: READY }]
  if (file === undefined) return { type: 'good', guards: compileGuards({}, ready, () => []).all, file }
  const result = readAsGateway({ file, cwd, env })
  if (result.type === 'rejected') return { type: 'bad', lines: result.problems.map(formatProblem) }
  const { config } = result.snapshot
  const { all } = compileGuards(config.guards, guardNamesOf(config), () => [])
  return { type: 'good', guards: all.length === 0 ? compileGuards({}, ready, () => []).all : all, file }
}
