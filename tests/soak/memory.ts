import type { GatewayProcess } from '../chaos/lab/gateway-process.ts'

/** The share of a run in which a gateway comes to its size: code is compiled, pools fill. */
const WARM_UP = 0.3
/** The shares at both ends of the rest that are compared. */
const END = 0.2

/** The memory of a gateway over a run. */
export class Memory {
  readonly #gateway: GatewayProcess
  readonly #expected: number
  readonly #samplesMb: number[] = []

  /** @param expected how many samples there will be, about */
  constructor(gateway: GatewayProcess, expected: number) {
    this.#gateway = gateway
    this.#expected = expected
  }

  get lastMb(): number {
    return round(this.#samplesMb.at(-1) ?? Number.NaN)
  }

  sample(): void {
    this.#samplesMb.push(this.#gateway.residentMb)
  }

  /** From the first part after the warm-up to the last one: medians, for a collection now and then is no growth. */
  get growthMb(): number {
    const warm = this.#samplesMb.slice(Math.floor(this.#expected * WARM_UP))
    const size = Math.max(1, Math.floor(warm.length * END))
    return round(median(warm.slice(-size)) - median(warm.slice(0, size)))
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
}

function round(megabytes: number): number {
  return Math.round(megabytes * 10) / 10
}
