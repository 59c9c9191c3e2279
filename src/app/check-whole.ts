import type { ConfigProblem } from '../core/section.ts'
import { checkGuards } from './guard-names.ts'
import { checkLayers } from './layer-paths.ts'
import type { Config } from './sections.ts'
import { checkShadowAccounts } from './shadow-accounts.ts'

/** The checks that no section can make by itself. */
export function checkWhole(config: Config): readonly ConfigProblem[] {
  return [...checkLayers(config), ...checkGuards(config), ...checkShadowAccounts(config)]
}
