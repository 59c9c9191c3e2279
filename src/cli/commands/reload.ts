import type { Command } from 'commander'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'

/** `signalbox reload`: has the gateway read its configuration file again, and says what came of it. */
export function registerReload(program: Command, context: CliContext): void {
  program
    .command('reload')
    .description('Have the gateway read its file again. It does so by itself; this says what came of it.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: GatewayFlags) =>
      withGateway(context, { command: 'reload', flags }, async ({ client }) => {
        const config = await client.reload()
        if (flags.json) context.io.out(formatJson(config))
        context.io.err(`Revision ${config.revision} is in force.\n`)
        return 0
      }),
    )
}
