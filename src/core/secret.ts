const HIDDEN = '***'

/**
 * A secret that prints as `***` wherever it lands: a log line, a template, JSON, an inspector. `reveal` is the only way out.
 * In the configuration it is first only a reference, such as `env:OPENAI_API_KEY`, which the loader resolves.
 */
export class Secret {
  readonly #value: string | undefined
  /** Where it comes from: `env:NAME` or `file:PATH`. Safe to print. */
  readonly origin: string

  constructor(value: string, origin?: string)
  constructor(value: string | undefined, origin: string)
  constructor(value: string | undefined, origin = 'given') {
    this.#value = value
    this.origin = origin
  }

  /** A secret that is still to be read. */
  static reference(origin: string): Secret {
    return new Secret(undefined, origin)
  }

  get isResolved(): boolean {
    return this.#value !== undefined
  }

  /** The same secret, read. */
  resolve(value: string): Secret {
    return new Secret(value, this.origin)
  }

  /** The secret itself: for the header that goes upstream, and for nothing that is written down. */
  reveal(): string {
    if (this.#value === undefined) throw new Error(`The secret ${this.origin} was not read before it was used.`)
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN
  }
}
