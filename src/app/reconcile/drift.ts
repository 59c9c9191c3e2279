import { formatUsd } from '../../core/money.ts'
import type { ExportedUsage } from './read-export.ts'

/** What this gateway counted of one model on one day. */
export interface CountedUsage {
  readonly day: string
  readonly model: string
  readonly costNanoUsd: bigint
  readonly unpricedCalls: number
  readonly inputTokens: number
  readonly outputTokens: number
}

/** One day of one model, on both sides. */
export interface Drift {
  readonly day: string
  readonly model: string
  /** What is compared: the cost where the export tells it, else tokens. */
  readonly unit: 'nanoUsd' | 'tokens'
  readonly counted: bigint
  readonly invoiced: bigint
  /** Of the invoice, in percent: what was counted less what was invoiced. Infinity where nothing was invoiced. */
  readonly percent: number
  /** Counted calls without a price: what their cost is, is missing from the sum. */
  readonly unpricedCalls: number
}

/** A dated snapshot and its model are one line. */
const SNAPSHOT = /[-@](?:20\d{2}-\d{2}-\d{2}|20\d{6})$|-latest$/

/** One name for a model on both sides: exports of Anthropic's costs have the names that people read, such as `Claude Haiku 4.5`. */
function nameOf(written: string): string {
  return written.trim().toLowerCase().replace(SNAPSHOT, '').replace(/[ .]+/g, '-')
}

interface Sums {
  readonly day: string
  readonly model: string
  counted: bigint
  invoiced: bigint
  countedTokens: bigint
  invoicedTokens: bigint
  hasCost: boolean
  unpricedCalls: number
}

/** Both sides by day and model; the largest drift first. Pure. */
export function compare(counted: readonly CountedUsage[], exported: readonly ExportedUsage[]): readonly Drift[] {
  const lines = new Map<string, Sums>()
  const lineOf = (day: string, written: string): Sums => {
    const key = `${day}\n${nameOf(written)}`
    const known = lines.get(key) ?? {
      day,
      model: written.toLowerCase().replace(SNAPSHOT, ''),
      counted: 0n,
      invoiced: 0n,
      countedTokens: 0n,
      invoicedTokens: 0n,
      hasCost: false,
      unpricedCalls: 0,
    }
    lines.set(key, known)
    return known
  }
  for (const { day, model, costNanoUsd, unpricedCalls, inputTokens, outputTokens } of counted) {
    const line = lineOf(day, model)
    line.counted += costNanoUsd
    line.unpricedCalls += unpricedCalls
    line.countedTokens += BigInt(inputTokens + outputTokens)
  }
  for (const { day, model, costNanoUsd, inputTokens = 0, outputTokens = 0 } of exported) {
    const line = lineOf(day, model)
    line.hasCost ||= costNanoUsd !== undefined
    line.invoiced += costNanoUsd ?? 0n
    line.invoicedTokens += BigInt(inputTokens + outputTokens)
  }
  const isByCost = exported.some(({ costNanoUsd }) => costNanoUsd !== undefined)
  const drifts = [...lines.values()].map((line) => driftOf(line, isByCost))
  return drifts.sort((left, right) => Math.abs(right.percent) - Math.abs(left.percent) || (left.day < right.day ? -1 : 1))
}

function driftOf({ day, model, unpricedCalls, hasCost, ...sums }: Sums, isByCost: boolean): Drift {
  const unit = hasCost || (isByCost && sums.invoicedTokens === 0n) ? 'nanoUsd' : 'tokens'
  const [counted, invoiced] = unit === 'nanoUsd' ? [sums.counted, sums.invoiced] : [sums.countedTokens, sums.invoicedTokens]
  const difference = counted - invoiced
  const percent = difference === 0n ? 0 : invoiced === 0n ? Infinity : Number((difference * 1_000_000n) / invoiced) / 10_000
  return { day, model, unit, counted, invoiced, percent, unpricedCalls }
}

/** The same with amounts as decimal text; a percentage of nothing is null. */
export function showDrift({ unit, counted, invoiced, percent, ...rest }: Drift) {
  const show = (amount: bigint) => (unit === 'nanoUsd' ? formatUsd(amount) : String(amount))
  const isKnown = Number.isFinite(percent)
  return {
    ...rest,
    unit: unit === 'nanoUsd' ? ('usd' as const) : unit,
    ...{ counted: show(counted), invoiced: show(invoiced), percent: isKnown ? percent : null },
  }
}
