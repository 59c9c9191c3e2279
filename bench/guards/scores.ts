import type { Expected, Labelled } from './read-set.ts'

export type Found = Expected

/** What was right and wrong for one type in one language. */
export interface Score {
  readonly type: string
  readonly lang: string
  right: number
  missed: number
  /** Found where nothing of the type stands. */
  wrong: number
  /** Of those that are right, how many have exactly the expected place. */
  exact: number
}

/** Something missed or found in error. */
export interface Mistake extends Expected {
  readonly mistake: 'missed' | 'wrong'
  readonly text: string
}

/** Adds up what a set shows. A finding is right where it covers at least half of what it shares with what is expected. */
export class Scores {
  readonly #scores = new Map<string, Score>()

  take({ text, lang, expects }: Labelled, found: readonly Found[]): readonly Mistake[] {
    const open = new Set(found)
    const mistakes: Mistake[] = []
    for (const expected of expects) {
      const match = [...open].find((each) => each.type === expected.type && overlaps(each, expected))
      const score = this.#scoreOf(expected.type, lang)
      if (match === undefined) {
        score.missed++
        mistakes.push({ mistake: 'missed', ...expected, text: text.slice(expected.from, expected.to) })
        continue
      }
      open.delete(match)
      score.right++
      if (match.from === expected.from && match.to === expected.to) score.exact++
    }
    for (const each of open) {
      // Several sentences of one attack are one: more findings within what was expected are not wrong.
      if (expects.some((expected) => expected.type === each.type && overlaps(each, expected))) continue
      this.#scoreOf(each.type, lang).wrong++
      mistakes.push({ mistake: 'wrong', ...each, text: text.slice(each.from, each.to) })
    }
    return mistakes
  }

  /** By type and language, and by type over all languages (`*`). */
  all(): readonly Score[] {
    const totals = new Map<string, Score>()
    for (const score of this.#scores.values()) {
      const total = totals.get(score.type) ?? { type: score.type, lang: '*', right: 0, missed: 0, wrong: 0, exact: 0 }
      for (const field of ['right', 'missed', 'wrong', 'exact'] as const) total[field] += score[field]
      totals.set(score.type, total)
    }
    return [...totals.values(), ...this.#scores.values()].sort((left, right) =>
      `${left.type} ${left.lang}`.localeCompare(`${right.type} ${right.lang}`),
    )
  }

  #scoreOf(type: string, lang: string): Score {
    const key = `${type} ${lang}`
    const known = this.#scores.get(key)
    if (known !== undefined) return known
    const made: Score = { type, lang, right: 0, missed: 0, wrong: 0, exact: 0 }
    this.#scores.set(key, made)
    return made
  }
}

function overlaps(found: Found, expected: Expected): boolean {
  const shared = Math.min(found.to, expected.to) - Math.max(found.from, expected.from)
  return shared > 0 && shared * 2 >= Math.min(found.to - found.from, expected.to - expected.from)
}

/** The scores as a table. */
export function formatScores(scores: readonly Score[]): string {
  const head = ['type', 'lang', 'precision', 'recall', 'exact', 'right', 'missed', 'wrong']
  const rows = scores.map(({ type, lang, right, missed, wrong, exact }) => [
    ...[type, lang, share(right, right + wrong), share(right, right + missed), share(exact, right)],
    ...[right, missed, wrong].map(String),
  ])
  return [head, ...rows]
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(index === 0 ? 14 : 10))
          .join('')
          .trimEnd()}\n`,
    )
    .join('')
}

function share(part: number, whole: number): string {
  return whole === 0 ? '-' : (part / whole).toFixed(3)
}
