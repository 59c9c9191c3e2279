import { encodedDetector } from '../encoded.ts'
import { foldedPattern } from '../fold.ts'
import type { Finding, SpanDetector } from '../types.ts'
import { maySecret, SECRET_RULES } from './rules.ts'

/** Longest token: more of one is not held back. */
const REACH = 5120
/** Longest private key that is found: one of 16,384 bits in PEM has 12,700 characters. */
const PEM_REACH = 14_000
const PEM_BEGIN = '-----BEGIN '
const PEM_FIRST_LINE = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/y
const PEM_HALF_LINE = /^-----BEGIN [A-Z0-9 ]{0,48}-{0,5}$/
const PEM_LAST_LINE = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/

const VALUE = /[^\s"'`=:：是は]+={0,2}$/
const ASSIGNED = /[A-Za-z0-9_./+~-]+={0,2}$/
const URL_VALUE = /[^:]+$/

/** What tokens and values are made of: while the text ends in these, it may go on. */
const TOKEN = /[^\s"'`,;<>(){}]+$/
/** Words that name a secret, and those that may become one. */
const NAMES = foldedPattern('pass|contrase|mot de|mot $|senha|парол|密|パス|key|secret|token|auth|basic', 'i')
const NAME_REACH = 48
const LONGEST_NAME = 80

/** All rules in one pattern: one pass over the text, each rule a group of its own. */
const RULES = foldedPattern(`(?<![A-Za-z0-9_])(?:${SECRET_RULES.map(({ pattern }) => `(${pattern})`).join('|')})`, 'g')

/** Shortest token that is read as base64. */
const FEWEST_ENCODED = 20

/** Secrets as they are written, and in base64: of Kubernetes, of kubeconfig, of `Authorization: Basic`. */
export function secretsDetectors(): readonly SpanDetector[] {
  const plain = secretsDetector()
  return [plain, encodedDetector(plain, { fewest: FEWEST_ENCODED, most: PEM_REACH })]
}

/** Finds keys, tokens and passwords by the shapes in rules.ts, and private keys. */
export function secretsDetector(): SpanDetector {
  return { type: 'spans', reads: 'folded', lookBehind: 1, reach: PEM_REACH, find: findSecrets, holdFrom: holdSecretsFrom }
}

function findSecrets(text: string, start: number): readonly Finding[] {
  const found: Finding[] = []
  let at = start
  let token = nextToken(text, at)
  let key = nextPrivateKey(text, at)
  while (token !== undefined || key !== undefined) {
    const isKey = key !== undefined && (token === undefined || key.from <= token.from)
    const next = isKey ? key : token
    if (next === undefined) break
    found.push(next)
    at = next.to
    if (isKey || (key !== undefined && key.from < at)) key = nextPrivateKey(text, at)
    if (!isKey || (token !== undefined && token.from < at)) token = nextToken(text, at)
  }
  return found
}

function nextToken(text: string, start: number): Finding | undefined {
  RULES.lastIndex = start
  for (let match = RULES.exec(text); match !== null; match = RULES.exec(text)) {
    const finding = findingOf(match)
    if (finding !== undefined) return finding
  }
  return undefined
}

function findingOf(match: RegExpExecArray): Finding | undefined {
  const rule = SECRET_RULES[match.findIndex((group, at) => at > 0 && group !== undefined) - 1]
  if (rule === undefined) return undefined
  const [all] = match
  const secret = rule.isValue ? (valuePattern(rule.kind).exec(all)?.[0] ?? all) : all
  if (!maySecret(rule.kind, secret)) return undefined
  const to = match.index + all.length
  return { from: to - secret.length, to, kind: rule.kind, since: match.index }
}

function valuePattern(kind: string): RegExp {
  if (kind === 'URL_PASSWORD') return URL_VALUE
  return kind === 'PASSWORD' ? VALUE : ASSIGNED
}

interface PrivateKey extends Finding {
  /** Whether its last line was there. */
  readonly isClosed: boolean
}

/** A private key in PEM, from its first line to its last, or as far as one reaches where the last is missing. */
function nextPrivateKey(text: string, start: number): PrivateKey | undefined {
  for (let from = text.indexOf(PEM_BEGIN, start); from !== -1; from = text.indexOf(PEM_BEGIN, from + 1)) {
    PEM_FIRST_LINE.lastIndex = from
    if (!PEM_FIRST_LINE.test(text)) continue
    const window = text.slice(from, from + PEM_REACH)
    const end = PEM_LAST_LINE.exec(window)
    const length = end === null ? window.length : end.index + end[0].length
    return { from, to: from + length, kind: 'PRIVATE_KEY', isClosed: end !== null || window.length === PEM_REACH }
  }
  return undefined
}

function holdSecretsFrom(text: string, from: number): number {
  for (let key = nextPrivateKey(text, from); key !== undefined; key = nextPrivateKey(text, key.to)) if (!key.isClosed) return key.from
  const tail = text.slice(Math.max(from, text.length - REACH))
  const line = tail.slice(-64)
  const half = line.lastIndexOf(PEM_BEGIN)
  if (half !== -1 && PEM_HALF_LINE.test(line.slice(half))) return text.length - line.length + half
  const token = TOKEN.exec(tail)?.[0] ?? ''
  const end = tail.length - token.length
  const begin = Math.max(0, end - NAME_REACH)
  const name = NAMES.exec(tail.slice(begin, end))
  if (name === null) return text.length - token.length
  // The name may begin in front of where it was looked for.
  const at = begin + name.index
  const word = /[A-Za-z0-9_-]*$/.exec(tail.slice(Math.max(0, at - LONGEST_NAME), at))?.[0] ?? ''
  return text.length - tail.length + at - word.length
}
