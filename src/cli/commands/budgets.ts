import { type Command, Option } from 'commander'
import type { ShownBudget } from '../../control/client.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatCount, formatMoney, formatTable } from '../table.ts'

interface BudgetFlags extends GatewayFlags {
  readonly account?: string
  readonly mode?: string
}

/** `signalbox budgets`: what is left of each. */
export function registerBudgets(program: Command, context: CliContext): void {
  program
    .command('budgets')
    .description('Show the budgets: what is settled, held by running calls and left, when they begin anew, and what they will come to.')
    .option('--account <name>', 'only of this account, such as team:support; * stands for any text')
    .addOption(new Option('--mode <mode>', 'only of this mode').choices(['soft', 'hard', 'strict']))
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: BudgetFlags) =>
      withGateway(context, { command: 'budgets', flags, offline: 'read' }, async ({ client }) => {
        const { account, mode } = flags
        const budgets = await client.listBudgets({ account, mode })
        if (flags.json) context.io.out(formatJson(budgets))
        else if (budgets.length === 0) context.io.err(account === undefined && mode === undefined ? NONE : NONE_SUCH)
        else context.io.out(budgetTable(budgets))
        return 0
      }),
    )
}

const NONE = 'No budgets. They stand under access in the configuration; docs/money.md says how.\n'
const NONE_SUCH = 'No such budget. `signalbox budgets` shows all.\n'

function budgetTable(budgets: readonly ShownBudget[]): string {
  const numbers = ['LIMIT', 'SETTLED', 'HELD', 'LEFT', '%', 'FORECAST'].map((title) => ({ title, align: 'right' }) as const)
  const rows = budgets.map(({ account, only, per, mode, unit, limit, settled, held, left, over, percent, forecast, resetsAt }) => {
    const show = (amount: string | undefined) =>
      amount === undefined ? '' : unit === 'usd' ? formatMoney(amount) : `${formatCount(Number(amount))} ${unit}`
    const remaining = over === undefined ? show(left) : `over by ${show(over)}`
    return [
      only === undefined ? account : `${account} (${only})`,
      per,
      mode,
      show(limit),
      show(settled),
      show(held),
      remaining,
      String(percent),
      show(forecast),
      resetsAt ?? '',
    ]
  })
  return formatTable([{ title: 'ACCOUNT' }, { title: 'PERIOD' }, { title: 'MODE' }, ...numbers, { title: 'RESETS' }], rows)
}
