import type { Failures } from '../load/jobs.ts'
import type { Lab, Pair } from './lab.ts'
import type { Spread } from './statistics.ts'

/** A line of the benchmark: one file in bench/rows, one entry in the list of bench/run.ts. */
export interface Row {
  /** Names of the results; `--only` takes them. */
  readonly names: readonly string[]
  /** Model ids of the mock that the row asks for; the gateway's configuration names them all. */
  readonly shapes: readonly string[]
  measure(lab: Lab): Promise<readonly Measured[]>
}

/** The promise of DESIGN.md, on the value or on its ratio to the floor. */
export interface Bar {
  readonly on: 'value' | 'ratio'
  readonly atMost: number
}

export interface Measured {
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly floor?: number
  /** The value divided by the floor's, unless given; 'none' where a ratio says nothing, as of two growths near zero. */
  readonly ratio?: number | 'none'
  readonly bar?: Bar
  /** Lowest and highest round of what the bar is on. */
  readonly spread?: Spread
  readonly note?: string
  /** Failures that make the figure worthless, such as refused calls. */
  readonly problems?: readonly string[]
}

/** A result as it is printed and kept. */
export interface Result {
  readonly name: string
  /** null when the row could not be measured; `problems` says why. */
  readonly value: number | null
  readonly floor: number | null
  readonly ratio: number | null
  readonly bar: number | null
  readonly ok: boolean
  readonly unit: string
  readonly barOn: Bar['on'] | null
  readonly spread: Spread | null
  readonly note: string | null
  readonly problems: readonly string[]
}

/** Holds a figure against its bar. A row without a bar is ok when nothing failed. */
export function judge(measured: Measured): Result {
  const { name, unit, value, floor, bar, spread, note, problems = [] } = measured
  const ratio = measured.ratio === 'none' || floor === undefined ? Number.NaN : (measured.ratio ?? value / floor)
  const figure = bar?.on === 'ratio' ? ratio : value
  return {
    name,
    value: round(value),
    floor: round(floor ?? Number.NaN),
    ratio: round(ratio),
    bar: bar?.atMost ?? null,
    // What could not be measured is NaN, and NaN meets no bar.
    ok: problems.length === 0 && (bar === undefined || figure <= bar.atMost),
    unit,
    barOn: bar?.on ?? null,
    spread: spread === undefined ? null : roundSpread(spread),
    note: note ?? null,
    problems,
  }
}

/** The results of a row that could not be measured. */
export function judgeUnmeasured(row: Row, problem: string): Result[] {
  return row.names.map((name) => ({
    name,
    value: null,
    floor: null,
    ratio: null,
    bar: null,
    ok: false,
    unit: '',
    barOn: null,
    spread: null,
    note: null,
    problems: [problem],
  }))
}

/** The failures of both sides in words; none when every call was answered. */
export function describeFailures(pairs: readonly Pair<Failures>[]): string[] {
  const describe = (side: 'floor' | 'gateway'): string[] => {
    const errors = pairs.reduce((total, pair) => total + pair[side].errors, 0)
    return errors === 0 ? [] : [`${side}: ${errors} failed, first: ${pairs.find((pair) => pair[side].errors > 0)?.[side].firstError}`]
  }
  return [...describe('floor'), ...describe('gateway')]
}

function roundSpread(spread: Spread): Spread | null {
  const low = round(spread.low)
  const high = round(spread.high)
  return low === null || high === null ? null : { low, high }
}

function round(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null
}
