import { foldedPattern } from '../fold.ts'
import type { DigitRun } from './run.ts'

/** Just after an IPv4 address that may be somebody's, or -1. */
export function ipv4End(run: DigitRun, text: string): number {
  const parts = run.groups.slice(0, 4)
  const isAddress =
    run.lead === '' && parts.length === 4 && parts.every(isOctet) && run.gaps.slice(0, 3).every((gap) => gap === '.') && run.gaps[3] !== '.'
  if (!isAddress || isNobodys(parts.map(Number)) || isVersion(text, run.from)) return -1
  const end = run.ends[3] ?? -1
  // A network is nobody's address.
  return /^\/\d/.test(text.slice(end, end + 2)) ? -1 : end
}

function isOctet(part: string): boolean {
  return part.length <= 3 && Number(part) <= 255 && (part === '0' || !part.startsWith('0'))
}

/** The machine itself, nobody, everybody, and masks of networks. */
function isNobodys([first = 0, , , last = 0]: readonly number[]): boolean {
  return first === 0 || first === 127 || first === 255 || (first >= 224 && last === 255)
}

const NO_ADDRESS = foldedPattern(
  '(?:\\bv\\.?|§|\\b(?:versions?|versión|versione|versão|versie|wersj\\p{L}{1,2}|sürüm\\p{L}{0,2}|release|build|firmware|driver|patch|update|upgrade(?: to)?|sections?|chapter|clause|figure|table|appendix|abschnitt|kapitel)\\b|верси\\p{L}{1,2}|版本|バージョン|버전)[\\s:.#=-]{0,3}$',
  'iu',
)

/** `v1.2.3.4`, `version 1.2.3.4`, `section 1.2.3.4`: four numbers that are no address. */
function isVersion(text: string, from: number): boolean {
  return NO_ADDRESS.test(text.slice(Math.max(0, from - 24), from))
}

const HEX_WORD = /[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}\.\d{1,3}\.\d{1,3})?(?:%[A-Za-z0-9]{1,16})?/y

/** Just after an IPv6 address that may be somebody's, or -1. */
export function ipv6End(text: string, from: number): number {
  if (!hasTwoColons(text, from)) return -1
  HEX_WORD.lastIndex = from
  const word = HEX_WORD.exec(text)?.[0]
  if (word === undefined) return -1
  const end = from + word.length
  return /[\w:]/.test(text.charAt(end)) || !isIpv6(word.replace(/%.*$/, '')) ? -1 : end
}

/** Whether another colon follows the first within the four digits that may stand between: `15:30` has but one. */
function hasTwoColons(text: string, from: number): boolean {
  const first = text.indexOf(':', from)
  for (let at = first + 1; at <= first + 5; at++) if (text.charCodeAt(at) === 58) return true
  return false
}

function isIpv6(word: string): boolean {
  const mapped = word.includes('.') ? word.replace(/:\d+\.\d+\.\d+\.\d+$/, ':0:0') : word
  const halves = mapped.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  if (!groups.every((group) => group.length >= 1 && group.length <= 4)) return false
  // `::` also stands in the code of several languages: an address that is somebody's has more to it.
  return halves.length === 2 ? groups.length >= 3 && groups.length <= 7 && /\d/.test(word) : groups.length === 8
}
