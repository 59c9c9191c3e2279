import { hasDate } from './checks.ts'
import { chineseCheck } from './national-ids.ts'
import { isDigit, isLatinLetter } from './run.ts'

/** A national id that has letters. Each pattern is sticky and bounded; what it matches must not touch a word at its end. */
interface LetterId {
  readonly country: string
  /** With how many letters, or else digits, it may begin: few are compared with its pattern. */
  readonly letters?: readonly number[]
  readonly digits?: readonly number[]
  readonly pattern: RegExp
  readonly check: (id: string) => boolean
}

const SPANISH_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE'
const FINNISH_LETTERS = '0123456789ABCDEFHJKLMNPRSTUVWXY'
const ITALIAN_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
const MEXICAN = '0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ'

const IDS: readonly LetterId[] = [
  // National Insurance number: letters that are not given out are left out.
  {
    country: 'GB',
    letters: [2],
    pattern: /(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]/y,
    check: () => true,
  },
  {
    country: 'ES',
    letters: [1],
    digits: [2, 8],
    pattern: /(?:[XYZ][- ]?\d{7}|\d{8}|\d\d\.\d{3}\.\d{3})[- ]?[A-HJ-NP-TV-Z]/iy,
    check: isSpanish,
  },
  {
    country: 'IT',
    letters: [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
    pattern: /[A-Z]{6}[\dLMNP-V]{2}[ABCDEHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]/iy,
    check: isItalian,
  },
  { country: 'FI', digits: [6], pattern: /\d{6}[-+A-FYXWVU]\d{3}[0-9A-FHJ-NPR-Y]/y, check: isFinnish },
  { country: 'CN', digits: [17], pattern: /[1-9]\d{5}(?:19|20)\d{9}X/iy, check: (id) => hasDate(id, 12, 10) && chineseCheck(id) === 'X' },
  { country: 'IN', letters: [5], pattern: /[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]/y, check: () => true },
  { country: 'MX', letters: [4], pattern: /[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[0-9A-Z]\d/y, check: isMexican },
  { country: 'IE', digits: [7], pattern: /\d{7}[A-W][A-IW]?/y, check: isIrish },
]

const MOST = 17
const NO_IDS: readonly LetterId[] = []
const BY_LETTERS = Array.from({ length: MOST + 1 }, (_, count) => IDS.filter(({ letters }) => letters?.includes(count)))
const BY_DIGITS = Array.from({ length: MOST + 1 }, (_, count) => IDS.filter(({ digits }) => digits?.includes(count)))

/** Just after a national id with letters in it, or -1. */
export function letterIdEnd(text: string, from: number): number {
  for (const { pattern, check } of idsBeginningAt(text, from)) {
    pattern.lastIndex = from
    const id = pattern.exec(text)?.[0]
    if (id === undefined || /[\w@]/.test(text.charAt(from + id.length))) continue
    if (check(id.replaceAll(/[ .]/g, '').toUpperCase())) return from + id.length
  }
  return -1
}

function idsBeginningAt(text: string, from: number): readonly LetterId[] {
  let at = from
  if (isDigit(text.charCodeAt(at))) {
    while (at - from <= MOST && isDigit(text.charCodeAt(at))) at++
    return BY_DIGITS[at - from] ?? NO_IDS
  }
  while (at - from <= MOST && isLatinLetter(text.charCodeAt(at))) at++
  return BY_LETTERS[at - from] ?? NO_IDS
}

function isSpanish(id: string): boolean {
  const plain = id.replaceAll('-', '').replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))
  return SPANISH_LETTERS[Number(plain.slice(0, 8)) % 23] === plain.at(8)
}

function isItalian(id: string): boolean {
  let sum = 0
  for (let at = 0; at < 15; at++) {
    const character = id.charCodeAt(at)
    const value = character >= 65 ? character - 65 : character - 48
    sum += at % 2 === 0 ? (ITALIAN_ODD[value] ?? 0) : value
  }
  return String.fromCharCode(65 + (sum % 26)) === id[15]
}

function isFinnish(id: string): boolean {
  return hasDate(id, 0, 2) && FINNISH_LETTERS[Number(id.slice(0, 6) + id.slice(7, 10)) % 31] === id[10]
}

function isMexican(id: string): boolean {
  let sum = 0
  for (let at = 0; at < 17; at++) sum += MEXICAN.indexOf(id.charAt(at)) * (18 - at)
  return hasDate(id, 8, 6) && (10 - (sum % 10)) % 10 === Number(id[17])
}

function isIrish(id: string): boolean {
  const last = id.length === 9 && id[8] !== 'W' ? id.charCodeAt(8) - 64 : 0
  let sum = last * 9
  for (let at = 0; at < 7; at++) sum += Number(id[at]) * (8 - at)
  return 'WABCDEFGHIJKLMNOPQRSTUV'[sum % 23] === id[7]
}
