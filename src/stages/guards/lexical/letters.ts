/** What a letter or a mark is read as. */
const SPACE = 32

const LATIN_END = 0x250
/** Marks that stand over the letter in front of them. */
const MARKS_BEGIN = 0x300
const MARKS_END = 0x370

/** Marks that part words and say nothing: a phrase is the same with them between its words. */
const PARTING = '\t\n\r\v\f\'"`*_~,()-«»¿¡'
/** The same, beyond Latin-1: quotes, and the commas of Chinese, Japanese and Arabic. */
const FAR_PARTING = '‘’“”„‚‹›、，،「」『』《》'

/** Letters that have no base and a mark. */
const BASES: Readonly<Record<string, string>> = { ß: 's', ø: 'o', ł: 'l', đ: 'd', ı: 'i', æ: 'a', œ: 'o', ð: 'd', þ: 't', ŋ: 'n' }

/** Digits that are written for letters, from 0 to 9; a space where one is not. */
const DIGIT_LETTERS = 'oi eas t  '

const LATIN = Uint16Array.from({ length: LATIN_END }, (_, code) => {
  const written = String.fromCharCode(code)
  if (PARTING.includes(written) || code === 0xa0) return SPACE
  const base = written.normalize('NFD').charAt(0).toLowerCase()
  return (BASES[base] ?? base).charCodeAt(0)
})
const FAR_SPACES: ReadonlySet<number> = new Set([...FAR_PARTING].map((mark) => mark.charCodeAt(0)))

/**
 * The codes of a text as words are compared: small letters without marks, spaces for what only parts words, letters for digits that stand among
 * letters, and 0 for what does not count: marks over letters, and spaces between letters that stand alone. As long as the text. What a character becomes depends on it and its neighbours.
 */
export function plainCodes(text: string, from: number): Uint16Array {
  const codes = new Uint16Array(text.length - from)
  for (let at = 0; at < codes.length; at++) {
    const code = text.charCodeAt(from + at)
    codes[at] = code < LATIN_END ? (LATIN[code] ?? code) : farCode(code)
  }
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0
    if (code < 48 || code > 57) continue
    const letter = DIGIT_LETTERS.charCodeAt(code - 48)
    if (letter !== SPACE && (isLatin(codes[at + 1]) || isLatin(codes[at - 1]))) codes[at] = letter
  }
  for (let at = 0; at < codes.length; at++) if (codes[at] === SPACE && isLone(codes, at - 1) && isLone(codes, at + 1)) codes[at] = 0
  return codes
}

/** Whether a letter stands by itself: words that are written with a space behind each letter are read without. */
function isLone(codes: Uint16Array, at: number): boolean {
  return isLatin(codes[at]) && !isLatin(codes[at - 1]) && !isLatin(codes[at + 1])
}

function farCode(code: number): number {
  if (code >= 0x391 && code <= 0x3a9) return code + 0x20
  if (code >= 0x410 && code <= 0x42f) return code + 0x20
  if (code >= 0x400 && code <= 0x40f) return code + 0x50
  if (code >= MARKS_BEGIN && code < MARKS_END) return 0
  return FAR_SPACES.has(code) ? SPACE : code
}

function isLatin(code: number | undefined): boolean {
  return code !== undefined && code >= 97 && code <= 122
}
