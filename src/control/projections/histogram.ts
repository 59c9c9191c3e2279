/** A histogram as Prometheus means it: cumulative counts by upper bound, a sum and a count. */
export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: Uint32Array
  #sum = 0
  #count = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Uint32Array(bounds.length + 1)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += value
    this.#count++
  }

  /** Lines of the text format; `labels` as in `a="b",c="d"`. */
  lines(name: string, labels: string): readonly string[] {
    const prefix = labels === '' ? '' : `${labels},`
    const braces = labels === '' ? '' : `{${labels}}`
    let below = 0
    const buckets = [...this.#bounds.map(String), '+Inf'].map((bound, index) => {
      below += this.#counts[index] ?? 0
      return `${name}_bucket{${prefix}le="${bound}"} ${below}`
    })
    return [...buckets, `${name}_sum${braces} ${this.#sum}`, `${name}_count${braces} ${this.#count}`]
  }
}
