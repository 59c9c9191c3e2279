import { didYouMean } from '../../core/did-you-mean.ts'
import type { ConfigProblem } from '../../core/section.ts'
import { type GuardConfig, type GuardsConfig, type GuardTypeName, PLAIN, TYPES, typeOf } from './config.ts'
import { GUARD_TYPES, type GuardType } from './detectors.ts'
import { GuardSet } from './guard-set.ts'
import type { DetectorSource, Guard, SpanDetector } from './types.ts'

/** A place of the configuration that names guards. */
export interface GuardNames {
  readonly path: readonly (string | number)[]
  readonly names: readonly string[]
}

/** The guards of a checked configuration, and those that are named somewhere and ready without being written. Pure. */
export function compileGuards(config: GuardsConfig, named: readonly GuardNames[], teams: (team: string) => readonly string[]): GuardSet {
  const written = Object.entries(config).map(([name, guard]) => compileGuard(name, guard))
  const ready = [...new Set(named.flatMap(({ names }) => names))].filter((name) => !Object.hasOwn(config, name))
  return new GuardSet([...written, ...ready.map((name) => compileGuard(name, PLAIN))], teams)
}

/** What does not go together within a guard: fields of another kind, fields that are missing, an action that its kind cannot take. */
export function checkGuardFields(config: GuardsConfig): readonly ConfigProblem[] {
  return Object.entries(config).flatMap(([name, guard]) => {
    const type = typeOf(name, guard)
    return type === undefined ? [] : fieldProblems(['guards', name], type, guard)
  })
}

function fieldProblems(path: readonly string[], type: GuardTypeName, guard: GuardConfig): readonly ConfigProblem[] {
  const row = ROWS[type]
  // Those with a default are always there.
  const strange = Object.keys(guard).filter(
    (key) => !Object.hasOwn(PLAIN, key) && !COMMON_FIELDS.includes(key) && !row.fields.some((field) => field === key),
  )
  const missing = row.needs.filter((field) => guard[field] === undefined)
  const cannotRedact = guard.action === 'redact' && !row.canRedact
  return [
    ...strange.map((key) => ({
      path: [...path, key],
      message: `means nothing to a guard of the kind ${type}; it has ${row.fields.join(', ') || 'no fields of its own'}`,
    })),
    ...missing.map((field) => ({ path, message: `needs ${field}, as every guard of the kind ${type}` })),
    ...(cannotRedact
      ? [
          {
            path: [...path, 'action'],
            message: `cannot be redact: a guard of the kind ${type} says that something is wrong, and not where`,
          },
        ]
      : []),
  ]
}

const COMMON_FIELDS: readonly string[] = ['type', 'action', 'phases', 'on']

/** Names that no guard has. */
export function checkGuardNames(config: GuardsConfig, named: readonly GuardNames[]): readonly ConfigProblem[] {
  const known = [...Object.keys(config), ...READY.filter((name) => !Object.hasOwn(config, name))]
  return named.flatMap(({ path, names }) =>
    names.flatMap((name, index) =>
      known.includes(name)
        ? []
        : [
            {
              path: [...path, index],
              message: `no guard is called "${name}"${didYouMean(name, known)}; write it under guards (ready without that: ${READY.join(', ')})`,
            },
          ],
    ),
  )
}

const ROWS: Readonly<Record<GuardTypeName, GuardType>> = GUARD_TYPES

/** Kinds that need nothing written: they are ready under their own name. */
export const READY: readonly string[] = TYPES.filter((type) => ROWS[type].needs.length === 0)

/** Makes one guard. */
export function compileGuard(name: string, config: GuardConfig): Guard {
  const type = typeOf(name, config)
  // A checked configuration gives every guard a kind.
  if (type === undefined) throw new Error(`the guard ${name} has no kind`)
  const row = ROWS[type]
  const detectors = row.make(config)
  return {
    name,
    action: config.action ?? row.action,
    phases: new Set(config.phases ?? row.phases),
    on: config.on === 'all' ? {} : config.on,
    onFailure: config.onFailure,
    deadlineMs: config.deadline,
    restores: config.restore,
    spans: detectors.filter((detector) => detector.type === 'spans'),
    wholes: detectors.filter((detector) => detector.type === 'whole'),
    judge: row.judge?.(config),
    source: sourceOf(type, config),
  }
}

function sourceOf(type: GuardTypeName, { kinds, patterns, longest, words }: GuardConfig): DetectorSource {
  return { type, kinds, patterns, longest, words }
}

/** The span detectors of a guard, made again from their source. */
export function detectorsOf({ type, ...fields }: DetectorSource): readonly SpanDetector[] {
  const name = TYPES.find((known) => known === type)
  if (name === undefined) return []
  // What was taken from a checked configuration of the same version.
  return ROWS[name].make({ ...PLAIN, ...fields } as GuardConfig).filter((detector) => detector.type === 'spans')
}
