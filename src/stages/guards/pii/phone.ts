import { foldedPattern } from '../fold.ts'
import type { DigitRun } from './run.ts'

/** Words beside which a number is one to call, in the languages that most write in. */
const PHONE_WORDS = foldedPattern(
  String.raw`(?:\b(?:tel|telephone|telefon|telefono|teléfono|téléphone|telefone|telefoon|telefonnummer|phone|mobile|mobil|móvil|movil|celular|cellulare|cell|handy|portable|gsm|call|fax|whatsapp|sms|text me|reach me|anrufen|appelle|llama|ligue|chiama|bel me|numer|ring)\b|тел|телефон|моб|звони|電話|电话|手机|手機|携帯|連絡先|전화|휴대폰|연락처|هاتف|جوال|फ़ोन|फोन|मोबाइल|โทร)[^\d]{0,16}$`,
  'i',
)
const WORDS_REACH = 40
const LAST_GROUP = 11

/** Between two groups. */
const ANY_GAP = /^(?: ?\(|\) ?-?| ?- ?|[ .])$/

/** How numbers are written without a country code, where the shape alone is telling. */
interface Shape {
  readonly groups: readonly number[]
  readonly digits: RegExp
  /** Left out: spaces, dashes, dots and brackets. */
  readonly gaps?: RegExp
}

const SHAPES: readonly Shape[] = [
  // North America: area code and exchange begin with 2 to 9.
  { groups: [3, 3, 4], digits: /^[2-9]\d\d[2-9]\d{6}$/, gaps: /^(?:\) ?-?|[ .-])$/ },
  { groups: [1, 3, 3, 4], digits: /^1[2-9]\d\d[2-9]\d{6}$/ },
  // Russia and its neighbours, with the trunk prefix.
  { groups: [1, 3, 3, 2, 2], digits: /^[78][3-9]\d{9}$/ },
  // China, mobile.
  { groups: [11], digits: /^1[3-9]\d{9}$/ },
  { groups: [3, 4, 4], digits: /^1[3-9]\d{9}$/ },
  // Brazil.
  { groups: [2, 5, 4], digits: /^[1-9]\d9\d{8}$/ },
  // India, mobile.
  { groups: [5, 5], digits: /^[6-9]\d{9}$/, gaps: /^[ -]$/ },
  // Spain and Portugal, in twos.
  { groups: [3, 2, 2, 2], digits: /^[679]\d{8}$/ },
  // Mobile numbers of Britain, France, the Netherlands and Belgium, unbroken.
  { groups: [11], digits: /^07[1-9]\d{8}$/ },
  { groups: [10], digits: /^0[67]\d{8}$/ },
  { groups: [10], digits: /^04[5-9]\d{7}$/ },
]

const LONGEST_FIRST = 11
const BY_FIRST = Array.from({ length: LONGEST_FIRST + 1 }, (_, count) => SHAPES.filter(({ groups }) => groups[0] === count))

/** Just after a telephone number at the beginning of the run, or -1. */
export function phoneEnd(run: DigitRun, text: string): number {
  const { groups, gaps, lead } = run
  if (groups.length === 0) return -1
  if (lead.startsWith('+')) return longest(run, 8, 15)
  const first = groups[0] ?? ''
  if (lead === '' && /^00[1-9]/.test(first)) return longest(run, 10, 17)
  for (const shape of BY_FIRST[first.length] ?? []) if (fits(run, shape)) return run.ends[shape.groups.length - 1] ?? -1
  if (first.startsWith('0') && first.length >= 2 && gaps.length > 0 && !isDate(groups, gaps)) {
    const end = longest(run, 9, 12)
    if (end !== -1) return end
  }
  if (lead === '(' && gaps[0]?.includes(')')) return longest(run, 8, 12)
  // The words are looked for last: that costs the most.
  const end = longest(run, 7, 15)
  return end !== -1 && PHONE_WORDS.test(text.slice(Math.max(0, run.from - WORDS_REACH), run.from)) ? end : -1
}

function fits({ groups, gaps }: DigitRun, shape: Shape): boolean {
  if (!shape.groups.every((length, index) => groups[index]?.length === length)) return false
  // A longer number is another.
  if (groups[shape.groups.length] !== undefined && !/ /.test(gaps[shape.groups.length - 1] ?? '')) return false
  const between = gaps.slice(0, shape.groups.length - 1)
  if (!between.every((gap) => (shape.gaps ?? ANY_GAP).test(gap))) return false
  return shape.digits.test(groups.slice(0, shape.groups.length).join(''))
}

/** The end of the most groups whose digits are between these counts; groups that a person would not join are left out. */
function longest({ groups, gaps, ends }: DigitRun, fewest: number, most: number): number {
  let count = 0
  let end = -1
  for (const [index, group] of groups.entries()) {
    const gap = gaps[index - 1] ?? ''
    if (index > 0 && (group.length > LAST_GROUP || (gap === ' (' && index > 1) || / - |\. /.test(gap))) break
    count += group.length
    if (count > most) break
    if (count >= fewest) end = ends[index] ?? -1
  }
  return end
}

function isDate(groups: readonly string[], gaps: readonly string[]): boolean {
  return (
    groups.length >= 3 &&
    /^[./-]$/.test(gaps[0] ?? '') &&
    gaps[0] === gaps[1] &&
    (groups[2]?.length === 4 || groups[0]?.length === 4) &&
    Number(groups[1]) <= 12
  )
}
