import type { Command } from 'commander'
import type { Status } from '../../control/client.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatFields } from '../table.ts'

/** `signalbox status`: how the gateway is. Exit code 3 where it is not ready. */
export function registerStatus(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('Show how the gateway is. Exit code 3 where it is not ready or does not answer.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: GatewayFlags) =>
      withGateway(context, { command: 'status', flags }, async ({ client }) => {
        const status = await client.showStatus()
        context.io.out(flags.json ? formatJson(status) : formatFields(readable(status)))
        return status.ready ? 0 : 3
      }),
    )
}

function readable({ checks, ...rest }: Status): object {
  const said = checks.map(({ name, ok, detail }) => [name, `${ok ? 'ok' : 'not ok'}${detail === undefined ? '' : `: ${detail}`}`])
  return { ...rest, checks: Object.fromEntries(said) }
}
