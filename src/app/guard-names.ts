import type { ConfigProblem } from '../core/section.ts'
import type { GuardNames } from '../stages/guards/compile.ts'
import { GuardSet } from '../stages/guards/guard-set.ts'
import { code } from './code.ts'
import type { Config } from './sections.ts'

/** Every place of a configuration that names guards. */
export function guardNamesOf({ models, access }: Pick<Config, 'models' | 'access'>): readonly GuardNames[] {
  const ofModels = (models?.models ?? []).map(({ guards }, index) => ({ path: ['models', 'models', index, 'guards'], names: guards ?? [] }))
  const ofRoutes = (models?.routes ?? []).map(({ guards }, index) => ({ path: ['models', 'routes', index, 'guards'], names: guards ?? [] }))
  const ofTeams = Object.entries(access.teams).map(([team, { guards }]) => ({
    path: ['access', 'teams', team, 'guards'],
    names: guards ?? [],
  }))
  return [...ofModels, ...ofRoutes, ...ofTeams]
}

/** Names of guards that no guard has. */
export function checkGuards(config: Config): readonly ConfigProblem[] {
  const named = guardNamesOf(config)
  if (!hasGuards(config, named)) return []
  const { checkGuardFields, checkGuardNames } = code.guards()
  return [...checkGuardFields(config.guards), ...checkGuardNames(config.guards, named)]
}

/** The guards of a configuration, ready to be chosen from. */
export function guardsOf(config: Config): GuardSet {
  const named = guardNamesOf(config)
  const ofTeam = (team: string) => config.access.teams[team]?.guards ?? []
  return hasGuards(config, named) ? code.guards().compileGuards(config.guards, named, ofTeam) : new GuardSet([], ofTeam)
}

function hasGuards({ guards }: Config, named: readonly GuardNames[]): boolean {
  return Object.keys(guards).length > 0 || named.some(({ names }) => names.length > 0)
}
