import { mkdir, writeFile } from 'node:fs/promises'
import type { Machine } from './machine.ts'
import type { Result } from './result.ts'

/** What a run prints with `--json`: `floor` is the CPU that a chat call costs the floor, in microseconds, the unit of all ratios. */
export interface Report {
  readonly floor: number
  readonly results: readonly Result[]
}

/** What a run keeps. */
export interface RunRecord extends Report {
  readonly date: string
  readonly command: string
  readonly target: string
  readonly scale: string
  readonly seconds: number
  readonly machine: Machine
  /** Share of the machine's CPU that other programs used meanwhile, 0 to 1. Above `calmShare` the times are not to be trusted. */
  readonly foreignCpuShare: number
}

/** What other programs may use of the machine before a run is called disturbed. */
export const calmShare = 0.05

const headings = ['name', 'gateway', 'floor', 'ratio', 'bar', '', 'spread', 'unit']

/** The results as a table for people. */
export function formatTable(results: readonly Result[]): string {
  const lines = [headings, ...results.map(formatCells)]
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  const table = lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const remarks = results.flatMap((result) => [
    ...(result.note === null ? [] : [`  ${result.name}: ${result.note}`]),
    ...result.problems.map((problem) => `  ${result.name}: PROBLEM ${problem}`),
  ])
  const missed = results.filter((result) => !result.ok).map((result) => result.name)
  const verdict = missed.length === 0 ? 'Every bar was met.' : `Missed: ${missed.join(', ')}.`
  return [...table, '', ...remarks, '', verdict].join('\n')
}

function formatCells(result: Result): string[] {
  const bar = result.bar === null ? '' : `≤ ${result.bar}${result.barOn === 'ratio' ? ' ×' : ''}`
  return [
    result.name,
    result.value === null ? '–' : String(result.value),
    result.floor === null ? '' : String(result.floor),
    result.ratio === null ? '' : `${result.ratio.toFixed(3)} ×`,
    bar,
    result.ok ? 'ok' : 'MISSED',
    result.spread === null ? '' : `${result.spread.low} … ${result.spread.high}`,
    result.unit,
  ]
}

/** Writes bench/results/<date>-<time>.json and answers its path. */
export async function writeRecord(record: RunRecord): Promise<string> {
  const folder = new URL('../results/', import.meta.url).pathname
  await mkdir(folder, { recursive: true })
  const path = `${folder}${record.date.slice(0, 19).replace('T', '-').replaceAll(':', '')}.json`
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`)
  return path
}
