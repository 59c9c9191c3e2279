import type { Command } from 'commander'
import { readPriceFile } from '../../app/read-prices.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatCount, formatMoney, formatTable } from '../table.ts'

interface RecostFlags extends GatewayFlags {
  readonly since: string
  readonly until?: string
  readonly prices?: string
  readonly dryRun?: boolean
}

/** `signalbox recost`: what is past, by other prices. */
export function registerRecost(program: Command, context: CliContext): void {
  program
    .command('recost')
    .description('Cost ended calls by other prices, and write the differences as corrections. Doing it again changes nothing.')
    .requiredOption('--since <time>', 'calls from then on: a date, a time, or how long ago (30d) (required)')
    .option('--until <time>', 'and before then')
    .option('--prices <file>', 'a file of prices (default: those in force)')
    .option('--dry-run', 'only say what would change')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: RecostFlags) => recost(context, flags))
}

function recost(context: CliContext, flags: RecostFlags): Promise<void> {
  return withGateway(context, { command: 'recost', flags, offline: 'change' }, async ({ client }) => {
    const { since, until, prices, dryRun = false } = flags
    const table = prices === undefined ? {} : { table: readPriceFile(prices, context.io.cwd).table }
    const report = await client.recost({ since, dryRun, ...table, ...(until === undefined ? {} : { until }) })
    if (flags.json) {
      context.io.out(formatJson(report))
      return 0
    }
    const columns = [
      { title: 'PROVIDER' },
      { title: 'MODEL' },
      { title: 'CALLS', align: 'right' as const },
      { title: 'CHANGE', align: 'right' as const },
    ]
    const rows = report.models.map(({ provider, target, corrected, deltaUsd }) => [
      provider,
      target,
      formatCount(corrected),
      formatMoney(deltaUsd),
    ])
    context.io.out(formatTable(columns, rows))
    const { version, calls, corrected, kept, unpriced, deltaUsd } = report
    const did = dryRun ? 'would be corrected' : 'corrected'
    context.io.err(
      `By ${version}: ${corrected} of ${calls} calls ${did}, by ${formatMoney(deltaUsd)}; ${kept} kept, ${unpriced} without a price.\n`,
    )
    return 0
  })
}
