import type { Finding } from '../types.ts'
import { cardEnd } from './card.ts'
import { birthDate } from './dates.ts'
import { ibanEnd } from './iban.ts'
import { ipv4End, ipv6End } from './ip.ts'
import { letterIdEnd } from './letter-ids.ts'
import { mailAt } from './mail.ts'
import { nationalIdEnd } from './national-ids.ts'
import { phoneEnd } from './phone.ts'
import { isDigit, isWordCode, readRun } from './run.ts'

/** What can be looked for. */
export const PII_KINDS = ['email', 'phone', 'card', 'iban', 'ip', 'nationalId', 'birthDate'] as const
export type PiiKind = (typeof PII_KINDS)[number]

/** Names of the kinds in findings and placeholders. */
export const PII_NAMES = {
  email: 'EMAIL',
  phone: 'PHONE',
  card: 'CARD',
  iban: 'IBAN',
  ip: 'IP',
  nationalId: 'NATIONAL_ID',
  birthDate: 'BIRTH_DATE',
} as const satisfies Record<PiiKind, string>

const AT = 64
const PLUS = 43
const OPEN = 40
const COLON = 58
const SPACE = 32
const DASH = 45

/**
 * One scan over folded text. Each character is looked at a bounded number of times: words are skipped whole, and only a word with a digit, an @
 * or a colon is looked at closer, within fixed lengths.
 */
export function scanPii(text: string, start: number, wanted: ReadonlySet<PiiKind>): readonly Finding[] {
  const found: Finding[] = []
  let at = start
  /** Nothing in front of it can be part of a finding. */
  let after = start
  const take = (finding: Finding | undefined): boolean => {
    if (finding === undefined) return false
    found.push(finding)
    at = finding.to
    after = finding.to
    return true
  }
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (isWordCode(code)) {
      const word = readWord(text, at)
      const isBegin = at === 0 || !isWordCode(text.charCodeAt(at - 1))
      if (isBegin && (word.hasDigit || word.endsInColon || word.leadsToDigit) && take(personalAt(text, at, { ...word, after, wanted })))
        continue
      at = word.to
    } else if (code === AT && wanted.has('email') && take(mailAt(text, at, after))) {
    } else if ((code === PLUS || code === OPEN) && take(leadNumber(text, at, wanted))) {
    } else if (code === COLON && text.charCodeAt(at + 1) === COLON && take(leadIp(text, at, wanted))) {
    } else at++
  }
  return found
}

interface Word {
  readonly to: number
  readonly hasDigit: boolean
  readonly endsInColon: boolean
  /** One or two letters with a number behind a space or a dash, as in `AB 12 34 56 C`. */
  readonly leadsToDigit: boolean
}

function readWord(text: string, from: number): Word {
  let to = from
  let hasDigit = false
  for (; to < text.length; to++) {
    const code = text.charCodeAt(to)
    if (isDigit(code)) hasDigit = true
    else if (!isWordCode(code)) break
  }
  const next = text.charCodeAt(to)
  const leadsToDigit = to - from <= 2 && (next === SPACE || next === DASH) && isDigit(text.charCodeAt(to + 1))
  return { to, hasDigit, endsInColon: to - from <= 4 && next === COLON, leadsToDigit }
}

interface Place extends Word {
  readonly after: number
  readonly wanted: ReadonlySet<PiiKind>
}

/** What begins with the word at this place. */
function personalAt(text: string, from: number, place: Place): Finding | undefined {
  const { wanted, after } = place
  if (place.endsInColon && wanted.has('ip')) {
    const to = ipv6End(text, from)
    if (to !== -1) return { from, to, kind: PII_NAMES.ip }
  }
  if ((!place.hasDigit && !place.leadsToDigit) || isJoined(text, from)) return undefined
  if (!isDigit(text.charCodeAt(from))) return lettersAt(text, from, wanted)
  if (wanted.has('nationalId')) {
    const to = letterIdEnd(text, from)
    if (to !== -1) return { from, to, kind: PII_NAMES.nationalId }
  }
  return numberAt(text, from, after, wanted)
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
  const run = readRun(text, from)
  if (run.groups.length === 0) return undefined
  const ends: readonly (readonly [PiiKind, () => number])[] = [
    ['ip', () => ipv4End(run, text)],
    ['card', () => cardEnd(run)],
    ['nationalId', () => nationalIdEnd(run, text)],
  ]
  for (const [kind, endOf] of ends) {
    if (!wanted.has(kind)) continue
    const to = endOf()
    if (to !== -1) return { from, to, kind: PII_NAMES[kind] }
  }
  if (wanted.has('birthDate')) {
    const date = birthDate(run, text, after)
    if (date !== undefined) return { ...date, kind: PII_NAMES.birthDate }
  }
  const to = wanted.has('phone') ? phoneEnd(run, text) : -1
  return to === -1 ? undefined : { from, to, kind: PII_NAMES.phone }
}

/** A number that begins with `+` or `(`. */
function leadNumber(text: string, from: number, wanted: ReadonlySet<PiiKind>): Finding | undefined {
  if (!wanted.has('phone') || (from > 0 && isWordCode(text.charCodeAt(from - 1)))) return undefined
  const to = phoneEnd(readRun(text, from), text)
  return to === -1 ? undefined : { from, to, kind: PII_NAMES.phone }
}

function leadIp(text: string, from: number, wanted: ReadonlySet<PiiKind>): Finding | undefined {
  if (!wanted.has('ip') || (from > 0 && isWordCode(text.charCodeAt(from - 1)))) return undefined
  const to = ipv6End(text, from)
  return to === -1 ? undefined : { from, to, kind: PII_NAMES.ip }
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
