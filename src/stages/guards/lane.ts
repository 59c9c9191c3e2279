import { findIn, holdIn, ReadableText } from './find.ts'
import type { Finding, Guard, SpanDetector } from './types.ts'

/** What a lane does with what is found. */
export interface LaneRules {
  /** Called once for each finding, in the order in which they are decided. Throws where the call must end. */
  readonly onFound: (guard: Guard, finding: Finding) => void
  /** What stands in place of something redacted. */
  readonly replacementOf: (guard: Guard, kind: string, value: string) => string
}

interface Scanner {
  readonly guard: Guard
  readonly detector: SpanDetector
  readonly order: number
  /** What is in front of it in the buffer is decided. */
  from: number
}

interface Redaction {
  readonly guard: Guard
  /** Place of the detector among all. Of two findings that begin together, the first detector's goes first. */
  readonly order: number
  readonly finding: Finding
}

/** Decided text that is kept before it is thrown away, so that the buffer is not cut with every piece. */
const KEPT_CHARACTERS = 1024

/**
 * One text of a stream on its way through the guards. Holds back what more text could still turn into a finding, and gives the rest.
 * However the text is cut into pieces, what is found, and what comes out in all, is the same.
 */
export class Lane {
  readonly #rules: LaneRules
  readonly #scanners: readonly Scanner[]
  #redactions: Redaction[] = []
  #buffer = ''
  /** What is in front of it in the buffer was given out. */
  #given = 0

  constructor(guards: readonly Guard[], rules: LaneRules) {
    this.#rules = rules
    const detectors = guards.flatMap((guard) => guard.spans.map((detector) => ({ guard, detector })))
    this.#scanners = detectors.map((each, order) => ({ ...each, order, from: 0 }))
  }

  /** Takes the next piece; gives what is decided now. */
  push(piece: string): string {
    this.#buffer += piece
    return this.#advance({ isEnd: false })
  }

  /** Takes the last piece, and gives all that is left. */
  end(piece = ''): string {
    this.#buffer += piece
    return this.#advance({ isEnd: true })
  }

  #advance({ isEnd }: { readonly isEnd: boolean }): string {
    const text = new ReadableText(this.#buffer)
    let decided = this.#buffer.length
    for (const scanner of this.#scanners) decided = Math.min(decided, this.#scan(scanner, text, isEnd))
    // A character of two units stays whole.
    if (!isEnd && isHighSurrogate(this.#buffer.charCodeAt(decided - 1))) decided--
    const given = this.#give(decided)
    this.#forget()
    return given
  }

  /** @returns up to where this scanner has decided */
  #scan(scanner: Scanner, text: ReadableText, isEnd: boolean): number {
    const { guard, detector } = scanner
    const hold = isEnd ? text.written.length : holdIn(text, detector, scanner.from)
    if (hold <= scanner.from && !isEnd) return scanner.from
    let next = Math.max(scanner.from, hold)
    for (const finding of findIn(text, detector, scanner.from)) {
      if ((finding.since ?? finding.from) >= hold) break
      if (finding.isRest !== true) this.#rules.onFound(guard, finding)
      if (guard.action === 'redact') this.#redactions.push({ guard, order: scanner.order, finding })
      next = Math.max(next, finding.to)
    }
    scanner.from = next
    return next
  }

  #give(decided: number): string {
    this.#redactions.sort((left, right) => left.finding.from - right.finding.from || left.order - right.order)
    let given = ''
    let at = this.#given
    let done = 0
    for (const { guard, finding } of this.#redactions) {
      if (finding.from >= decided) break
      done++
      // What overlaps with another finding is redacted as far as that left something.
      const from = Math.max(finding.from, at)
      given += this.#buffer.slice(at, from)
      if (finding.to > from) given += this.#rules.replacementOf(guard, finding.kind, this.#buffer.slice(from, finding.to))
      at = Math.max(from, finding.to)
    }
    if (done > 0) this.#redactions = this.#redactions.slice(done)
    if (decided > at) {
      given += this.#buffer.slice(at, decided)
      at = decided
    }
    this.#given = at
    return given
  }

  #forget(): void {
    let keep = this.#given
    for (const { from, detector } of this.#scanners) keep = Math.min(keep, from - detector.lookBehind)
    if (keep < KEPT_CHARACTERS) return
    this.#buffer = this.#buffer.slice(keep)
    this.#given -= keep
    for (const scanner of this.#scanners) scanner.from -= keep
    this.#redactions = this.#redactions.map(({ finding, ...rest }) => ({
      ...rest,
      finding: { ...finding, from: finding.from - keep, to: finding.to - keep },
    }))
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
