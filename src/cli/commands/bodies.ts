import type { Command } from 'commander'
import { type CliContext, formatJson, type GatewayFlags, refuseUsage, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'

interface EraseFlags extends GatewayFlags {
  readonly call?: string
  readonly team?: string
  readonly user?: string
  readonly key?: string
  readonly before?: string
}

/** `signalbox bodies show | erase`: stored prompts and replies. */
export function registerBodies(program: Command, context: CliContext): void {
  const bodies = program.command('bodies').description('Show and erase stored prompts and replies.')
  bodies
    .command('show')
    .description('Print a stored body.')
    .argument('<id>', 'its id, from the receipt of the call')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((id: string, flags: GatewayFlags) => show(context, id, flags))
  bodies
    .command('erase')
    .description('Erase stored bodies. All that is given must fit; at least one must be given. The log is untouched.')
    .option('--call <id>', 'of this call')
    .option('--team <team>', 'of this team')
    .option('--user <user>', 'of this user')
    .option('--key <id>', 'of this key')
    .option('--before <when>', 'kept before then: a date, a time, or how long ago (30d)')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: EraseFlags) => erase(context, flags))
}

function show(context: CliContext, id: string, flags: GatewayFlags): Promise<void> {
  const { io } = context
  return withGateway(context, { command: 'bodies show', flags }, async ({ client }) => {
    const body = await client.showBody(id)
    io.out(flags.json ? formatJson(body) : `${body.text ?? body.base64 ?? ''}\n`)
    if (body.text === undefined) io.err('It is no text, so it is printed in base64.\n')
    if (body.isTruncated) io.err('It was cut off when it was kept (bodies.maxSize).\n')
    if (body.isRedacted) io.err('Only its shape was kept, without the texts.\n')
    return 0
  })
}

async function erase(context: CliContext, flags: EraseFlags): Promise<void> {
  const { call, team, user, key, before } = flags
  if ([call, team, user, key, before].every((each) => each === undefined)) {
    refuseUsage(context.io, 'bodies erase', 'Say what to erase: --call, --team, --user, --key or --before.')
    return
  }
  await withGateway(context, { command: 'bodies erase', flags }, async ({ client }) => {
    const erased = await client.eraseBodies({ callId: call, team, user, keyId: key, before })
    if (flags.json) context.io.out(formatJson({ erased }))
    context.io.err(`Erased bodies: ${erased}.\n`)
    return 0
  })
}
