import type { Call } from '../../core/call.ts'
import { onFound } from './notes.ts'
import { checkWhole } from './request.ts'
import type { Guard, Phase, WholeDetector } from './types.ts'

/** Longest text that is held back or gathered for a guard that must see it whole, in characters. */
export const MAX_GATHERED = 1024 * 1024

/**
 * A text of a stream in front of guards that look at it as a whole. One that may refuse it holds all of it back until it is complete; the
 * others are told what was said when it is over. What is asked about the text so far sees every piece.
 */
export class WholeLane {
  readonly #call: Call
  readonly #guards: readonly Guard[]
  readonly #phase: Phase
  readonly #isHeld: boolean
  readonly #early: { readonly guard: Guard; readonly detector: WholeDetector; isFound: boolean }[]
  #text = ''

  constructor(call: Call, guards: readonly Guard[], phase: Phase) {
    this.#call = call
    this.#phase = phase
    const withEnd = guards.map((guard) => ({ ...guard, wholes: guard.wholes.filter(({ needsEnd }) => needsEnd) }))
    this.#guards = withEnd.filter(({ wholes }) => wholes.length > 0)
    this.#isHeld = this.#guards.some(({ action }) => action === 'block')
    this.#early = guards.flatMap((guard) =>
      guard.wholes.filter(({ needsEnd }) => !needsEnd).map((detector) => ({ guard, detector, isFound: false })),
    )
  }

  push(piece: string): string {
    this.#gather(piece)
    return this.#isHeld ? '' : piece
  }

  end(piece = ''): string {
    this.#gather(piece)
    // A reply that calls tools may have a text that says nothing: there is nothing to look at.
    if (this.#text.trim() !== '') checkWhole(this.#call, this.#guards, this.#phase, { text: this.#text, where: 'in the reply' })
    return this.#isHeld ? this.#text : piece
  }

  #gather(piece: string): void {
    this.#text += piece
    for (const each of this.#early) {
      if (each.isFound) continue
      const verdict = each.detector.check(this.#text)
      if (verdict.type === 'clean') continue
      each.isFound = true
      onFound(this.#call, each.guard, this.#phase, verdict, `in the reply (${verdict.reason ?? verdict.kind})`)
    }
    if (this.#isHeld && this.#text.length > MAX_GATHERED) {
      const guard = this.#guards.find(({ action }) => action === 'block')
      if (guard !== undefined)
        onFound(this.#call, guard, this.#phase, { kind: 'TOO_LONG' }, `in the reply (more than ${MAX_GATHERED} characters)`)
    }
  }
}
