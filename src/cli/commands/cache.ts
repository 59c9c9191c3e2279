import type { Command } from 'commander'
import { type CliContext, formatJson, type GatewayFlags, refuseUsage, withGateway } from '../context.ts'
import { configOption, jsonOption, labelOption } from '../options.ts'

interface PurgeFlags extends GatewayFlags {
  readonly model?: string
  readonly key?: string
  readonly label?: Readonly<Record<string, string>>
  readonly all?: true
}

/** `signalbox cache show | purge`: cached answers of models. */
export function registerCache(program: Command, context: CliContext): void {
  const cache = program.command('cache').description('Show and purge cached answers.')
  cache
    .command('show')
    .description('Print how many answers are cached, and how much room they take.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: GatewayFlags) => show(context, flags))
  cache
    .command('purge')
    .description('Remove cached answers. All that is given must fit.')
    .option('--model <name>', 'of this model or route')
    .option('--key <id>', 'made with this key')
    .addOption(labelOption('made by callers with this label; may be given again'))
    .option('--all', 'everything')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: PurgeFlags) => purge(context, flags))
}

function show(context: CliContext, flags: GatewayFlags): Promise<void> {
  return withGateway(context, { command: 'cache show', flags }, async ({ client }) => {
    const cache = await client.showCache()
    const { entries, bytes, failures } = cache
    context.io.out(flags.json ? formatJson(cache) : `answers   ${entries}\nbytes     ${bytes}\nfailures  ${failures}\n`)
    return 0
  })
}

async function purge(context: CliContext, flags: PurgeFlags): Promise<void> {
  const { model, key, label, all } = flags
  if ([model, key, label, all].every((each) => each === undefined)) {
    refuseUsage(context.io, 'cache purge', 'Say what to purge: --model, --key or --label, or else --all.')
    return
  }
  await withGateway(context, { command: 'cache purge', flags }, async ({ client }) => {
    const purged = await client.purgeCache({ model, keyId: key, labels: label, all })
    if (flags.json) context.io.out(formatJson({ purged }))
    context.io.err(`Purged answers: ${purged}.\n`)
    return 0
  })
}
