import type { Command } from 'commander'
import type { Receipt } from '../../control/client.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatFields, formatMoney } from '../table.ts'

/** `signalbox receipt`: all that is known of one call. */
export function registerReceipt(program: Command, context: CliContext): void {
  program
    .command('receipt')
    .description('Show all that is known of one call: who, what, how long, what it cost, whose fault a failure was.')
    .argument('<call>', 'id of the call, as in the header x-signalbox-request-id')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((callId: string, flags: GatewayFlags) =>
      withGateway(context, { command: 'receipt', flags, offline: 'read' }, async ({ client }) => {
        const receipt = await client.showReceipt(callId)
        context.io.out(flags.json ? formatJson(receipt) : formatFields(readable(receipt)))
        return 0
      }),
    )
}

function readable({ events, costUsd, totalUsd, unpriced, ...rest }: Receipt): object {
  const cost = unpriced ? 'unpriced' : costUsd === undefined ? undefined : formatMoney(costUsd)
  const total = totalUsd === undefined ? undefined : formatMoney(totalUsd)
  return { ...rest, cost, total, events: events.map(({ position, type }) => `${type} at ${position}`) }
}
