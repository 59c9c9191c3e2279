import { type Command, InvalidArgumentError } from 'commander'
import { readInput } from '../../app/read-input.ts'
import { compare, type Drift, showDrift } from '../../app/reconcile/drift.ts'
import { readExport } from '../../app/reconcile/read-export.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatCount, formatMoney, formatTable } from '../table.ts'

interface ReconcileFlags extends GatewayFlags {
  readonly provider?: string
  readonly tolerance: number
}

const DAY_MS = 86_400_000

/** `signalbox reconcile`: what was counted here against what a provider says. */
export function registerReconcile(program: Command, context: CliContext): void {
  program
    .command('reconcile')
    .description(
      'Compare spend with a usage export of a provider (pages of its usage or cost API, or CSV), by model and day. Exit code 1 where they drift.',
    )
    .argument('<file>', 'the export')
    .option('--provider <name>', 'only calls of this provider of the configuration; several accounts are several names')
    .option('--tolerance <percent>', 'drift that is no drift, in percent of the invoice', readPercent, 1)
    .addOption(configOption())
    .addOption(jsonOption())
    .action((file: string, flags: ReconcileFlags) => reconcile(context, file, flags))
}

function reconcile(context: CliContext, file: string, flags: ReconcileFlags): Promise<void> {
  return withGateway(context, { command: 'reconcile', flags, offline: 'read' }, async ({ client }) => {
    const exported = readExport(readInput(file, context.io.cwd), file)
    const days = exported.map(({ day }) => day).sort()
    const [first, last] = [days[0], days.at(-1)]
    if (first === undefined || last === undefined) {
      context.io.err(`signalbox reconcile: ${file} holds no usage.\n`)
      return 2
    }
    const until = new Date(Date.parse(last) + DAY_MS).toISOString()
    const lines = await client.sumSpend(['target', 'day'], { provider: flags.provider, since: first, until })
    if (flags.provider !== undefined && lines.length === 0)
      context.io.err(
        `No calls of a provider "${flags.provider}" were counted in these days; \`signalbox spend --by provider\` names them.\n`,
      )
    const counted = lines.map(({ texts, ...sums }) => ({ day: texts.day ?? '', model: texts.target ?? '', ...sums }))
    const drifts = compare(
      counted.filter(({ model }) => model !== ''),
      exported,
    )
    const beyond = drifts.filter(({ percent }) => Math.abs(percent) > flags.tolerance)
    context.io.out(flags.json ? formatJson(drifts.map(showDrift)) : driftTable(drifts))
    context.io.err(`${beyond.length} of ${drifts.length} days of models drift by more than ${flags.tolerance} %.\n`)
    return beyond.length === 0 ? 0 : 1
  })
}

function driftTable(drifts: readonly Drift[]): string {
  const right = (title: string) => ({ title, align: 'right' as const })
  const columns = [{ title: 'DAY' }, { title: 'MODEL' }, right('COUNTED'), right('INVOICED'), right('DRIFT'), right('UNPRICED')]
  const rows = drifts.map(showDrift).map(({ day, model, unit, counted, invoiced, percent, unpricedCalls }) => {
    const show = (amount: string) => (unit === 'usd' ? formatMoney(amount) : `${formatCount(Number(amount))} tokens`)
    const drift = percent === null ? 'not invoiced' : `${percent > 0 ? '+' : ''}${percent} %`
    return [day, model, show(counted), show(invoiced), drift, unpricedCalls === 0 ? undefined : formatCount(unpricedCalls)]
  })
  return formatTable(columns, rows)
}

function readPercent(text: string): number {
  const percent = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && percent <= 1000) return percent
  throw new InvalidArgumentError('Write a percentage from 0, such as 0.5.')
}
