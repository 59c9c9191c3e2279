/** A text as the detectors read it, and where each of its characters stands in the text as written. */
export interface Folded {
  readonly text: string
  /** For each character of `text` its place as written, and one more for the end. Absent where both texts are the same. */
  readonly places?: Int32Array
  /** Where several code units, as written, became one character: how many. */
  readonly widths?: ReadonlyMap<number, number>
}

const REMOVED = 0
const CODES = 0x1_0000

/**
 * Latin letters that Cyrillic and Greek letters look like. Pairs: what stands, and what it is read as. Where only the capital looks alike, the
 * small letter goes with it, so that a word is the same in any case.
 */
const LOOK_ALIKES =
  'аaАAвbВBсcСCеeЕEёeЁEіiІIїiЇIјjЈJкkКKмmМMнhНHоoОOрpРPѕsЅSтtТTуyУYхxХXԁdԛqԝwһhɡgɩiⅼl' +
  'αaΑAβbΒBεeΕEζzΖZηhΗHιiΙIκkΚKμmΜMνnΝNοoΟOρpΡPτtΤTυyΥYχxΧX'

/** First digits of the decimal digits that phones and cards are written with. */
const ZEROS = [
  0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0,
  0x1810,
]

/** Ranges of characters that show nothing: soft hyphens, joiners, marks of direction, selectors of variants. */
const INVISIBLE = [
  [0x00ad, 0x00ad],
  [0x034f, 0x034f],
  [0x061c, 0x061c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x2064],
  [0x2066, 0x206f],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
] as const

/** What each code unit is read as. */
const FOLD = makeTable()

function makeTable(): Uint16Array {
  const table = Uint16Array.from({ length: CODES }, (_, code) => code)
  const put = (code: number, text: string) => {
    table[code] = text.charCodeAt(0)
  }
  for (let at = 0; at < LOOK_ALIKES.length; at += 2) put(LOOK_ALIKES.charCodeAt(at), LOOK_ALIKES.charAt(at + 1))
  for (const zero of ZEROS) for (let digit = 0; digit < 10; digit++) put(zero + digit, String(digit))
  // Full-width forms stand 0xfee0 behind their ASCII ones.
  for (let code = 0xff01; code <= 0xff5e; code++) table[code] = code - 0xfee0
  for (const code of [0x00a0, 0x1680, 0x202f, 0x205f, 0x3000]) put(code, ' ')
  for (let code = 0x2000; code <= 0x200a; code++) put(code, ' ')
  for (const code of [0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xfe58, 0xfe63]) put(code, '-')
  put(0x2024, '.')
  put(0xfe52, '.')
  put(0xfe6b, '@')
  for (const [first, last] of INVISIBLE) for (let code = first; code <= last; code++) table[code] = REMOVED
  // A NUL stands for itself below: only what is not ASCII is looked up.
  return table
}

/** Of Latin-1 only these two are read as something else: most texts of western Europe stay as they are. */
const MAY_FOLD = /[\u00a0\u00ad\u0100-\uffff]/
const PIECE = 8192

/**
 * Reads a text as a person sees it: full-width and other digits as ASCII digits, Cyrillic and Greek letters that look like Latin ones as those,
 * mathematical letters as letters, odd spaces and dashes as plain ones, and nothing where nothing shows. Linear; no character becomes two.
 */
export function fold(text: string): Folded {
  if (!MAY_FOLD.test(text)) return { text }
  const codes = new Uint16Array(text.length)
  const places = new Int32Array(text.length + 1)
  const widths = new Map<number, number>()
  let isChanged = false
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const base = isMark(code) ? places[length - 1] : undefined
    if (base !== undefined && length > 0) {
      // An accent of its own, as macOS writes the names of files.
      codes[length - 1] = accented(text.slice(base, at + 1)) ?? codes[length - 1] ?? 0
      widths.set(base, at + 1 - base)
      isChanged = true
      continue
    }
    let read = code < 0x80 ? code : (FOLD[code] ?? code)
    const place = at
    if (code >= 0xd800 && code <= 0xdbff) {
      const folded = foldPair(code, text.charCodeAt(at + 1))
      if (folded !== undefined) {
        widths.set(at, 2)
        at++
        read = folded
      }
    }
    if (read !== code) isChanged = true
    if (read === REMOVED && code !== 0) continue
    codes[length] = read
    places[length++] = place
  }
  if (!isChanged) return { text }
  places[length] = text.length
  let folded = ''
  for (let from = 0; from < length; from += PIECE) folded += String.fromCharCode(...codes.subarray(from, Math.min(length, from + PIECE)))
  return { text: folded, places: places.subarray(0, length + 1), widths }
}

function isMark(code: number): boolean {
  return code >= 0x0300 && code <= 0x036f && code !== 0x034f
}

/** What a letter and the accents behind it are read as, where there is one letter for them; without, the letter stands as though they were not there. */
function accented(written: string): number | undefined {
  const composed = written.length <= MOST_ACCENTS ? written.normalize('NFC') : ''
  const code = composed.charCodeAt(0)
  return composed.length === 1 ? (FOLD[code] ?? code) : undefined
}

/** Longer heaps of accents are drawn, not written. */
const MOST_ACCENTS = 4

/** Mathematical letters and digits, and tags, which show nothing; undefined for other pairs, which stay two code units. */
function foldPair(high: number, low: number): number | undefined {
  if (!(low >= 0xdc00 && low <= 0xdfff)) return undefined
  const point = (high - 0xd800) * 0x400 + (low - 0xdc00) + 0x1_0000
  if (point >= 0x1_d400 && point <= 0x1_d6a3) return letterAt((point - 0x1_d400) % 52)
  if (point >= 0x1_d7ce && point <= 0x1_d7ff) return 0x30 + ((point - 0x1_d7ce) % 10)
  if (point >= 0x1_f130 && point <= 0x1_f149) return letterAt(point - 0x1_f130)
  return point >= 0xe_0000 && point <= 0xe_007f ? REMOVED : undefined
}

function letterAt(index: number): number {
  return index < 26 ? 0x41 + index : 0x61 + index - 26
}

/** The place, in the text as written, of a place in the folded one. */
export function placeOf({ places }: Folded, at: number): number {
  return places === undefined ? at : (places[at] ?? 0)
}

/** Just after the character that stands in front of a place in the folded text. */
export function endPlaceOf({ places, widths }: Folded, at: number): number {
  if (places === undefined) return at
  const last = places[at - 1] ?? 0
  return last + (widths?.get(last) ?? 1)
}

/** The first place in the folded text that stands at or behind a place as written. */
export function foldedPlaceOf({ text, places }: Folded, at: number): number {
  if (places === undefined) return at
  let low = 0
  let high = text.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((places[middle] ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}

/** A pattern of words, some of which are of other alphabets, as it must be to find them in folded text. */
export function foldedPattern(source: string, flags: string): RegExp {
  // Bun 1.4.5 writes what is not ASCII in a `String.raw` as escapes: read back first.
  const plain = source.replace(/\\u([0-9a-f]{4})/gi, (_escape, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return new RegExp(fold(plain).text, flags)
}
