import { endPlaceOf, type Folded, fold, foldedPlaceOf, placeOf } from './fold.ts'
import type { Finding, SpanDetector } from './types.ts'

/** A text in both forms that detectors read; each is made once. */
export class ReadableText {
  readonly written: string
  #folded: Folded | undefined

  constructor(written: string) {
    this.written = written
  }

  get folded(): Folded {
    this.#folded ??= fold(this.written)
    return this.#folded
  }
}

/** What a detector finds from a place on, in places of the text as written. */
export function findIn(text: ReadableText, detector: SpanDetector, from: number): readonly Finding[] {
  if (detector.reads === 'written') return detector.find(text.written, from)
  const { folded } = text
  const found = detector.find(folded.text, foldedPlaceOf(folded, from))
  if (folded.places === undefined) return found
  return found.map(({ since, ...finding }) => ({
    ...finding,
    from: placeOf(folded, finding.from),
    to: endPlaceOf(folded, finding.to),
    ...(since === undefined ? {} : { since: placeOf(folded, since) }),
  }))
}

/** From where on more text may change what the detector finds, in places of the text as written. */
export function holdIn(text: ReadableText, detector: SpanDetector, from: number): number {
  if (detector.reads === 'written') return detector.holdFrom(text.written, from)
  const { folded } = text
  return placeOf(folded, detector.holdFrom(folded.text, foldedPlaceOf(folded, from)))
}
