import type { Principal } from '../core/call.ts'
import type { BodyDetail, BodyKeeping } from '../core/ports.ts'
import type { CurrentSnapshot, Snapshot } from './snapshot.ts'

const LEAST_FIRST: readonly BodyDetail[] = ['off', 'redacted', 'full']

/** How much of bodies is kept, by the configuration in force: the less of what the team and the model say, else what `bodies.store` says. */
export function bodyKeeping(snapshot: CurrentSnapshot): BodyKeeping {
  return {
    detailFor: (principal, subject) => detailOf(snapshot.get(), principal, subject),
    maxBytes: () => snapshot.get().config.bodies.maxSize,
  }
}

function detailOf({ rules, config, catalog, modelBodies }: Snapshot, { team }: Principal, subject: string | undefined): BodyDetail {
  const ofTeam = team === undefined ? undefined : rules.teams[team]?.bodies
  const isOfModel = modelBodies.size > 0 && subject !== undefined
  const ofModel = isOfModel ? modelBodies.get(catalog.configuredName(subject) ?? '') : undefined
  return LEAST_FIRST.find((detail) => detail === ofTeam || detail === ofModel) ?? config.bodies.store
}
