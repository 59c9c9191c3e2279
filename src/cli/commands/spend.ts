import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Reached } from '../../app/reach-gateway.ts'
import type { Query, SpendLine } from '../../control/client.ts'
import { type CliContext, type GatewayFlags, withGateway } from '../context.ts'
import { configOption } from '../options.ts'
import { formatCount, formatMoney, formatTable } from '../table.ts'

interface SpendFlags extends GatewayFlags {
  readonly by: readonly string[]
  readonly since?: string
  readonly until?: string
  readonly month?: string
  readonly where?: Query
  readonly format?: 'table' | 'csv' | 'json'
  readonly rebuild?: true
}

/** `signalbox spend`: who spent what. */
export function registerSpend(program: Command, context: CliContext): void {
  program
    .command('spend')
    .description('Add up what was spent, dearest first, then by name. Hours count whole.')
    .addOption(
      new Option('--by <dimensions>', 'what to split by: team, model, key, user, provider, day, label:NAME …')
        .argParser(splitNames)
        .default(['team', 'model'], 'team,model'),
    )
    .option('--month <month>', 'this, last, or one such as 2026-11 (UTC)')
    .option('--since <when>', 'from then on: a date, a time, or how long ago (24h)')
    .option('--until <when>', 'before then')
    .option('--where <name=value>', 'only where a dimension is this, such as team=support or model=claude*; may be given again', addFilter)
    .addOption(new Option('--format <format>', 'how to print it (default: table)').choices(['table', 'csv', 'json']))
    .option('--json', 'the same as --format json')
    .option('--rebuild', 'first add the whole log up again')
    .addOption(configOption())
    .action((flags: SpendFlags) =>
      withGateway(context, { command: 'spend', flags, offline: flags.rebuild ? 'change' : 'read' }, (reached) =>
        print(context, reached, flags),
      ),
    )
}

async function print({ io }: CliContext, { client }: Reached, flags: SpendFlags): Promise<0> {
  const { by, month, since, until, where } = flags
  const query = { ...where, month, since, until }
  const format = flags.json ? 'json' : (flags.format ?? 'table')
  if (flags.rebuild) await client.rebuildSpend()
  if (format !== 'table') {
    io.out(await client.spendText(by, query, format))
    return 0
  }
  const lines = await client.sumSpend(by, query)
  if (lines.length === 0) io.err('No spend: no call of a model is among what was asked for. `signalbox logs` shows all calls.\n')
  else io.out(spendTable(by, lines))
  return 0
}

function spendTable(by: readonly string[], lines: readonly SpendLine[]): string {
  const numbers = ['CALLS', 'INPUT', 'OUTPUT', 'UNPRICED', 'COST'].map((title) => ({ title, align: 'right' }) as const)
  const rows = lines.map((line) => [
    ...by.map((name) => line.texts[name] ?? undefined),
    formatCount(line.calls),
    formatCount(line.inputTokens),
    formatCount(line.outputTokens),
    line.unpricedCalls === 0 ? '' : formatCount(line.unpricedCalls),
    formatMoney(line.costUsd),
  ])
  return formatTable([...by.map((name) => ({ title: name.toUpperCase() })), ...numbers], rows)
}

function splitNames(written: string): readonly string[] {
  const names = written.split(',').map((name) => name.trim())
  if (names.includes('')) throw new InvalidArgumentError('Write names separated by commas.')
  return [...new Set(names)]
}

function addFilter(written: string, filter: Query = {}): Query {
  const at = written.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write name=value.')
  return { ...filter, [written.slice(0, at)]: written.slice(at + 1) }
}
