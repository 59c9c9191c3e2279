import { fold } from '../fold.ts'
import { isWordCode as isAlphabetic } from '../pii/run.ts'
import { LetterTree } from './letter-tree.ts'
import { plainCodes } from './letters.ts'

const SPACE = 32
const NOT_ASCII = 128
const STAR = 42
const BAR = 124
/** Longest cue as it stands in a text, with the spaces and marks in it. */
export const LONGEST_CUE = 80
/** Most letters that an ending has. */
const LONGEST_ENDING = 12
const MOST_SPACES = 5

/** Words and phrases by what they are a sign of; parted by `|`. A `*` at the end stands for any ending. */
export type CueWords<Name extends string> = Readonly<Partial<Record<Name, string>>>

/** A cue that stands in a text. */
export interface Cue {
  readonly from: number
  readonly to: number
  readonly senses: readonly Sense[]
  /** The signs of all senses. */
  readonly signs: number
}

/** What a phrase is a sign of in some languages: the same letters are other words elsewhere. */
export interface Sense {
  /** One bit a language. */
  readonly languages: number
  /** One bit for each sign that it is; 0 for what is none, and only keeps a shorter cue within it from counting. */
  readonly signs: number
}

/** In texts of any language. */
const ANY_LANGUAGE = -1

interface Phrase {
  readonly isStem: boolean
  readonly sense: Sense
}

/**
 * Finds words and phrases, each a sign of something, in one pass: from every beginning of a word as far as some phrase goes on. Capitals, accents,
 * punctuation between words and digits among letters make no difference. The longest counts where several begin, and what lies within
 * another does not.
 */
export class CueTable<Name extends string> {
  readonly #signs: ReadonlyMap<Name, number>
  readonly #tree = new LetterTree<Phrase>()

  /**
   * @param names at most 32; the name `innocent` is a sign of nothing
   * @param anywhere what is the same in every language @param languages at most 31
   */
  constructor(names: readonly Name[], anywhere: CueWords<Name>, languages: readonly CueWords<Name>[]) {
    this.#signs = new Map(names.map((name, index) => [name, name === 'innocent' ? 0 : 1 << index]))
    for (const name of names) {
      const signs = this.#signs.get(name) ?? 0
      this.#add(anywhere[name] ?? '', { languages: ANY_LANGUAGE, signs })
      for (const [index, words] of languages.entries()) this.#add(words[name] ?? '', { languages: 1 << index, signs })
    }
  }

  /** The bits of signs of which a text needs one: `secret|told`. */
  signsOf(alternatives: string): number {
    let signs = 0
    for (const name of alternatives.split('|')) {
      const sign = [...this.#signs].find(([known]) => known === name)?.[1]
      if (sign === undefined) throw new Error(`no sign is called ${name}`)
      signs |= sign
    }
    return signs
  }

  /** The cues of a folded text from a place on, in order. */
  find(text: string, from: number): readonly Cue[] {
    const codes = plainCodes(text, from)
    const cues: Cue[] = []
    let covered = 0
    let isInWord = from > 0 && isWordCode(text.charCodeAt(from - 1))
    for (let at = 0; at < codes.length; at++) {
      const code = codes[at] ?? 0
      if (code === SPACE) isInWord = false
      if (code === SPACE || code === 0) continue
      const isWord = isWordCode(code)
      // A mark that goes on is no second one: a line of `=` is one sign.
      const goesOn = isWord ? isInWord : code < NOT_ASCII && code === codes[at - 1]
      if (!goesOn) {
        const cue = this.#longestAt(codes, at)
        if (cue !== undefined && cue.to > covered) {
          covered = cue.to
          cues.push({ ...cue, from: from + at, to: from + cue.to })
        }
      }
      isInWord = isWord
    }
    return cues
  }

  #add(words: string, sense: Sense): void {
    const { text } = fold(words)
    const codes = plainCodes(text, 0)
    let node = 0
    let isStem = false
    let isSpaced = false
    for (let at = 0; at <= codes.length; at++) {
      const code = codes[at] ?? BAR
      if (code === BAR) {
        if (node !== 0) this.#tree.add(node, { isStem, sense })
        node = 0
        isStem = false
        isSpaced = false
      } else if (text.charCodeAt(at) === STAR) isStem = true
      else if (code === SPACE) isSpaced = node !== 0
      else if (code !== 0) {
        if (isSpaced) node = this.#tree.grow(node, SPACE)
        node = this.#tree.grow(node, code)
        isSpaced = false
      }
    }
  }

  #longestAt(codes: Uint16Array, from: number): Omit<Cue, 'from'> | undefined {
    const tree = this.#tree
    let node = 0
    let best = -1
    let senses: Sense[] = []
    for (let at = from; at < codes.length && at - from < LONGEST_CUE - LONGEST_ENDING; at++) {
      const code = codes[at] ?? 0
      if (code === 0) continue
      node = tree.child(node, code)
      if (node === -1) break
      if (code === SPACE) for (let more = 0; more < MOST_SPACES && codes[at + 1] === SPACE; more++) at++
      const phrases = tree.valuesAt(node)
      if (phrases === undefined) continue
      const end = wordEnd(codes, at + 1)
      for (const { isStem, sense } of phrases) {
        if (!(isStem || end === at + 1) || end < best) continue
        if (end > best) senses = []
        best = end
        senses.push(sense)
      }
    }
    return best === -1 ? undefined : { to: best, senses, signs: senses.reduce((signs, sense) => signs | sense.signs, 0) }
  }
}

/** Whether a code is part of a word that spaces end: those of Hindi are besides. */
function isWordCode(code: number): boolean {
  return isAlphabetic(code) || (code >= 0x900 && code < 0x964)
}

/** Where the word ends that a phrase ends in. */
function wordEnd(codes: Uint16Array, to: number): number {
  if (!isWordCode(codes[to - 1] ?? 0)) return to
  let end = to
  for (let at = to; at - to < LONGEST_ENDING; at++) {
    if (codes[at] === 0) continue
    if (!isWordCode(codes[at] ?? 0)) break
    end = at + 1
  }
  return end
}
