import type { ConfigProblem } from '../core/section.ts'
import { checkGuardFields, checkGuardNames, type GuardNames } from '../stages/guards/compile.ts'
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
  return [...checkGuardFields(config.guards), ...checkGuardNames(config.guards, guardNamesOf(config))]
}
