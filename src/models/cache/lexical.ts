/** Length of the vectors. */
const DIMENSIONS = 512
const MAX_CHARACTERS = 8192
const WORD = /[\p{L}\p{N}]+/gu

/** What one piece of a text weighs. Words tell more than their pieces; pairs of words tell what stands beside what. */
const WEIGHTS = { word: 1, pair: 0.7, piece: 0.35 } as const
/** Say little of what is meant. English alone: in other languages all words weigh the same. */
const COMMON: ReadonlySet<string> = new Set(
  'a an the is are was were be been do does did can could would should will i you he she it we they me my your his her its our their this that these those to of in on at for with from by as and or please tell give what which who how when where why'.split(
    ' ',
  ),
)
const COMMON_WEIGHT = 0.25

/**
 * A vector of the words of a text, of length one: words, pairs of words and groups of four letters, hashed. It knows spellings and no
 * meanings: "cancel my plan" and "end my subscription" have little in common for it. Needs no model and no network.
 */
export function embedLexically(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS)
  const words = text.slice(0, MAX_CHARACTERS).normalize('NFKC').toLowerCase().match(WORD) ?? []
  let previous: string | undefined
  for (const word of words) {
    const scale = COMMON.has(word) ? COMMON_WEIGHT : 1
    add(vector, word, WEIGHTS.word * scale)
    if (previous !== undefined) add(vector, `${previous} ${word}`, WEIGHTS.pair * scale)
    const framed = `^${word}$`
    for (let at = 0; at + 4 <= framed.length; at++) add(vector, framed.slice(at, at + 4), WEIGHTS.piece * scale)
    previous = word
  }
  return normalise(vector)
}

function add(vector: Float32Array, piece: string, weight: number): void {
  const hash = fnv1a(piece)
  const at = hash % DIMENSIONS
  // The sign comes from another bit, so that two pieces in one place add up no more often than they cancel.
  vector[at] = (vector[at] ?? 0) + (hash & 0x8000_0000 ? -weight : weight)
}

/** A vector of length one in the same direction; of zeros where it has none. */
export function normalise(vector: Float32Array): Float32Array {
  let sum = 0
  for (const value of vector) sum += value * value
  if (sum === 0) return vector
  const scale = 1 / Math.sqrt(sum)
  return vector.map((value) => value * scale)
}

/** FNV-1a over UTF-16 units, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
