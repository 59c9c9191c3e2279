import type { Call } from '../../core/call.ts'
import { consult } from './judges/consult.ts'
import { onFound } from './notes.ts'
import type { Guard, Judges, Phase } from './types.ts'
import { MAX_GATHERED } from './whole-lane.ts'

/** A text of a stream in front of judges. Where one may refuse it, all of it is held back until they have spoken. */
export class JudgeLane {
  readonly #call: Call
  readonly #judges: Judges
  readonly #guards: readonly Guard[]
  readonly #phase: Phase
  readonly #isHeld: boolean
  #text = ''

  constructor(call: Call, judges: Judges, guards: readonly Guard[], phase: Phase) {
    this.#call = call
    this.#judges = judges
    this.#guards = guards.filter(({ judge }) => judge !== undefined)
    this.#phase = phase
    this.#isHeld = this.#guards.some(({ action }) => action === 'block')
  }

  push(piece: string): string {
    this.#text += piece
    if (this.#isHeld && this.#text.length > MAX_GATHERED) {
      const guard = this.#guards.find(({ action }) => action === 'block')
      if (guard !== undefined)
        onFound(this.#call, guard, this.#phase, { kind: 'TOO_LONG' }, `in the reply (more than ${MAX_GATHERED} characters)`)
    }
    return this.#isHeld ? '' : piece
  }

  async end(piece = ''): Promise<string> {
    this.#text += piece
    const texts = [this.#text]
    await consult(this.#call, this.#judges, { guards: this.#guards, phase: this.#phase, texts, where: 'in the reply' })
    return this.#isHeld ? this.#text : piece
  }
}
