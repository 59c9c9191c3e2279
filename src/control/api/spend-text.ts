import { formatUsd } from '../../core/money.ts'
import type { SpendRow } from '../projections/spend-by.ts'

const COUNTS = ['calls', 'inputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'outputTokens', 'unpricedCalls'] as const

/**
 * Spend as JSON, one row a line. `costUsd` is a number with every digit written out: passing it through a float would make noise of
 * small amounts. It is null where nothing is known but unpriced calls: not known is not free.
 */
export function encodeSpendJson<Dimension extends string>(by: readonly Dimension[], rows: readonly SpendRow<Dimension>[]): string {
  const lines = rows.map((row) => {
    const texts = by.map((name) => `${JSON.stringify(name)}:${JSON.stringify(row[name] ?? null)}`)
    const counts = COUNTS.map((name) => `"${name}":${row[name]}`)
    return `{${[...texts, ...counts, `"costUsd":${costOf(row) ?? 'null'}`, `"costNanoUsd":"${row.costNanoUsd}"`].join(',')}}`
  })
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`
}

/** Spend as CSV (RFC 4180, with a line of names). What is not known is empty. */
export function encodeSpendCsv<Dimension extends string>(by: readonly Dimension[], rows: readonly SpendRow<Dimension>[]): string {
  const lines = rows.map((row) => [...by.map((name) => row[name] ?? ''), ...COUNTS.map((name) => String(row[name])), costOf(row) ?? ''])
  return [[...by, ...COUNTS, 'costUsd'], ...lines].map((line) => `${line.map(quoteCsv).join(',')}\r\n`).join('')
}

function costOf({ costNanoUsd, unpricedCalls }: { readonly costNanoUsd: bigint; readonly unpricedCalls: number }): string | undefined {
  return costNanoUsd === 0n && unpricedCalls > 0 ? undefined : formatUsd(costNanoUsd)
}

/** A text that begins like a formula would be one to a spreadsheet: it gets a quote before it. */
function quoteCsv(text: string): string {
  // Some take the wide forms of the signs for the signs.
  const inert = /^[=+\-@\t\r\n＝＋－＠]/.test(text) && !/^-?[\d.]+$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
