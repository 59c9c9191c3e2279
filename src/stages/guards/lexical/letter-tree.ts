const NONE = -1
const FIRST_SIZE = 1 << 12

/** Phrases as a tree of their letters, in flat arrays: a step is one look-up, and takes some fifteen bytes. */
export class LetterTree<Value> {
  /** Places of an open-addressed table: which node, which letter, and the node that it leads to. */
  #parents = new Int32Array(FIRST_SIZE).fill(NONE)
  #codes = new Uint16Array(FIRST_SIZE)
  #children = new Int32Array(FIRST_SIZE)
  /** Besides the root, which is 0. */
  #nodes = 0
  readonly #values = new Map<number, Value[]>()

  /** The node that a letter leads to; -1 where no phrase goes on so. */
  child(node: number, code: number): number {
    const place = this.#placeOf(node, code)
    return this.#parents[place] === NONE ? NONE : (this.#children[place] ?? NONE)
  }

  /** The node that a letter leads to, made where there is none. */
  grow(node: number, code: number): number {
    const known = this.child(node, code)
    if (known !== NONE) return known
    // At most three quarters full, so that a search ends soon.
    if (this.#nodes * 4 >= this.#parents.length * 3) this.#enlarge()
    this.#put(node, code, ++this.#nodes)
    return this.#nodes
  }

  /** Says something of the phrase that ends at a node. */
  add(node: number, value: Value): void {
    const known = this.#values.get(node)
    if (known === undefined) this.#values.set(node, [value])
    else known.push(value)
  }

  /** Of the phrases that end at a node; undefined where none does. */
  valuesAt(node: number): readonly Value[] | undefined {
    return this.#values.get(node)
  }

  #put(node: number, code: number, child: number): void {
    const place = this.#placeOf(node, code)
    this.#parents[place] = node
    this.#codes[place] = code
    this.#children[place] = child
  }

  #enlarge(): void {
    const [parents, codes, children] = [this.#parents, this.#codes, this.#children]
    this.#parents = new Int32Array(parents.length * 2).fill(NONE)
    this.#codes = new Uint16Array(parents.length * 2)
    this.#children = new Int32Array(parents.length * 2)
    for (const [place, node] of parents.entries()) if (node !== NONE) this.#put(node, codes[place] ?? 0, children[place] ?? 0)
  }

  /** Where a step stands in the table, or would. */
  #placeOf(node: number, code: number): number {
    const mask = this.#parents.length - 1
    let mixed = Math.imul(node, 0x9e37_79b1) + Math.imul(code, 0x85eb_ca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d)
    let place = (mixed ^ (mixed >>> 13)) & mask
    while (this.#parents[place] !== NONE && !(this.#parents[place] === node && this.#codes[place] === code)) place = (place + 1) & mask
    return place
  }
}
