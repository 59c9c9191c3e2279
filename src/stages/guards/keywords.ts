import { fold } from './fold.ts'
import { isWordCode } from './pii/run.ts'
import type { Finding, SpanDetector } from './types.ts'

/** A place in the tree of all words: what was read so far of some of them. */
interface Node {
  readonly next: Map<number, Node>
  /** Characters from the root. */
  readonly depth: number
  /** The place of the longest suffix that begins a word as well. */
  back: Node | undefined
  /** Length of the longest word that ends here. */
  wordLength: number
  /** The nearest place backwards at which a word ends. */
  wordBack: Node | undefined
}

/** Longest word or phrase, in characters. */
export const LONGEST_KEYWORD = 200

/**
 * Finds words and phrases, all in one pass however many there are (Aho and Corasick, 1975). Capitals, look-alikes and what shows nothing make no
 * difference; a word is not found inside of a longer one.
 */
export function keywordDetector(words: readonly string[], kind: string): SpanDetector {
  const root = makeTree(words.map(plain).filter((word) => word !== ''))
  return {
    type: 'spans',
    reads: 'folded',
    lookBehind: 1,
    reach: LONGEST_KEYWORD,
    find: (text, from) => findWords(root, plain(text), from, kind),
    holdFrom: (text, from) => text.length - walk(root, plain(text), from).depth,
  }
}

/** In small letters, with every white space a space; as long as it was. */
function plain(text: string): string {
  const { text: folded } = fold(text)
  const small = folded.toLowerCase()
  // A few capitals become two letters: those stay as they are.
  const same =
    small.length === folded.length
      ? small
      : [...folded].map((character) => (character.toLowerCase().length === character.length ? character.toLowerCase() : character)).join('')
  return same.replace(/\s/g, ' ')
}

function makeNode(depth: number): Node {
  return { next: new Map(), depth, back: undefined, wordLength: 0, wordBack: undefined }
}

function makeTree(words: readonly string[]): Node {
  const root = makeNode(0)
  for (const word of words) {
    let node = root
    for (let at = 0; at < word.length; at++) {
      const code = word.charCodeAt(at)
      const next = node.next.get(code) ?? makeNode(node.depth + 1)
      node.next.set(code, next)
      node = next
    }
    node.wordLength = word.length
  }
  link(root)
  return root
}

/** Sets the ways back, nearest the root first: each needs those of shorter places. */
function link(root: Node): void {
  const queue: Node[] = [...root.next.values()]
  for (const node of queue) node.back = root
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]
    if (node === undefined) break
    for (const [code, child] of node.next) {
      child.back = step(root, node.back, code)
      child.wordBack = child.back.wordLength > 0 ? child.back : child.back.wordBack
      queue.push(child)
    }
  }
}

function step(root: Node, from: Node | undefined, code: number): Node {
  for (let node = from; node !== undefined; node = node.back) {
    const next = node.next.get(code)
    if (next !== undefined) return next
  }
  return root
}

function walk(root: Node, text: string, from: number, onPlace?: (node: Node, end: number) => void): Node {
  let node = root
  for (let at = from; at < text.length; at++) {
    node = step(root, node, text.charCodeAt(at))
    onPlace?.(node, at + 1)
  }
  return node
}

function findWords(root: Node, text: string, from: number, kind: string): readonly Finding[] {
  const all: Finding[] = []
  walk(root, text, from, (place, end) => {
    for (let node: Node | undefined = place; node !== undefined; node = node.wordBack) {
      const start = end - node.wordLength
      if (node.wordLength > 0 && isWhole(text, start, end)) all.push({ from: start, to: end, kind })
    }
  })
  all.sort((left, right) => left.from - right.from || right.to - left.to)
  let after = from
  return all.filter((finding) => {
    if (finding.from < after) return false
    after = finding.to
    return true
  })
}

/** Whether no letter or digit goes on where the word begins or ends with one. Scripts without spaces have no such ends. */
function isWhole(text: string, from: number, to: number): boolean {
  const goesOn = (inside: number, outside: number) => isWordCode(text.charCodeAt(inside)) && isWordCode(text.charCodeAt(outside))
  return !(from > 0 && goesOn(from, from - 1)) && !(to < text.length && goesOn(to - 1, to))
}
