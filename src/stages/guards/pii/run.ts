/** Groups of digits with separators between them, from one place on. */
export interface DigitRun {
  readonly from: number
  /** Just after each group. */
  readonly ends: readonly number[]
  /** What stands between a group and the next. */
  readonly gaps: readonly string[]
  readonly groups: readonly string[]
  /** What stands in front: `+`, `(`, `+(`, or nothing. */
  readonly lead: string
}

const MAX_GROUPS = 12
const MAX_GROUP = 20
const MAX_GAP = 3

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** A to Z, in any case. */
export function isLatinLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}

/** Letters of alphabets that are written with spaces between the words; the rest of what is not ASCII ends a word. */
function isFarLetter(code: number): boolean {
  return code <= 0x24f ? code !== 0xd7 && code !== 0xf7 : code >= 0x370 && code <= 0x52f
}

/** Whether a character is part of a word: a number that touches one is no number. */
export function isWordCode(code: number): boolean {
  return isLatinLetter(code) || isDigit(code) || code === 95 || (code >= 0xc0 && isFarLetter(code))
}

const FEWEST_DIGITS = 6
const NOT_ASCII = 128
/** What a day of the month ends in: `12. `, `12th`, `12, `. */
const DAY_ENDS = new Set([...'\t .,snrte'].map((character) => character.charCodeAt(0)))

/**
 * Whether a number may be more than a plain one: a date, or digits enough for anything else. Looks at a few characters and makes nothing, as most
 * numbers of a text are plain.
 */
export function isTelling(text: string, from: number): boolean {
  let at = from
  let digits = 0
  let groups = 0
  while (digits < FEWEST_DIGITS && at - from < FEWEST_DIGITS * (1 + MAX_GAP) + 2) {
    const code = text.charCodeAt(at)
    if (isDigit(code)) {
      digits++
      if (!isDigit(text.charCodeAt(at - 1))) groups++
    } else if (!isGapCode(code) && !(at - from < 2 && code === 43)) break
    at++
  }
  // Three groups may be a date, four an address.
  if (digits >= FEWEST_DIGITS || groups >= 3) return true
  // A day in front of the name of its month, or a year of east Asia.
  const end = from + digits
  const next = text.charCodeAt(end)
  return groups > 0 && (next >= NOT_ASCII || DAY_ENDS.has(next))
}

/** Reads the groups from a place at which a digit, `+` or `(` stands. A group that touches a letter or an @ is not among them. */
export function readRun(text: string, from: number): DigitRun {
  const ends: number[] = []
  const gaps: string[] = []
  const groups: string[] = []
  let at = from
  while (at < from + 2 && (text[at] === '+' || text[at] === '(')) at++
  const lead = text.slice(from, at)
  let gap = ''
  while (groups.length < MAX_GROUPS) {
    const start = at
    while (at - start <= MAX_GROUP && isDigit(text.charCodeAt(at))) at++
    if (at === start || at - start > MAX_GROUP || touchesWord(text, at)) break
    if (groups.length > 0) gaps.push(gap)
    groups.push(text.slice(start, at))
    ends.push(at)
    const gapFrom = at
    while (at - gapFrom < MAX_GAP && isGapCode(text.charCodeAt(at))) at++
    if (at === gapFrom) break
    gap = text.slice(gapFrom, at)
  }
  return { from, ends, gaps, groups, lead }
}

function touchesWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 64 || isWordCode(code)
}

function isGapCode(code: number): boolean {
  return code === 32 || (code >= 45 && code <= 47) || code === 40 || code === 41
}
