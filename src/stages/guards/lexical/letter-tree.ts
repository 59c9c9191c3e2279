/** A phrase to be found, as codes, and what is known of it. */
export interface Leaf<Value> {
  readonly codes: readonly number[]
  readonly value: Value
}

const NONE = -1

/** Phrases as a tree of their letters, in flat arrays: a hundred thousand letters take a megabyte, and one step is one look-up. */
export class LetterTree<Value> {
  /** Places of an open-addressed table: which node, which letter, and the node that it leads to. */
  readonly #parents: Int32Array
  readonly #codes: Uint16Array
  readonly #children: Int32Array
  readonly #mask: number
  readonly #values = new Map<number, Value[]>()

  constructor(leaves: readonly Leaf<Value>[]) {
    let letters = 1
    for (const { codes } of leaves) letters += codes.length
    // At most half full, so that a search ends soon.
    const size = 2 ** Math.ceil(Math.log2(letters * 2))
    this.#mask = size - 1
    this.#parents = new Int32Array(size).fill(NONE)
    this.#codes = new Uint16Array(size)
    this.#children = new Int32Array(size)
    let nodes = 1
    for (const { codes, value } of leaves) {
      let node = 0
      for (const code of codes) {
        const place = this.#placeOf(node, code)
        if (this.#parents[place] === NONE) {
          this.#parents[place] = node
          this.#codes[place] = code
          this.#children[place] = nodes++
        }
        node = this.#children[place] ?? 0
      }
      this.#values.set(node, [...(this.#values.get(node) ?? []), value])
    }
  }

  /** The node that a letter leads to; the root is 0. -1 where no phrase goes on so. */
  child(node: number, code: number): number {
    const place = this.#placeOf(node, code)
    return this.#parents[place] === NONE ? NONE : (this.#children[place] ?? NONE)
  }

  /** Of the phrases that end at a node; undefined where none does. */
  valuesAt(node: number): readonly Value[] | undefined {
    return this.#values.get(node)
  }

  /** Where a step stands in the table, or would. */
  #placeOf(node: number, code: number): number {
    let place = (Math.imul(node, 0x9e37_79b1) ^ Math.imul(code, 0x85eb_ca6b)) >>> 7
    for (place &= this.#mask; this.#parents[place] !== NONE; place = (place + 1) & this.#mask) {
      if (this.#parents[place] === node && this.#codes[place] === code) break
    }
    return place
  }
}
