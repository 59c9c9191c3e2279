import type { Finding, Phase } from './types.ts'

/** A text, or the end of a long one that is at a seam. */
export interface SeamPiece {
  /** Of the text among all. */
  readonly index: number
  /** Where it begins in its text. */
  readonly from: number
  readonly text: string
}

/** What of a finding stands in one text. */
export interface SeamFinding {
  /** Of the text among all. */
  readonly index: number
  readonly finding: Finding
}

/** Pieces of texts that are read as one. Places are those of the pieces put together with nothing between. */
export class Seam {
  readonly phase: Phase
  readonly #pieces: readonly SeamPiece[]
  /** Where each piece begins. */
  readonly #starts: readonly number[]

  constructor(phase: Phase, pieces: readonly SeamPiece[]) {
    this.phase = phase
    this.#pieces = pieces
    let length = 0
    this.#starts = pieces.map(({ text }) => {
      const start = length
      length += text.length
      return start
    })
  }

  /** The pieces with this between two of them. */
  textWith(between: string): string {
    return this.#pieces.map(({ text }) => text).join(between)
  }

  /** A finding in the pieces with a character between two of them, in places of the pieces alone. */
  tightened(finding: Finding): Finding {
    return { from: this.#tightened(finding.from), to: this.#tightened(finding.to - 1) + 1, kind: finding.kind }
  }

  /** What stands of a finding in each text; nothing of one that is in one text alone. */
  divided({ from, to, kind }: Finding): readonly SeamFinding[] {
    const first = this.#pieceAt(from, 0)
    const last = this.#pieceAt(to - 1, 0)
    if (first === last) return []
    return this.#pieces.slice(first, last + 1).map((piece, at) => {
      const start = (this.#starts[first + at] ?? 0) - piece.from
      const end = piece.from + piece.text.length
      const finding = { from: Math.max(from - start, piece.from), to: Math.min(to - start, end), kind }
      return { index: piece.index, finding: at === 0 ? finding : { ...finding, isRest: true } }
    })
  }

  #tightened(place: number): number {
    const at = this.#pieceAt(place, 1)
    // What stands between two pieces is where the next begins.
    return Math.min(place - at, this.#starts[at + 1] ?? place)
  }

  /** The piece at a place, where so many characters stand between two pieces. */
  #pieceAt(place: number, between: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#starts[middle] ?? 0) + middle * between <= place) low = middle
      else high = middle - 1
    }
    return low
  }
}
