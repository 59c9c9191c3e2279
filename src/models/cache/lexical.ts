/** Length of the vectors. */
const DIMENSIONS = 2048
const MAX_CHARACTERS = 8192
const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}]+)?/gu

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))

/** Say how something is asked and not what: in the six languages of the labelled set. Other languages have all their words weighed. */
const FILLERS = set(
  'a an the is are was were be been am do does did can could would should will shall may might i you he she it we they me my mine your his her its our their this that these those and or please tell give show explain hi hello hey thanks thank want need know help just so there here ' +
    'der die das den dem des ein eine einen einem einer ist sind war bin bist kann könnt könnte ich du er sie es wir ihr mein meine meinen meinem dein bitte hallo danke und oder ' +
    'le la les un une des est sont je tu il elle nous vous mon ma mes ton votre vos et ou bonjour merci peux puis-je dois ' +
    'el los las una uno es son yo usted mi mis tu su sus y o hola gracias por favor puedo ' +
    'il lo gli uno sono io lei mio mia miei tuo e ciao grazie posso ' +
    'o os as um uma é são eu você meu minha meus seu sua olá obrigado posso',
)
/** Turn a question into its opposite. */
const NEGATIONS = set('not no never without cannot nicht kein keine keinen nie ohne ne pas jamais sans nunca sin non senza mai não sem')
/** A number, a year, a size: two questions that differ in one are not the same. */
const TELLING = 3
const PLAIN = 1
/** Of two words that follow each other: from Rome to Paris is not from Paris to Rome. */
const PAIR = 1.5
/** Words that weigh something. In a longer question one other word, which may turn it into its opposite, takes less than 0.05 from the likeness. */
const MOST_WORDS = 30

/**
 * A vector of the words that a text asks with and of their order, of length one. It knows spellings and no meanings: questions are alike
 * where they have the same words in the same order, apart from how politely. Numbers and negations weigh three times as much as other
 * words. Needs no model and no network. Of a long question it knows nothing: the vector is of zeros.
 */
export function embedLexically(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS)
  let previous = '^'
  const words = wordsOf(text).filter((word) => !FILLERS.has(word))
  if (words.length === 0 || words.length > MOST_WORDS) return vector
  for (const word of words) {
    add(vector, word, /\p{N}/u.test(word) || NEGATIONS.has(word) ? TELLING : PLAIN)
    add(vector, `${previous} ${word}`, PAIR)
    previous = word
  }
  add(vector, `${previous} $`, PAIR)
  return normalise(vector)
}

/** Words in small letters, with what English draws together written out, and without the s of a plural. */
function wordsOf(text: string): readonly string[] {
  const plain = text.slice(0, MAX_CHARACTERS).normalize('NFKC').toLowerCase().replaceAll('’', "'")
  const words = plain.replaceAll("can't", 'can not').replaceAll(/n't\b/g, ' not').match(WORD) ?? []
  return words.flatMap((word) => {
    const [stem = word] = word.split("'", 1)
    return stem.length > 3 && stem.endsWith('s') && !stem.endsWith('ss') ? stem.slice(0, -1) : stem
  })
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
