import { didYouMean } from '../core/did-you-mean.ts'
import type { ConfigProblem } from '../core/section.ts'
import type { Config } from './sections.ts'

/** Accounts of shadows that are no teams: nothing could bound what their copies cost. */
export function checkShadowAccounts({ models, access }: Config): readonly ConfigProblem[] {
  return (models?.routes ?? []).flatMap(({ shadow }, index) => {
    if (shadow === undefined || Object.hasOwn(access.teams, shadow.account)) return []
    const message = `"${shadow.account}" is no team of access.teams, whose budgets would bound what copies cost${didYouMean(shadow.account, Object.keys(access.teams))}`
    return [{ path: ['models', 'routes', index, 'shadow', 'account'], message }]
  })
}
