import type { Finding } from '../types.ts'
import { isDigit, isWordCode } from './run.ts'

/** RFC 5321, 4.5.3.1: at most 64 characters in front of the @. Domains are cut at what real ones have. */
const LONGEST_LOCAL = 64
const LONGEST_DOMAIN = 120
const LONGEST_LITERAL = 48
const DOT = 46
const DASH = 45

const LOCAL_PUNCTUATION: ReadonlySet<number> = new Set([...".!#$%&'*+-/=?^`{|}~"].map((character) => character.charCodeAt(0)))
/** Ends of names of files: `icon@2x.png` is none of an address, and no such top-level domain is in use for mail. */
const FILES: ReadonlySet<string> = new Set([
  'png',
  'jpg',
  'jpeg',
  'gif',
  'svg',
  'webp',
  'ico',
  'css',
  'js',
  'ts',
  'json',
  'html',
  'txt',
  'pdf',
  'log',
])
const EDGE = /[A-Za-z0-9]/

/** How pages and addresses of the web write an @. */
const WRITTEN_SIGNS = ['%40', '&#64;', '&#x40;', '&commat;']

/** How long the @ is that stands at a place: more than 1 where it is written as an address or a page of the web does, 0 where there is none. */
export function signLength(text: string, at: number): number {
  if (text[at] === '@') return 1
  const sign = WRITTEN_SIGNS.find((each) => text.startsWith(each, at))
  // Behind a slash it is the name of a package or of a page.
  return sign !== undefined && isWordCode(text.charCodeAt(at - 1)) ? sign.length : 0
}

/** The address around an @, or undefined. @param after nothing in front of this place is part of it */
export function mailAt(text: string, at: number, after: number): Finding | undefined {
  const from = localFrom(text, at, after)
  const to = domainEnd(text, at + signLength(text, at))
  if (from === at || to === -1) return undefined
  // `git@host:owner/repository`: where a program logs in, not a person.
  const isRepository = text[to] === ':' && text.slice(from, at) === 'git'
  return isRepository ? undefined : { from, to, kind: 'EMAIL' }
}

function localFrom(text: string, at: number, after: number): number {
  const lowest = Math.max(after, at - LONGEST_LOCAL)
  let from = at
  while (from > lowest && isLocal(text.charCodeAt(from - 1))) from--
  // What stands in front of an address in a text: a quote, a bracket of markup, a dot, `mailto=`.
  while (from < at && !isWordCode(text.charCodeAt(from))) from++
  return from + text.slice(from, at).lastIndexOf('=') + 1
}

function isLocal(code: number): boolean {
  return isWordCode(code) || LOCAL_PUNCTUATION.has(code)
}

function domainEnd(text: string, from: number): number {
  if (text[from] === '[') return literalEnd(text, from)
  let to = from
  while (to - from < LONGEST_DOMAIN && isDomain(text.charCodeAt(to))) to++
  while (to > from && !isWordCode(text.charCodeAt(to - 1))) to--
  let label = from
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    // A label that is empty, or begins with a dash, is none.
    if (at === label && (code === DOT || code === DASH)) return -1
    if (code === DOT) label = at + 1
  }
  const isName = label > from && to - label >= 2 && !isDigit(text.charCodeAt(label))
  return isName && !FILES.has(text.slice(label, to).toLowerCase()) ? to : -1
}

/** `[192.0.2.1]`, as RFC 5321 allows. */
function literalEnd(text: string, from: number): number {
  const length = text.slice(from, from + LONGEST_LITERAL).indexOf(']')
  return length > 2 && EDGE.test(text.charAt(from + 1)) ? from + length + 1 : -1
}

function isDomain(code: number): boolean {
  return isWordCode(code) ? code !== 95 : code === 45 || code === 46
}
