// `npm run bench`: what a gateway costs compared with a proxy that does nothing. See bench/README.md.
import { describeMachine } from './lab/machine.ts'
import { measureFloor, measureRows } from './lab/measure-rows.ts'
import { type OpenLab, openLab } from './lab/open-lab.ts'
import { type Options, readOptions, usage } from './lab/options.ts'
import { readForeignCpuMicros } from './lab/proc.ts'
import { calmShare, formatTable, type Report, writeRecord } from './lab/report.ts'
import type { Row } from './lab/result.ts'
import { budgets } from './rows/budgets.ts'
import { cache } from './rows/cache.ts'
import { chat } from './rows/chat.ts'
import { guards } from './rows/guards.ts'
import { largeRequests } from './rows/large-requests.ts'
import { latency } from './rows/latency.ts'
import { least } from './rows/least.ts'
import { memoryAborts } from './rows/memory-aborts.ts'
import { memoryCalls } from './rows/memory-calls.ts'
import { memoryIdle } from './rows/memory-idle.ts'
import { protocols } from './rows/protocols.ts'
import { routing } from './rows/routing.ts'
import { spend } from './rows/spend.ts'
import { stalledReaders } from './rows/stalled-readers.ts'
import { startUp } from './rows/start-up.ts'
import { stream2000 } from './rows/stream-2000.ts'
import { streamChunk } from './rows/stream-chunk.ts'
import { translation } from './rows/translation.ts'

/** Every row, in the order of a run. Those that restart the targets come last, so that the others meet warm processes. */
const rows: readonly Row[] = [
  guards,
  chat,
  least,
  latency,
  routing,
  streamChunk,
  translation,
  protocols,
  budgets,
  cache,
  spend,
  memoryIdle,
  largeRequests,
  stream2000,
  stalledReaders,
  memoryAborts,
  memoryCalls,
  startUp,
]

const exitCodes = { measured: 0, missed: 1, usage: 2, failed: 3 } as const

async function main(args: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = readOptions(args, rows)
  } catch (error) {
    say(`${describe(error)}\n\n${usage}`)
    return exitCodes.usage
  }
  try {
    return await runBenchmark(options, args)
  } catch (error) {
    say(describe(error))
    return exitCodes.failed
  }
}

async function runBenchmark(options: Options, args: readonly string[]): Promise<number> {
  const startMs = performance.now()
  const machine = describeMachine()
  const opened = await openLab({ target: options.target, scale: options.scale, shapes: [...new Set(rows.flatMap((row) => row.shapes))] })
  const foreignBefore = readForeignCpuMicros()
  const report = await measure(opened, options)
  const elapsedMs = performance.now() - startMs
  const record = {
    date: new Date().toISOString(),
    command: ['npm run bench --', ...args].join(' '),
    target: options.target,
    scale: options.scale.name,
    seconds: Math.round(elapsedMs / 1000),
    machine,
    foreignCpuShare: (readForeignCpuMicros() - foreignBefore) / 1000 / elapsedMs / machine.cores,
    ...report,
  }
  const path = await writeRecord(record)
  print(report, options)
  say(`${record.seconds} s; kept in ${path}`)
  if (record.foreignCpuShare > calmShare) {
    say(`Other programs used ${(record.foreignCpuShare * 100).toFixed(0)} % of the machine meanwhile: do not trust times near a bar.`)
  }
  if (options.assert && report.results.some((result) => !result.ok)) return exitCodes.missed
  return report.results.every((result) => result.value !== null) ? exitCodes.measured : exitCodes.failed
}

/** Measures what was asked for and ends every process, whatever happens. */
async function measure(opened: OpenLab, options: Options): Promise<Report> {
  const give = (reason: string) => async (): Promise<void> => {
    say(`Given up: ${reason}. Logs are in ${opened.folder}.`)
    await opened.close({ keepFolder: true })
    process.exit(exitCodes.failed)
  }
  const deadline = setTimeout(give(`more than ${options.scale.limitMinutes} minutes`), options.scale.limitMinutes * 60_000)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, give(signal))
  let isMeasured = false
  try {
    const floor = await measureFloor(opened.lab)
    const chosen = rows.filter((row) => row.names.some((name) => options.names.includes(name)))
    const all = await measureRows(opened.lab, chosen, say)
    isMeasured = all.every((result) => result.value !== null)
    const results = all.filter((result) => options.names.includes(result.name))
    return { floor: results.find((result) => result.name === 'chat_cpu')?.floor ?? floor, results }
  } finally {
    clearTimeout(deadline)
    await opened.close({ keepFolder: !isMeasured })
    if (!isMeasured) say(`Logs are in ${opened.folder}.`)
  }
}

function print(report: Report, options: Options): void {
  const table = formatTable(report.results)
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  if (options.json) say(table)
  else process.stdout.write(`${table}\n`)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}\n${describe(error.cause)}`
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

process.exit(await main(process.argv.slice(2)))
