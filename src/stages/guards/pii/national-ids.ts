import { foldedPattern } from '../fold.ts'
import { digitAt, hasDate, passesLuhn, passesMod11and10, passesVerhoeff, remainder, weigh } from './checks.ts'
import type { DigitRun } from './run.ts'

/** A national id of digits. */
interface NationalId {
  readonly country: string
  /** How it is written: lengths of the groups, and what stands between them. */
  readonly written: readonly { readonly groups: readonly number[]; readonly gaps?: RegExp }[]
  readonly check: (digits: string) => boolean
  /** Words that make it out where the digits alone say too little. Left out: they are enough in every way of writing. */
  readonly words?: RegExp
  /** Ways of writing, by their index, that are telling without a word. */
  readonly telling?: readonly number[]
}

const DASH = /^-$/
const DOT = /^\.$/
const SPACE = /^ $/
const WORDS_REACH = 56

/** Words of all countries: `id number`, `national id`. */
const ANY_WORDS = String.raw`\b(?:national id|id[ -]?(?:no|nr|number|card|nummer)|identity (?:card|number)|tax id|social security|personal (?:id|number|code))`

function words(source: string): RegExp {
  return foldedPattern(String.raw`(?:${ANY_WORDS}|${source})[^\d]{0,24}$`, 'i')
}

/** Sources: the pages of each number at https://en.wikipedia.org/wiki/National_identification_number (read 2026-11-21). */
const IDS: readonly NationalId[] = [
  {
    country: 'US',
    written: [{ groups: [3, 2, 4], gaps: DASH }, { groups: [3, 2, 4], gaps: SPACE }, { groups: [9] }],
    check: (digits) => !/^(?:000|666|9)|^...00|0000$|^123456789$|^078051120$/.test(digits),
    words: words(String.raw`\bssn\b`),
    telling: [0],
  },
  {
    country: 'GB',
    written: [{ groups: [3, 3, 4] }, { groups: [10] }],
    check: (digits) => (11 - (weigh(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === digitAt(digits, 9),
    words: words(String.raw`\bnhs\b`),
  },
  {
    country: 'DE',
    written: [{ groups: [2, 3, 3, 3] }, { groups: [11] }],
    check: (digits) => !digits.startsWith('0') && isGermanTaxId(digits) && passesMod11and10(digits),
    words: words(String.raw`steuer|\bidnr|\btin\b|\bidentifikationsnummer`),
    telling: [0],
  },
  {
    country: 'FR',
    written: [{ groups: [1, 2, 2, 2, 3, 3, 2] }, { groups: [13, 2] }, { groups: [15] }],
    check: (digits) =>
      /^[1278]\d\d(?:0[1-9]|1[0-2]|[2-4]\d|50|62|63)/.test(digits) && 97 - remainder(digits.slice(0, 13), 97) === Number(digits.slice(13)),
  },
  {
    country: 'NL',
    written: [{ groups: [4, 2, 3], gaps: DOT }, { groups: [9] }, { groups: [3, 3, 3] }],
    check: (digits) => !digits.startsWith('00') && weigh(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
    words: words(String.raw`\bbsn\b|burgerservice|sofi`),
    telling: [0],
  },
  {
    country: 'BE',
    written: [{ groups: [2, 2, 2, 3, 2] }, { groups: [11] }],
    check: (digits) => isBelgian(digits),
    words: words(String.raw`rijksregister|registre national|\binsz\b|\bniss\b|nationaal nummer`),
    telling: [0],
  },
  {
    country: 'PL',
    written: [{ groups: [11] }],
    check: (digits) =>
      hasDate(digits.slice(0, 2) + String(Number(digits.slice(2, 4)) % 20).padStart(2, '0') + digits.slice(4), 4, 2) &&
      weigh(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
  },
  {
    country: 'SE',
    written: [{ groups: [6, 4], gaps: DASH }, { groups: [8, 4], gaps: DASH }, { groups: [12] }, { groups: [10] }],
    check: (digits) =>
      hasDate(digits.slice(-10), 4, 2) && passesLuhn(digits.slice(-10)) && (digits.length === 10 || /^(?:19|20)/.test(digits)),
    words: words(String.raw`person(?:nummer|nr)|\bpnr\b|samordning`),
    telling: [0, 1, 2],
  },
  {
    country: 'NO',
    written: [{ groups: [6, 5] }, { groups: [11] }],
    check: (digits) =>
      hasDate(digits, 0, 2) &&
      weigh(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
      weigh(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
  },
  {
    country: 'DK',
    written: [{ groups: [6, 4], gaps: DASH }, { groups: [10] }],
    check: (digits) => hasDate(digits, 0, 2),
    words: words(String.raw`\bcpr\b|personnummer`),
    telling: [0],
  },
  {
    country: 'CZ',
    written: [{ groups: [6, 4], gaps: /^\/$/ }],
    check: (digits) => remainder(digits, 11) === 0 && isCzechDate(digits),
  },
  {
    country: 'CH',
    written: [{ groups: [3, 4, 4, 2], gaps: DOT }, { groups: [13] }],
    check: (digits) => digits.startsWith('756') && weigh(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
  },
  {
    country: 'PT',
    written: [{ groups: [9] }, { groups: [3, 3, 3] }],
    check: (digits) => /^[1-3]/.test(digits) && modulo11(weigh(digits, [9, 8, 7, 6, 5, 4, 3, 2])) === digitAt(digits, 8),
    words: words(String.raw`\bnif\b|contribuinte`),
  },
  {
    country: 'TR',
    written: [{ groups: [11] }],
    check: (digits) => isTurkish(digits),
    words: words(String.raw`kimlik|\btc(?:kn)?\b|t\.c\.`),
  },
  {
    country: 'BR',
    written: [{ groups: [3, 3, 3, 2], gaps: /^[.-]$/ }, { groups: [11] }],
    check: (digits) => isBrazilian(digits),
    words: words(String.raw`\bcpf\b`),
    telling: [0],
  },
  {
    country: 'IN',
    written: [{ groups: [4, 4, 4] }, { groups: [12] }],
    check: (digits) => /^[2-9]/.test(digits) && passesVerhoeff(digits),
    words: words(String.raw`aadha+r|\buid(?:ai)?\b|आधार`),
    telling: [0],
  },
  {
    country: 'CN',
    written: [{ groups: [18] }],
    check: (digits) => hasDate(digits, 12, 10) && /^[1-9]\d{5}(?:19|20)/.test(digits) && chineseCheck(digits) === digits.at(-1),
  },
  {
    country: 'JP',
    written: [{ groups: [4, 4, 4] }, { groups: [12] }],
    check: (digits) => modulo11(weigh(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])) === digitAt(digits, 11),
    words: words('マイナンバー|個人番号|my ?number'),
  },
  {
    country: 'KR',
    written: [{ groups: [6, 7], gaps: DASH }],
    check: (digits) => hasDate(digits, 4, 2) && /^.{6}[1-8]/.test(digits),
  },
  {
    country: 'CA',
    written: [{ groups: [3, 3, 3] }, { groups: [9] }],
    check: (digits) => /^[1-79]/.test(digits) && passesLuhn(digits),
    words: words(String.raw`\bs\.?i\.?n\b|social insurance|\bnas\b`),
  },
  {
    country: 'AU',
    written: [{ groups: [3, 3, 3] }, { groups: [9] }],
    check: (digits) => weigh(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
    words: words(String.raw`\btfn\b|tax file`),
  },
  {
    country: 'ZA',
    written: [{ groups: [13] }, { groups: [6, 4, 3] }, { groups: [6, 4, 2, 1] }],
    check: (digits) => hasDate(digits, 4, 2) && /^.{10}[01]/.test(digits) && passesLuhn(digits),
  },
]

interface Written {
  readonly id: NationalId
  readonly way: number
  readonly gaps: RegExp | undefined
}

/** Ways of writing by the lengths of their groups: `3,2,4`. */
const BY_LENGTHS: ReadonlyMap<string, readonly Written[]> = Map.groupBy(
  IDS.flatMap((id) => id.written.map(({ groups, gaps }, way) => ({ id, way, gaps, lengths: groups.join() }))),
  ({ lengths }) => lengths,
)

/** Just after a national id at the beginning of the run, or -1. */
export function nationalIdEnd(run: DigitRun, text: string): number {
  if (run.lead !== '') return -1
  let lengths = ''
  let digits = ''
  for (const [index, group] of run.groups.entries()) {
    lengths += index === 0 ? group.length : `,${group.length}`
    digits += group
    const ways = BY_LENGTHS.get(lengths)
    if (ways === undefined || /^(\d)\1*$/.test(digits)) continue
    if (ways.some((written) => isWritten(run, index + 1, written) && isId(run, text, digits, written))) return run.ends[index] ?? -1
  }
  return -1
}

function isWritten({ groups, gaps }: DigitRun, count: number, { gaps: between }: Written): boolean {
  if (groups[count] !== undefined && gaps[count - 1] !== ' ') return false
  const first = gaps[0] ?? ''
  return gaps
    .slice(0, count - 1)
    .every((gap) => (between === undefined ? gap === first || DASH.test(gap) || DOT.test(gap) : between.test(gap)))
}

function isId(run: DigitRun, text: string, digits: string, { id, way }: Written): boolean {
  if (!id.check(digits)) return false
  if (id.words === undefined || (id.telling?.includes(way) ?? false)) return true
  return id.words.test(text.slice(Math.max(0, run.from - WORDS_REACH), run.from))
}

function modulo11(sum: number): number {
  const rest = sum % 11
  return rest < 2 ? 0 : 11 - rest
}

/** One digit stands twice or three times among the first ten, and the others at most once. */
function isGermanTaxId(digits: string): boolean {
  const counts = new Map<string, number>()
  for (const digit of digits.slice(0, 10)) counts.set(digit, (counts.get(digit) ?? 0) + 1)
  const repeated = [...counts.values()].filter((count) => count > 1)
  return repeated.length === 1 && (repeated[0] ?? 0) <= 3
}

function isBelgian(digits: string): boolean {
  const check = Number(digits.slice(9))
  const month = Number(digits.slice(2, 4)) % 20
  const isChecked = [digits.slice(0, 9), `2${digits.slice(0, 9)}`].some((number) => 97 - remainder(number, 97) === check)
  return isChecked && month <= 12 && Number(digits.slice(4, 6)) <= 31
}

/** 50 or 70 is added to the month of a woman, 20 to that of a day on which the numbers ran out. */
function isCzechDate(digits: string): boolean {
  const month = Number(digits.slice(2, 4)) % 50
  return month % 20 >= 1 && month % 20 <= 12 && Number(digits.slice(4, 6)) >= 1 && Number(digits.slice(4, 6)) <= 31
}

function isTurkish(digits: string): boolean {
  const odd = weigh(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1])
  const even = weigh(digits, [0, 1, 0, 1, 0, 1, 0, 1])
  const tenth = (((odd * 7 - even) % 10) + 10) % 10
  return !digits.startsWith('0') && tenth === digitAt(digits, 9) && (odd + even + tenth) % 10 === digitAt(digits, 10)
}

function isBrazilian(digits: string): boolean {
  const first = modulo11(weigh(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]))
  const second = modulo11(weigh(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]))
  return first === digitAt(digits, 9) && second === digitAt(digits, 10)
}

const CHINESE_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

/** The last character of a Chinese id by its first 17 digits. */
export function chineseCheck(digits: string): string | undefined {
  return '10X98765432'[weigh(digits, CHINESE_WEIGHTS) % 11]
}
