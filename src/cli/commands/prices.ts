import type { Command } from 'commander'
import { diffPrices, readPriceFile, rowsOfTable } from '../../app/read-prices.ts'
import type { Prices } from '../../control/client.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatTable } from '../table.ts'

interface ShowFlags extends GatewayFlags {
  readonly provider?: string
}

/** `signalbox prices show | diff | update`. */
export function registerPrices(program: Command, context: CliContext): void {
  const prices = program.command('prices').description('Show the list prices in force, compare them with a file, or put a file in force.')
  prices
    .command('show')
    .description('Show list prices, in US dollars per million tokens.')
    .argument('[model]', 'only ids that match; * stands for any text')
    .option('--provider <name>', 'only of this provider')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((model: string | undefined, flags: ShowFlags) => show(context, model, flags))
  prices
    .command('diff')
    .description("Show what a file would change: our format, the data of genai-prices, or LiteLLM's format.")
    .argument('<file>', 'a file of prices')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((file: string, flags: GatewayFlags) => diff(context, file, flags))
  prices
    .command('update')
    .description('Put the prices of a file in force, at once and for later starts.')
    .argument('<file>', 'a file of prices')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((file: string, flags: GatewayFlags) => update(context, file, flags))
}

function show(context: CliContext, model: string | undefined, flags: ShowFlags): Promise<void> {
  return withGateway(context, { command: 'prices show', flags, offline: 'read' }, async ({ client }) => {
    const shown = await client.listPrices({ provider: flags.provider, model })
    context.io.out(flags.json ? formatJson(shown) : priceTable(shown))
    context.io.err(`${shown.prices.length} prices of ${shown.version}, from ${shown.source}, in US dollars per million tokens.\n`)
    return shown.prices.length === 0 ? 1 : 0
  })
}

function diff(context: CliContext, file: string, flags: GatewayFlags): Promise<void> {
  return withGateway(context, { command: 'prices diff', flags, offline: 'read' }, async ({ client }) => {
    const { table, leftOut } = readPriceFile(file, context.io.cwd)
    const differences = diffPrices((await client.listPrices({})).prices, rowsOfTable(table))
    const columns = ['PROVIDER', 'ID', 'KIND', 'NOW', 'THEN'].map((title) => ({ title }))
    const rows = differences.map(({ provider, id, kind, from, to }) => [provider, id, kind, from, to])
    context.io.out(flags.json ? formatJson(differences) : formatTable(columns, rows))
    context.io.err(`${differences.length} differences; ${leftOut.length} prices of the file cannot be taken over.\n`)
    return 0
  })
}

function update(context: CliContext, file: string, flags: GatewayFlags): Promise<void> {
  return withGateway(context, { command: 'prices update', flags, offline: 'change' }, async ({ client }) => {
    const { table, leftOut } = readPriceFile(file, context.io.cwd)
    const updated = await client.updatePrices(table)
    if (flags.json) context.io.out(formatJson({ ...updated, leftOut }))
    for (const { provider, model, why } of leftOut) context.io.err(`Left out, so unpriced: ${provider} ${model}: ${why}.\n`)
    context.io.err(`In force: ${updated.version}, ${updated.rows} prices.\n`)
    return 0
  })
}

const KINDS = ['input', 'cachedInput', 'cacheWrite', 'output', 'toolCall'] as const

function priceTable({ prices }: Prices): string {
  const columns = [
    { title: 'PROVIDER' },
    { title: 'ID' },
    ...['INPUT', 'CACHED', 'WRITTEN', 'OUTPUT', 'TOOL CALL'].map((title) => ({ title, align: 'right' as const })),
    { title: 'ALSO' },
  ]
  const rows = prices.map((price) => {
    const also = Object.keys(price).filter((kind) => !['provider', 'id', 'match', 'except', ...KINDS].includes(kind))
    return [
      price.provider,
      price.id,
      ...KINDS.map((kind) => (price[kind] === undefined ? undefined : String(price[kind]))),
      also.join(', ') || undefined,
    ]
  })
  return formatTable(columns, rows)
}
