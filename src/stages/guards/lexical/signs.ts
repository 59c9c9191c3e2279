import type { Finding, SpanDetector } from '../types.ts'
import { type Cue, type CueTable, LONGEST_CUE } from './cues.ts'

/** Signs that together are a finding. */
export interface SignRule {
  /** Each of these must be there, in any order: a sign, or several of which one is enough, as `secret|told`. */
  readonly all: readonly string[]
  /** Characters from the first to the end of the last. */
  readonly within: number
  /** No sentence ends between them. */
  readonly isOneSentence?: boolean
  /** In the given order, with this many characters between two at the most. */
  readonly gap?: number
  /** What it is, where not what the search is for. */
  readonly kind?: string
}

/** What a table of cues is searched for. */
export interface SignSearch<Name extends string> {
  /** What a finding is, unless its rule says otherwise. */
  readonly kind: string
  readonly table: CueTable<Name>
  readonly rules: readonly SignRule[]
  /** Signs that what stands around them is spoken of and not said. */
  readonly innocence?: { readonly signs: string; readonly onlyQuoted: boolean }
  /** Whether what is quoted is no finding. */
  readonly skipsQuoted?: boolean
}

/** How far around a finding signs of innocence and quotes are looked for. */
const AROUND = 80
const SENTENCE_END = /[.!?](?=\s|$)|[。！？।؟]|\n\s*\n/
const OPENING = /["“„«「『‘`']/
/** What stands in front of a text in JSON, and hardly in front of a quotation. */
const JSON_BEFORE = /(?:[{[:,]|[{[]\s{1,4}|["\]}]\s?[:,]\s{1,4})$/
const JSON_REACH = 8
const CLOSING = /["”“»」』’`']/

interface CompiledRule {
  readonly all: readonly number[]
  readonly within: number
  readonly isOneSentence: boolean
  readonly gap: number | undefined
  readonly kind: string
}

/**
 * Finds places where several weak signs stand together, none of which says much by itself. Whether a cue is the first of a finding depends on what
 * stands within a fixed distance of it, so that streams can be searched as they come.
 */
export function signDetector<Name extends string>(search: SignSearch<Name>): SpanDetector {
  const rules = search.rules.map(({ all, within, isOneSentence = false, gap, kind = search.kind }) => ({
    all: all.map((names) => search.table.signsOf(names)),
    within,
    isOneSentence,
    gap,
    kind,
  }))
  const longest = Math.max(...rules.map(({ within }) => within))
  const reach = longest + AROUND + LONGEST_CUE + 2
  const lookBehind = AROUND + LONGEST_CUE + 2
  const innocence = search.innocence === undefined ? 0 : search.table.signsOf(search.innocence.signs)
  let beginning = 0
  for (const { all, gap } of rules) for (const [step, signs] of all.entries()) if (gap === undefined || step === 0) beginning |= signs
  const cuesFrom = (text: string, from: number) => search.table.find(text, Math.max(0, from - lookBehind))
  const isInnocent = (text: string, cues: readonly Cue[], span: Span): boolean => {
    if (search.skipsQuoted === true && isQuoted(text, span)) return true
    const isSpokenOf = innocence !== 0 && cues.some((cue) => isNear(cue, span) && (cue.signs & innocence) !== 0)
    return isSpokenOf && (search.innocence?.onlyQuoted !== true || isQuoted(text, span))
  }
  return {
    type: 'spans',
    reads: 'folded',
    lookBehind,
    reach,
    find: (text, from) => {
      const cues = cuesFrom(text, from)
      const found: Finding[] = []
      let after = from
      for (const [index, cue] of cues.entries()) {
        if (cue.from < after || (cue.signs & beginning) === 0) continue
        const first = firstFinding(text, cues, index, rules)
        if (first === undefined || isInnocent(text, cues, first)) continue
        found.push(first)
        after = first.to
      }
      return found
    },
    holdFrom: (text, from) => {
      const lowest = Math.max(from, text.length - reach)
      const cue = cuesFrom(text, lowest).find((each) => each.from >= lowest && (each.signs & beginning) !== 0)
      return Math.max(lowest, Math.min(text.length - LONGEST_CUE - 1, cue?.from ?? text.length))
    },
  }
}

interface Span {
  readonly from: number
  readonly to: number
}

/** The finding that begins with a cue and ends first. */
function firstFinding(text: string, cues: readonly Cue[], first: number, rules: readonly CompiledRule[]): Finding | undefined {
  const from = cues[first]?.from ?? 0
  let best: Finding | undefined
  for (const rule of rules) {
    const to = rule.gap === undefined ? togetherEnd(cues, first, rule) : inOrderEnd(cues, first, rule, rule.gap)
    if (to === -1 || (best !== undefined && to >= best.to)) continue
    if (!rule.isOneSentence || !SENTENCE_END.test(text.slice(from, to))) best = { from, to, kind: rule.kind }
  }
  return best
}

function togetherEnd(cues: readonly Cue[], first: number, { all, within }: CompiledRule): number {
  const begin = cues[first]
  if (begin === undefined) return -1
  let languages = ANY
  let done = 0
  let wanted = signsWanted(all, done)
  let end = -1
  for (let index = first; index < cues.length && wanted !== 0; index++) {
    const cue = cues[index]
    if (cue === undefined || cue.to - begin.from > within) break
    // A mark that is repeated is the same sign again: most cues of a long text end here.
    if ((cue.signs & wanted) !== 0) {
      const need = needOf(cue, all, done, languages)
      if (need !== -1) {
        languages = languagesOf(cue, all[need] ?? 0, languages)
        done |= 1 << need
        wanted = signsWanted(all, done)
        end = cue.to
      }
    }
    // What is not part of it cannot be the beginning.
    if (done === 0) return -1
  }
  return wanted === 0 ? end : -1
}

/** All signs of the needs that are not done. */
function signsWanted(all: readonly number[], done: number): number {
  let wanted = 0
  for (let need = 0; need < all.length; need++) if ((done & (1 << need)) === 0) wanted |= all[need] ?? 0
  return wanted
}

/** The first open need that a cue stands for: it may be several signs, but stands for one of what is needed. -1 for none. */
function needOf(cue: Cue, all: readonly number[], done: number, languages: number): number {
  for (let need = 0; need < all.length; need++) {
    if ((done & (1 << need)) === 0 && languagesOf(cue, all[need] ?? 0, languages) !== 0) return need
  }
  return -1
}

function inOrderEnd(cues: readonly Cue[], first: number, { all, within }: CompiledRule, gap: number): number {
  const begin = cues[first]
  let languages = begin === undefined ? 0 : languagesOf(begin, all[0] ?? 0, ANY)
  if (begin === undefined || languages === 0) return -1
  let last = begin
  let step = 1
  for (let index = first + 1; index < cues.length && step < all.length; index++) {
    const cue = cues[index]
    if (cue === undefined || cue.from - last.to > gap || cue.to - begin.from > within) return -1
    const meant = cue.from < last.to ? 0 : languagesOf(cue, all[step] ?? 0, languages)
    if (meant === 0) continue
    languages = meant
    last = cue
    step++
  }
  return step === all.length ? last.to : -1
}

/** Every bit: any sign, any language. */
const ANY = -1

/** In which of some languages a cue is one of some signs; 0 for none. */
function languagesOf({ senses, signs: all }: Cue, signs: number, languages: number): number {
  let meant = 0
  if ((all & signs) !== 0) for (const sense of senses) if ((sense.signs & signs) !== 0) meant |= sense.languages & languages
  return meant
}

function isNear(cue: Span, { from, to }: Span): boolean {
  return cue.from >= from - AROUND && cue.to <= to + AROUND
}

/** Whether quotes open in front of a place and close behind it, on its line. */
function isQuoted(text: string, { from, to }: Span): boolean {
  const before =
    text
      .slice(Math.max(0, from - AROUND), from)
      .split('\n')
      .at(-1) ?? ''
  const start = from - before.length
  const after = text.slice(to, to + AROUND).split('\n', 1)[0] ?? ''
  for (let at = before.length - 1; at >= 0; at--) {
    const mark = before.charAt(at)
    // An apostrophe within a word is none.
    const opens = OPENING.test(mark) && !(/['’]/.test(mark) && /\p{L}/u.test(before.charAt(at - 1)))
    // What JSON stands in is no quotation: in arguments of tools everything would be one.
    if (mark === '"' && JSON_BEFORE.test(text.slice(Math.max(0, start + at - JSON_REACH), start + at))) return false
    if (opens) return CLOSING.test(after.replaceAll(/\p{L}['’]\p{L}/gu, ''))
    if (/[”»」』]/.test(mark)) return false
  }
  return false
}
