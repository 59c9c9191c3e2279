import { foldedPattern } from '../fold.ts'
import { isDayOfMonth } from './checks.ts'
import type { DigitRun } from './run.ts'

/** Words in front of which a date is somebody's day of birth. */
const BIRTH_WORDS = foldedPattern(
  String.raw`(?:\b(?:born|birth|birthday|birthdate|birth date|dob|d\.o\.b|geboren|geburtsdatum|geburtstag|geb|née?|naissance|nacid[oa]|nació|nacimiento|cumpleaños|nat[oa]|nascita|compleanno|nascid[oa]|nasceu|nascimento|aniversário|geboorte|geboortedatum|verjaardag|född|födelsedatum|født|fødselsdato|syntynyt|syntymäaika|urodzon[ya]|urodził|urodzenia|narozen[aí]?|doğum)\b|родил|рожден|дата рожд|народж|д\.р|出生|生年月日|生まれ|生日|생년월일|출생|생일|جन्म|ميلاد|जन्म|γέννησ|γεννήθηκ|เกิด)[^\d]{0,36}$`,
  'i',
)
const WORDS_REACH = 56

const MONTHS =
  'jan(?:uary|uar|vier|eiro)?|ene(?:ro)?|gen(?:naio)?|januari|feb(?:ruary|ruar|ruari|braio|rero)?|février|fevrier|fevereiro|mar(?:ch|s|zo|ço)?|märz|mrt|maart|apr(?:il|ile)?|abr(?:il)?|avr(?:il)?|may|mai|mei|mayo|maio|maggio|maj|jun[ei]?|juin|junio|junho|giugno|juni|jul[iy]?|juillet|julio|julho|luglio|juli|aug(?:ust|ustus)?|août|aout|ago(?:sto)?|sep(?:t|tember|tembre|tiembre)?|set(?:embro|tembre)?|okt(?:ober)?|oct(?:ober|obre|ubre)?|out(?:ubro)?|ott(?:obre)?|nov(?:ember|embre|iembre|embro)?|dec(?:ember|embre)?|dez(?:ember|embro)?|dic(?:iembre|embre)?|décembre|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia'
const DAY_MONTH_YEAR = foldedPattern(
  String.raw`\d{1,2}(?:st|nd|rd|th|er|\.|º)?[ \t](?:of |de |d['’])?(?:${MONTHS})\.?,?[ \t](?:de |del )?(?:19|20)\d\d(?!\d)`,
  'iy',
)
const MONTH_DAY_YEAR = foldedPattern(String.raw`(?:${MONTHS})\.?[ \t]\d{1,2}(?:st|nd|rd|th)?,?[ \t](?:19|20)\d\d(?!\d)`, 'iy')
const LONGEST_MONTH = 12
/** From the day on. */
const LONGEST_DATE = 36
const YEAR_NEAR = /(?:19|20)\d\d/
const EAST_ASIAN = /(?:19|20)\d\d ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일号]?/y

/** A day of birth that begins at a digit, or with the month in front of it; undefined where there is none. */
export function birthDate(run: DigitRun, text: string, after: number): Span | undefined {
  if (run.lead !== '') return undefined
  const span = dateSpan(run, text, after)
  if (span === undefined) return undefined
  // The words are looked for last: that costs the most.
  return BIRTH_WORDS.test(text.slice(Math.max(0, span.from - WORDS_REACH), span.from)) ? span : undefined
}

interface Span {
  readonly from: number
  readonly to: number
}

function dateSpan(run: DigitRun, text: string, after: number): Span | undefined {
  const { from } = run
  const end = numericEnd(run)
  if (end !== -1) return { from, to: end }
  if (!YEAR_NEAR.test(text.slice(from, from + LONGEST_DATE))) return undefined
  const eastAsian = matchAt(EAST_ASIAN, text, from)
  if (eastAsian !== undefined) return eastAsian
  const dayFirst = matchAt(DAY_MONTH_YEAR, text, from)
  if (dayFirst !== undefined) return dayFirst
  const month = wordBefore(text, from, after)
  return month === from ? undefined : matchAt(MONTH_DAY_YEAR, text, month)
}

function matchAt(pattern: RegExp, text: string, from: number): Span | undefined {
  pattern.lastIndex = from
  return pattern.test(text) ? { from, to: pattern.lastIndex } : undefined
}

/** Where the word in front of a place begins, with one space between; the place itself where there is none. */
function wordBefore(text: string, from: number, after: number): number {
  const lowest = Math.max(after, from - LONGEST_MONTH)
  if (text[from - 1] !== ' ') return from
  let at = from - 1
  while (at > lowest && text.charCodeAt(at - 1) > 32) at--
  return at
}

const DATE_GAPS: ReadonlySet<string> = new Set(['-', '.', '/', '. '])

function numericEnd({ groups, gaps, ends }: DigitRun): number {
  const [first = '', second = '', third = ''] = groups
  const gap = gaps[0]
  if (gap === undefined || gap !== gaps[1] || !DATE_GAPS.has(gap)) return -1
  const end = ends[2] ?? -1
  if (/^(?:19|20)\d\d$/.test(first)) return isDayOfMonth(Number(third), Number(second)) ? end : -1
  if (!/^(?:(?:19|20)\d\d|\d\d)$/.test(third) || first.length > 2 || second.length > 2) return -1
  return isDayOfMonth(Number(first), Number(second)) || isDayOfMonth(Number(second), Number(first)) ? end : -1
}
