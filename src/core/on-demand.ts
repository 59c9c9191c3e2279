/** A value that is made when it is first asked for. */
export class OnDemand<Value> {
  readonly #make: () => Value
  #made: { readonly value: Value } | undefined

  constructor(make: () => Value) {
    this.#make = make
  }

  get(): Value {
    this.#made ??= { value: this.#make() }
    return this.#made.value
  }

  /** The value, where somebody asked for it. */
  get made(): Value | undefined {
    return this.#made?.value
  }
}
