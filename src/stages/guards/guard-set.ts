import type { Principal } from '../../core/call.ts'
import { matchesAny } from '../../policy/patterns.ts'
import type { Guard, Scope } from './types.ts'

/** What a call is about, for the choice of its guards. */
export interface Subject {
  readonly kind: 'models' | 'tools' | 'agents'
  /** By the gateway's name. */
  readonly name: string
  /** Names of guards that stand at the model, the route or the server itself. */
  readonly guards?: readonly string[]
}

/** The guards of a configuration. Immutable; a new configuration makes a new one. */
export class GuardSet {
  readonly #guards: readonly Guard[]
  readonly #teams: (team: string) => readonly string[]
  /** A cache of a pure choice. Bounded: a caller can make up names of models under a wildcard. */
  readonly #chosen = new Map<string, readonly Guard[]>()

  /** @param teams names of the guards of a team */
  constructor(guards: readonly Guard[], teams: (team: string) => readonly string[]) {
    this.#guards = guards
    this.#teams = teams
  }

  /** In the order of the configuration. */
  get all(): readonly Guard[] {
    return this.#guards
  }

  /** The guards of a call, in the order of the configuration. */
  choose(principal: Principal, subject: Subject): readonly Guard[] {
    if (this.#guards.length === 0) return NONE
    const key = [principal.team, principal.keyId, subject.kind, subject.name].join('\0')
    const before = this.#chosen.get(key)
    if (before !== undefined) return before
    const named = new Set([...(subject.guards ?? []), ...(principal.team === undefined ? [] : this.#teams(principal.team))])
    const chosen = this.#guards.filter((guard) => named.has(guard.name) || (guard.on !== undefined && fits(guard.on, principal, subject)))
    if (this.#chosen.size >= MAX_CHOSEN) this.#chosen.clear()
    this.#chosen.set(key, chosen)
    return chosen
  }
}

const NONE: readonly Guard[] = []
const MAX_CHOSEN = 4096

function fits(scope: Scope, principal: Principal, subject: Subject): boolean {
  const { teams, keys, routes } = scope
  if (teams !== undefined && !(principal.team !== undefined && matchesAny(teams, principal.team))) return false
  if (keys !== undefined && !(principal.keyId !== undefined && keys.includes(principal.keyId))) return false
  // A scope that names models is one for model calls, and so on; one that names none of the three is for all of them.
  const isForSome = scope.models !== undefined || scope.tools !== undefined || scope.agents !== undefined || routes !== undefined
  if (!isForSome) return true
  // Callers name routes as they name models.
  const patterns = subject.kind === 'models' ? [...(scope.models ?? []), ...(routes ?? [])] : (scope[subject.kind] ?? [])
  return matchesAny(patterns, subject.name)
}
