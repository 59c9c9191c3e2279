import type { Finding } from '../types.ts'
import { cardEnd } from './card.ts'
import { birthDate } from './dates.ts'
import { ibanEnd } from './iban.ts'
import { ipv4End, ipv6End } from './ip.ts'
import { letterIdEnd } from './letter-ids.ts'
import { mailAt, signLength } from './mail.ts'
import { nationalIdEnd } from './national-ids.ts'
import { phoneEnd } from './phone.ts'
import { type DigitRun, isDigit, isTelling, isWordCode, readRun } from './run.ts'

/** What can be looked for. */
export const PII_KINDS = ['email', 'phone', 'card', 'iban', 'ip', 'nationalId', 'birthDate'] as const
export type PiiKind = (typeof PII_KINDS)[number]

/** Names of the kinds in findings and placeholders. */
const PII_NAMES = {
  email: 'EMAIL',
  phone: 'PHONE',
  card: 'CARD',
  iban: 'IBAN',
  ip: 'IP',
  nationalId: 'NATIONAL_ID',
  birthDate: 'BIRTH_DATE',
} as const satisfies Record<PiiKind, string>

const COLON = 58
const SPACE = 32
const DASH = 45

/** What may be part of a finding, or lead to one: 1 for digits, 2 for an @, 3 for a colon, 4 for what may stand in front of a colon of an address, 5 for what an @ is written with. */
const TRIGGERS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/\d/.test(character)) return 1
  if (character === '@') return 2
  if (character === '%' || character === '&') return 5
  return character === ':' ? 3 : /[a-f]/i.test(character) ? 4 : 0
})

/**
 * One scan over folded text. Each character is looked at a bounded number of times: only a word with a digit, an @ or colons between
 * hexadecimal digits is looked at closer, within fixed lengths, and then left behind.
 */
export function scanPii(text: string, start: number, wanted: ReadonlySet<PiiKind>): readonly Finding[] {
  const found: Finding[] = []
  /** Nothing in front of `after` can be part of a finding. */
  const search = { after: start, wanted }
  for (let at = nextTrigger(text, start); at !== -1; ) {
    const signed = signLength(text, at)
    const isMail = signed > 0
    const word = isMail ? { from: at, to: at + signed } : wordAround(text, at, search.after)
    const finding = isMail ? mailIn(text, at, search) : personalIn(text, word, search)
    if (finding !== undefined) {
      found.push(finding)
      search.after = finding.to
    }
    at = nextTrigger(text, Math.max(word.to, search.after))
  }
  return found
}

/** The next digit or @, or the first of two colons, or the character in front of a colon that may be within an address; -1 where there is none. */
function nextTrigger(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const trigger = code < 128 ? TRIGGERS[code] : 0
    if (trigger === 0) continue
    if (trigger === 1 || trigger === 2) return at
    if (trigger === 5) {
      if (signLength(text, at) > 0) return at
    } else if (text.charCodeAt(at + 1) === COLON) return at
  }
  return -1
}

interface Word {
  readonly from: number
  readonly to: number
}

/** The word around a place: letters and digits, or nothing but the place where a colon stands there. */
function wordAround(text: string, at: number, after: number): Word {
  let from = at
  let to = at
  while (from > after && isWordCode(text.charCodeAt(from - 1))) from--
  while (to < text.length && isWordCode(text.charCodeAt(to))) to++
  return { from, to: Math.max(to, at + 1) }
}

interface Search {
  readonly after: number
  readonly wanted: ReadonlySet<PiiKind>
}

function mailIn(text: string, at: number, { after, wanted }: Search): Finding | undefined {
  return wanted.has('email') ? mailAt(text, at, after) : undefined
}

/** What begins with this word, or with what leads to it. */
function personalIn(text: string, { from, to }: Word, search: Search): Finding | undefined {
  if (from > 0 && isWordCode(text.charCodeAt(from - 1))) return undefined
  const first = text.charCodeAt(from)
  if (to - from <= 4 && text.charCodeAt(first === COLON ? from : to) === COLON && search.wanted.has('ip')) {
    const end = ipv6End(text, from)
    if (end !== -1) return { from, to: end, kind: PII_NAMES.ip }
  }
  if (first === COLON || isJoined(text, from)) return undefined
  if (!isDigit(first)) return hasDigit(text, from, to) ? lettersAt(text, from, search.wanted) : undefined
  const letters = lettersBefore(text, from, search.after)
  return (
    (letters === from ? undefined : lettersAt(text, letters, search.wanted)) ??
    (search.wanted.has('nationalId') ? withLetters(text, from) : undefined) ??
    numberAt(text, leadBefore(text, from, search.after), search.after, search.wanted)
  )
}

function hasDigit(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (isDigit(text.charCodeAt(at))) return true
  return false
}

/** Where one or two letters begin that stand in front of a number with a space or a dash between, as in `AB 12 34 56 C`. */
function lettersBefore(text: string, from: number, after: number): number {
  const gap = text.charCodeAt(from - 1)
  if (gap !== SPACE && gap !== DASH) return from
  let at = from - 1
  while (at > after && from - at <= 3 && isWordCode(text.charCodeAt(at - 1))) at--
  const isWord = at < from - 1 && from - at <= 3 && !(at > 0 && isWordCode(text.charCodeAt(at - 1)))
  return isWord && !isDigit(text.charCodeAt(at)) ? at : from
}

/** Where a `+` or a bracket in front of a number begins. */
function leadBefore(text: string, from: number, after: number): number {
  let at = from
  while (at > after && at > from - 2 && (text[at - 1] === '+' || text[at - 1] === '(')) at--
  return at > 0 && isWordCode(text.charCodeAt(at - 1)) ? from : at
}

function withLetters(text: string, from: number): Finding | undefined {
  let digits = 0
  while (digits < 6 && isDigit(text.charCodeAt(from + digits))) digits++
  // Those that begin with digits have at least six, or dots between them.
  if (digits < 6 && text.charCodeAt(from + digits) !== 46) return undefined
  const to = letterIdEnd(text, from)
  return to === -1 ? undefined : { from, to, kind: PII_NAMES.nationalId }
}

function lettersAt(text: string, from: number, wanted: ReadonlySet<PiiKind>): Finding | undefined {
  if (wanted.has('iban')) {
    const to = ibanEnd(text, from)
    if (to !== -1) return { from, to, kind: PII_NAMES.iban }
  }
  if (wanted.has('nationalId')) {
    const to = letterIdEnd(text, from)
    if (to !== -1) return { from, to, kind: PII_NAMES.nationalId }
  }
  return undefined
}

function numberAt(text: string, from: number, after: number, wanted: ReadonlySet<PiiKind>): Finding | undefined {
  if (!isTelling(text, from)) return undefined
  const run = readRun(text, from)
  let digits = 0
  for (const { length } of run.groups) digits += length
  // In the order of how sure they are; what has too few digits for one is not asked.
  if (wanted.has('ip') && run.gaps[0] === '.') {
    const to = ipv4End(run, text)
    if (to !== -1) return { from, to, kind: PII_NAMES.ip }
  }
  if (digits >= 13 && wanted.has('card')) {
    const to = cardEnd(run)
    if (to !== -1) return { from, to, kind: PII_NAMES.card }
  }
  if (digits >= 9 && wanted.has('nationalId')) {
    const to = nationalIdEnd(run, text)
    if (to !== -1) return { from, to, kind: PII_NAMES.nationalId }
  }
  const date = dateAt(run, text, after, wanted)
  if (date !== undefined) return date
  const to = digits >= 7 && wanted.has('phone') ? phoneEnd(run, text) : -1
  return to === -1 ? undefined : { from, to, kind: PII_NAMES.phone }
}

function dateAt(run: DigitRun, text: string, after: number, wanted: ReadonlySet<PiiKind>): Finding | undefined {
  const date = wanted.has('birthDate') ? birthDate(run, text, after) : undefined
  return date === undefined ? undefined : { ...date, kind: PII_NAMES.birthDate }
}

/** Whether a number goes on from one in front of it: the rest of a decimal, of a date, of a version. */
function isJoined(text: string, from: number): boolean {
  const before = text.charCodeAt(from - 1)
  const isTight = (before >= 44 && before <= 47) || before === COLON
  return isTight && from >= 2 && isDigit(text.charCodeAt(from - 2))
}

/** The farthest that a finding reaches, and how far in front of it words are looked at. */
export const PII_REACH = 208
export const PII_LOOK_BEHIND = 96
const PLAIN_WORDS = 4

/** From where on more text could make a finding, or undo one: the last words, and those that a number stands among. */
export function holdPiiFrom(text: string, from: number): number {
  const lowest = Math.max(from, text.length - PII_REACH)
  let at = text.length
  let hold = at
  let plain = 0
  let isFirst = true
  while (at > lowest) {
    const word = wordBefore(text, at, lowest)
    if (word === undefined) break
    at = word.from
    if (word.hasDigit) {
      plain = 0
      hold = at
      // A month or letters may be the beginning of it.
      const before = wordBefore(text, at, lowest)
      if (before !== undefined) hold = before.from
    } else if (isFirst) hold = at
    else if (++plain >= PLAIN_WORDS) break
    isFirst = false
  }
  return Math.max(hold, from)
}

interface HeldWord {
  readonly from: number
  readonly hasDigit: boolean
}

/** The word that ends at or in front of a place, on the same line; undefined where there is none. A character of a script without spaces is one. */
function wordBefore(text: string, end: number, lowest: number): HeldWord | undefined {
  let at = end
  while (at > lowest && (text.charCodeAt(at - 1) === SPACE || text[at - 1] === '\t')) at--
  if (at === lowest || text[at - 1] === '\n') return undefined
  let hasDigit = false
  const last = at
  while (at > lowest) {
    const code = text.charCodeAt(at - 1)
    if (code <= SPACE) break
    if (isDigit(code)) hasDigit = true
    else if (code >= 0x2e80 && !hasDigit) return { from: at === last ? at - 1 : at, hasDigit }
    else if (code >= 0x2e80) break
    at--
  }
  return { from: at, hasDigit }
}
