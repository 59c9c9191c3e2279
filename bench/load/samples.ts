/** Numbers to take quantiles of, in one growing array: a million of them cost 8 MB and no garbage. */
export class Samples {
  #values = new Float64Array(16_384)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#count++] = value
  }

  summarize(): Quantiles {
    const sorted = this.#values.slice(0, this.#count).sort()
    const at = (share: number): number => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? 0
    return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1) ?? 0 }
  }
}

/** Quantiles of samples; 0 when there were none. */
export interface Quantiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}
