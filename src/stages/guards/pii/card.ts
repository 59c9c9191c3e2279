import { passesLuhn } from './checks.ts'
import type { DigitRun } from './run.ts'

/** How cards are written: the lengths of the groups. */
const LAYOUTS: readonly (readonly number[])[] = [
  [13],
  [14],
  [15],
  [16],
  [18],
  [19],
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
  [4, 4, 4, 4, 3],
  [6, 13],
  [4, 4, 4, 1],
]

/** Networks by their first digits, with the lengths that they give out. Source: https://en.wikipedia.org/wiki/Payment_card_number (read 2026-11-21). */
const NETWORKS: readonly { readonly first: RegExp; readonly lengths: readonly number[] }[] = [
  { first: /^4/, lengths: [13, 16, 19] },
  { first: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { first: /^3[47]/, lengths: [15] },
  { first: /^(?:6011|64[4-9]|65|622)/, lengths: [16, 17, 18, 19] },
  { first: /^35(?:2[89]|[3-8])/, lengths: [16, 17, 18, 19] },
  { first: /^3(?:0[0-59]|[689])/, lengths: [14, 15, 16, 17, 18, 19] },
  { first: /^62/, lengths: [16, 17, 18, 19] },
  { first: /^(?:50|5[6-8]|6[37])/, lengths: [13, 14, 15, 16, 17, 18, 19] },
  { first: /^220[0-4]/, lengths: [16, 17, 18, 19] },
]

/** Just after a payment card at the beginning of the run, or -1. */
export function cardEnd(run: DigitRun): number {
  if (run.lead !== '') return -1
  const layout = LAYOUTS.findLast((lengths) => fits(run, lengths))
  if (layout === undefined) return -1
  const digits = run.groups.slice(0, layout.length).join('')
  const isOfNetwork = NETWORKS.some(({ first, lengths }) => first.test(digits) && lengths.includes(digits.length))
  return isOfNetwork && !/^(\d)\1*$/.test(digits) && passesLuhn(digits) ? (run.ends[layout.length - 1] ?? -1) : -1
}

/** What stands between the groups of a card: the same between all. Some are set wide. */
const JOINS: ReadonlySet<string | undefined> = new Set([' ', '  ', '   ', '-', ' - ', '.'])

/** Whether the run begins with groups of these lengths, with the same space or dash between them. */
function fits(run: DigitRun, lengths: readonly number[]): boolean {
  return lengths.every((length, index) => run.groups[index]?.length === length && (index === 0 || isJoin(run, index)))
}

function isJoin({ gaps }: DigitRun, index: number): boolean {
  const gap = gaps[index - 1]
  return JOINS.has(gap) && gap === gaps[0]
}
