import { readEscapes } from './escapes.ts'
import { Lane } from './lane.ts'
import { Placeholders } from './placeholders.ts'
import type { Action, Guard, Phase } from './types.ts'

/** Something that a guard would find. Places are in UTF-16 units of the text. */
export interface TriedFinding {
  readonly guard: string
  readonly action: Action
  readonly kind: string
  /** Absent where it is the text as a whole. */
  readonly from?: number
  readonly to?: number
  readonly value?: string
  readonly reason?: string
}

/** What would become of a text. */
export interface Tried {
  readonly outcome: 'passes' | 'is redacted' | 'is refused'
  readonly findings: readonly TriedFinding[]
  /** The text as it would go on. */
  readonly text: string
}

/** Tries guards on a text. Judges are not asked. */
export function tryGuards(guards: readonly Guard[], phase: Phase, text: string): Tried {
  const asked = guards.filter(({ phases }) => phases.has(phase))
  const findings: TriedFinding[] = []
  for (const guard of asked) {
    for (const detector of guard.wholes) {
      const verdict = detector.check(text)
      const { name, action } = guard
      if (verdict.type === 'found') {
        findings.push({ guard: name, action, kind: verdict.kind, ...(verdict.reason === undefined ? {} : { reason: verdict.reason }) })
      }
    }
  }
  // Places are those of the text as it is looked at: with what its escapes stand for.
  const read = readEscapes(text)
  const placeholders = new Placeholders()
  placeholders.avoid(read)
  const lane = new Lane(asked, {
    onFound: ({ name, action }, { kind, from, to }) => findings.push({ guard: name, action, kind, from, to, value: read.slice(from, to) }),
    replacementOf: (guard, kind, value) => placeholders.hide(kind, value, { isRestored: guard.restores }),
  })
  const passed = lane.end(read)
  const isRefused = findings.some(({ action }) => action === 'block')
  return { outcome: isRefused ? 'is refused' : passed === read ? 'passes' : 'is redacted', findings, text: passed === read ? text : passed }
}
