import type { Command } from 'commander'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'

/** `signalbox verify`: walks the log's chain of hashes. Exit code 1 where it is broken. */
export function registerVerify(program: Command, context: CliContext): void {
  program
    .command('verify')
    .description('Check that nobody changed the event log. Exit code 1 where its chain of hashes is broken.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: GatewayFlags) =>
      withGateway(context, { command: 'verify', flags, offline: 'read' }, async ({ client }) => {
        const found = await client.verify()
        if (flags.json) context.io.out(formatJson(found))
        else if (found.ok) context.io.out(`intact: ${found.events} events in ${found.batches} batches, last hash ${found.lastHash}\n`)
        else context.io.out(`broken at batch ${found.brokenBatch}: ${found.reason}\n`)
        return found.ok ? 0 : 1
      }),
    )
}
