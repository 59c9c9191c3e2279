const LONGEST_NAME = 200

/** Which model a body names, as far as it was read. */
export class ModelName {
  #name: string | undefined
  #isUnclear = false
  #isNone = false

  /** What the body names; undefined where that is not known, or not yet. `otherwise`: where it names none. */
  nameOr(otherwise: string | undefined): string | undefined {
    if (this.#isUnclear) return undefined
    return this.#name ?? (this.#isNone ? otherwise : undefined)
  }

  /** Whether everything that will be known of it is known. */
  get isSettled(): boolean {
    return this.#isUnclear || this.#isNone || this.#name !== undefined
  }

  /** It names this one. Of two nobody knows which is meant. */
  say(name: string): void {
    if (this.#name !== undefined || name === '' || name.length > LONGEST_NAME) this.#isUnclear = true
    this.#name = name
  }

  /** It was read to its end: if it named none, there is none. */
  sayNone(): void {
    this.#isNone = true
  }

  /** It may name one, in a way that is not read here. */
  sayUnclear(): void {
    this.#isUnclear = true
  }
}
