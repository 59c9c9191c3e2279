import type { Command } from 'commander'
import { explainRoute, type RouteExplanation } from '../../app/explain-route.ts'
import { PlaceError } from '../../app/gateway-place.ts'
import { readInput } from '../../app/read-input.ts'
import { formatJson } from '../context.ts'
import type { CliIo } from '../io.ts'
import { configOption, jsonOption, labelOption } from '../options.ts'
import { formatMoney, formatTable } from '../table.ts'

interface ExplainFlags {
  readonly config?: string
  readonly json?: true
  readonly model?: string
  readonly file?: string
  readonly team?: string
  readonly user?: string
  readonly label?: Readonly<Record<string, string>>
}

/** `signalbox route explain`: where a call would go. */
export function registerRoute(program: Command, io: CliIo): void {
  const route = program.command('route').description('Look at routes.')
  route
    .command('explain')
    .description('Say where a call would go, and why. Sends nothing.')
    .option('--model <name>', "a route or a model (default: the request's own)")
    .option('--file <request.json>', 'the body of a request, of any wire; - reads stdin (default: one short question)')
    .option('--team <team>', 'the team that asks')
    .option('--user <user>', 'the user who asks')
    .addOption(labelOption('a label of the call; may be given again'))
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: ExplainFlags) => explain(flags, io))
}

/** What is asked where no request is given. */
const GREETING = JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }] })

function explain(flags: ExplainFlags, io: CliIo): void {
  if (flags.model === undefined && flags.file === undefined) {
    io.err('signalbox route explain: Name a route or a model with --model, or a request with --file.\n')
    io.setExitCode(2)
    return
  }
  try {
    const explanation = explainRoute({
      configFile: flags.config,
      ...{ cwd: io.cwd, env: io.env, model: flags.model, team: flags.team, user: flags.user },
      body: flags.file === undefined ? GREETING : readInput(flags.file, io.cwd),
      labels: flags.label ?? {},
    })
    if (flags.json) io.out(formatJson(explanation))
    else io.out(textOf(explanation))
    if (explanation.notSet !== undefined)
      io.err(`Not set in this shell, so that nothing is known of the keys that they hold: ${explanation.notSet.join(', ')}.\n`)
    io.setExitCode(explanation.refusal === undefined ? 0 : 1)
  } catch (thrown) {
    io.err(`signalbox route explain: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
    io.setExitCode(thrown instanceof PlaceError ? 2 : 1)
  }
}

function textOf({ model, strategy, why, order, ruledOut, refusal }: RouteExplanation): string {
  const head = refusal === undefined ? `${model} (${strategy}): ${why}\n` : `${model} (${strategy}): ${refusal.status} ${refusal.code}\n`
  const targets = order.map((target, index) => [
    String(index + 1),
    target.model,
    target.provider,
    target.target,
    target.expectedCostUsd === undefined ? undefined : formatMoney(target.expectedCostUsd),
  ])
  const columns = [
    { title: '#', align: 'right' } as const,
    ...['MODEL', 'PROVIDER', 'ID'].map((title) => ({ title })),
    { title: 'EXPECTED COST' },
  ]
  const table = order.length === 0 ? '' : formatTable(columns, targets)
  return `${head}${table}${ruledOut.map((out) => `left out: ${out.target}: ${out.why}\n`).join('')}`
}
