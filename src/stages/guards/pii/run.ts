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
const NUMBER_GAP = /^[ \-./()]+$/

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95
}

/** Letters of alphabets that are written with spaces between the words; the rest of what is not ASCII ends a word. */
function isFarLetter(code: number): boolean {
  return code >= 0xc0 && code <= 0x24f ? code !== 0xd7 && code !== 0xf7 : code >= 0x370 && code <= 0x52f
}

/** Whether a character is part of a word: a number that touches one is no number. */
export function isWordCode(code: number): boolean {
  return isDigit(code) || isLetter(code) || isFarLetter(code)
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
    gap = text.slice(gapFrom, at)
    if (!NUMBER_GAP.test(gap)) break
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
