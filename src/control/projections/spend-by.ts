import { GatewayError } from '../../core/errors.ts'
import type { TallyReader, TallySum, TallyTable } from '../../core/ports.ts'
import { matchesPattern } from '../../policy/patterns.ts'
import { SPEND_LABEL_TABLE, SPEND_TABLE } from './spend.ts'

const HOUR_MS = 3_600_000

/** What spend can be split by: with at most one label. */
export type SpendDimension = (typeof SPEND_TABLE.dimensions)[number] | 'hour' | 'day' | 'month' | `label:${string}`

/** Which calls count. */
export interface SpendRange {
  /** Rounded down to the hour. */
  readonly sinceMs?: number
  /** Exclusive; rounded up to the hour. */
  readonly untilMs?: number
  /** Texts that dimensions must have, with `*` for any text; an empty text asks for calls where it is not known. */
  readonly filter?: Readonly<Record<string, string>>
}

interface SpendSums {
  readonly calls: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly cacheWriteTokens: number
  readonly outputTokens: number
  /** Calls that used tokens whose price is not known: their cost is missing from the sum. */
  readonly unpricedCalls: number
  readonly costNanoUsd: bigint
}

/** A line of the answer. A dimension that is not known of its calls is undefined; times are such as `2026-11-21T13`, `2026-11-21`, `2026-11`. */
export type SpendRow<Dimension extends string> = { readonly [Name in Dimension]: string | undefined } & SpendSums

/**
 * Adds up spend by the dimensions given, dearest first; what cost the same stands in the order of its texts (by code unit, the first
 * dimension first, what is not known before all else), so that the same sums are the same lines in the same order on every store.
 * @throws invalid_request where a dimension or a filter is not known, or does not go with a label
 */
export async function spendBy<Dimension extends SpendDimension>(
  reader: TallyReader,
  dimensions: readonly Dimension[],
  range: SpendRange = {},
): Promise<readonly SpendRow<Dimension>[]> {
  const patterns = Object.entries(range.filter ?? {}).filter(([, text]) => text.includes('*'))
  // What is filtered by a pattern is split by, and put together again once the pattern was looked at.
  const split = [...new Set([...dimensions, ...patterns.map(([name]) => name)])]
  const plan = planQuery(split, range)
  const rows = new Map<string, { row: SpendRow<Dimension> }>()
  for (const sum of await reader.sum(plan)) {
    const whole: SpendRow<string> = toRow(split, sum)
    if (!patterns.every(([name, pattern]) => matchesPattern(pattern, whole[name] ?? ''))) continue
    // Every dimension asked for is among those that were split by.
    const row = whole as SpendRow<Dimension>
    const key = dimensions.map((name) => row[name] ?? '').join('\u0000')
    const known = rows.get(key)
    // Days of one month, and what patterns let through, fall together here.
    if (known === undefined) rows.set(key, { row: without(row, split, dimensions) })
    else known.row = addRows(known.row, row)
  }
  return [...rows.values()].map(({ row }) => row).sort(byCost(dimensions))
}

/** A row of the dimensions that were asked for alone. */
function without<Dimension extends string>(
  row: SpendRow<Dimension>,
  split: readonly string[],
  asked: readonly string[],
): SpendRow<Dimension> {
  if (split.length === asked.length) return row
  const extra = split.filter((name) => !asked.includes(name))
  // Only what was not asked for goes.
  return Object.fromEntries(Object.entries(row).filter(([name]) => !extra.includes(name))) as SpendRow<Dimension>
}

function planQuery(dimensions: readonly string[], range: SpendRange) {
  const filter = range.filter ?? {}
  const labels = new Set([...dimensions, ...Object.keys(filter)].filter((name) => name.startsWith('label:')))
  const [label] = [...labels].map((name) => name.slice('label:'.length))
  const table: TallyTable = label === undefined ? SPEND_TABLE : SPEND_LABEL_TABLE
  const columnFor = (name: string) => columnName(table, label, name)
  const by = dimensions.filter((name) => !isTime(name)).map(columnFor)
  const where = Object.fromEntries(Object.entries(filter).flatMap(([name, text]) => (text.includes('*') ? [] : [[columnFor(name), text]])))
  const per = dimensions.includes('hour') ? ('hour' as const) : dimensions.some(isTime) ? ('day' as const) : undefined
  return {
    table: table.name,
    by,
    where: label === undefined ? where : { ...where, label },
    ...(per === undefined ? {} : { per }),
    ...(range.sinceMs === undefined ? {} : { sinceHour: Math.floor(range.sinceMs / HOUR_MS) }),
    ...(range.untilMs === undefined ? {} : { untilHour: Math.ceil(range.untilMs / HOUR_MS) }),
  }
}

function columnName(table: TallyTable, label: string | undefined, name: string): string {
  if (label !== undefined && name === `label:${label}`) return 'value'
  // `label` and `value` are columns of the table, but no words of the question.
  const known = table.dimensions.filter((dimension) => dimension !== 'label' && dimension !== 'value')
  if (known.includes(name)) return name
  const where = label === undefined ? '' : ` Together with a label, only these can be asked: ${known.join(', ')} and one label.`
  const all = [...SPEND_TABLE.dimensions, 'hour', 'day', 'month', 'label:<name>'].join(', ')
  throw new GatewayError('invalid_request', `Spend cannot be split by '${name}'. It knows ${all}.${where}`, { param: 'by' })
}

function isTime(name: string): boolean {
  return name === 'hour' || name === 'day' || name === 'month'
}

function toRow<Dimension extends string>(dimensions: readonly Dimension[], sum: TallySum): SpendRow<Dimension> {
  const isHourly = dimensions.some((name) => name === 'hour')
  const texts: Record<string, string | undefined> = {}
  let column = 0
  for (const name of dimensions) texts[name] = isTime(name) ? timeText(name, sum.time, isHourly) : sum.dimensions[column++] || undefined
  const [calls = 0n, input = 0n, cached = 0n, written = 0n, output = 0n, unpriced = 0n, costNanoUsd = 0n] = sum.sums
  const sums: SpendSums = {
    calls: Number(calls),
    inputTokens: Number(input),
    cachedInputTokens: Number(cached),
    cacheWriteTokens: Number(written),
    outputTokens: Number(output),
    unpricedCalls: Number(unpriced),
    costNanoUsd,
  }
  // Every dimension was set above.
  return { ...texts, ...sums } as SpendRow<Dimension>
}

function timeText(name: string, time: number, isHourly: boolean): string {
  const iso = new Date(time * HOUR_MS * (isHourly ? 1 : 24)).toISOString()
  return iso.slice(0, name === 'hour' ? 13 : name === 'day' ? 10 : 7)
}

function addRows<Dimension extends string>(left: SpendRow<Dimension>, right: SpendRow<Dimension>): SpendRow<Dimension> {
  return {
    ...left,
    calls: left.calls + right.calls,
    inputTokens: left.inputTokens + right.inputTokens,
    cachedInputTokens: left.cachedInputTokens + right.cachedInputTokens,
    cacheWriteTokens: left.cacheWriteTokens + right.cacheWriteTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    unpricedCalls: left.unpricedCalls + right.unpricedCalls,
    costNanoUsd: left.costNanoUsd + right.costNanoUsd,
  }
}

function byCost<Dimension extends string>(dimensions: readonly Dimension[]) {
  return (left: SpendRow<Dimension>, right: SpendRow<Dimension>): number => {
    if (left.costNanoUsd !== right.costNanoUsd) return left.costNanoUsd > right.costNanoUsd ? -1 : 1
    const nameOf = (row: SpendRow<Dimension>) => dimensions.map((name) => row[name] ?? '').join('\u0000')
    return nameOf(left) < nameOf(right) ? -1 : 1
  }
}
