import type { Command } from 'commander'
import type { ShownKey } from '../../control/client.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption, labelOption } from '../options.ts'
import { formatFields, formatTable } from '../table.ts'

interface CreateFlags extends GatewayFlags {
  readonly team: string
  readonly name?: string
  readonly user?: string
  readonly label?: Readonly<Record<string, string>>
  readonly model?: readonly string[]
  readonly expires?: string
}

interface RotateFlags extends GatewayFlags {
  readonly overlap: string
}

interface ListFlags extends GatewayFlags {
  readonly team?: string
  readonly state?: string
}

/** `signalbox keys create | list | show | rotate | revoke`. */
export function registerKeys(program: Command, context: CliContext): void {
  const keys = program.command('keys').description('Make, list, rotate and revoke keys.')
  keys
    .command('create')
    .description('Make a key. It is printed this once; only a hash of it is kept.')
    .requiredOption('--team <team>', 'a team of the configuration (required)')
    .option('--name <name>', 'what people call it')
    .option('--user <user>', 'the person or service that uses it')
    .addOption(labelOption('a label that its calls carry; may be given again'))
    .option('--model <name...>', 'models that it may use, with * for any text (default: all that the team may)')
    .option('--expires <when>', 'when it stops: how long from now (30d), a date or a time')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: CreateFlags) => create(context, flags))
  keys
    .command('list')
    .description('List the keys, newest first.')
    .option('--team <team>', 'only those of this team')
    .option('--state <state>', 'only those that are active, expired, revoked or stopped')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: ListFlags) => list(context, flags))
  keys
    .command('show')
    .description('Show a key.')
    .argument('<id>', 'its public id: the middle of sb_<id>_<secret>')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((id: string, flags: GatewayFlags) => show(context, id, flags))
  keys
    .command('rotate')
    .description('Make a new secret for a key, under a new id. The old one works until the end of the overlap; spend goes on as one.')
    .argument('<id>', 'its public id: the middle of sb_<id>_<secret>')
    .option('--overlap <duration>', 'how long the old one still works', '24h')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((id: string, flags: RotateFlags) => rotate(context, id, flags))
  keys
    .command('revoke')
    .description('Revoke a key at once, and end its running calls.')
    .argument('<id>', 'its public id: the middle of sb_<id>_<secret>')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((id: string, flags: GatewayFlags) => revoke(context, id, flags))
}

function create(context: CliContext, flags: CreateFlags): Promise<void> {
  const { team, name, user, label, model, expires } = flags
  return withGateway(context, { command: 'keys create', flags, offline: 'change' }, async ({ client }) => {
    const request = {
      ...{ team, labels: { ...label } },
      ...(name === undefined ? {} : { name }),
      ...(user === undefined ? {} : { user }),
      ...(model === undefined ? {} : { models: [...model] }),
      ...(expires === undefined ? {} : /^\d{4}-/.test(expires) ? { expiresAt: expires } : { expiresIn: expires }),
    }
    const created = await client.createKey(request)
    context.io.out(flags.json ? formatJson(created) : `${created.key}\n`)
    context.io.err(`Made the key ${created.id} for the team ${created.team}. It is shown this once.\n`)
    return 0
  })
}

function list(context: CliContext, flags: ListFlags): Promise<void> {
  return withGateway(context, { command: 'keys list', flags, offline: 'read' }, async ({ client }) => {
    const keys = await client.listKeys({ team: flags.team, state: flags.state })
    context.io.out(flags.json ? formatJson(keys) : keyTable(keys))
    return 0
  })
}

function show(context: CliContext, id: string, flags: GatewayFlags): Promise<void> {
  return withGateway(context, { command: 'keys show', flags, offline: 'read' }, async ({ client }) => {
    const key = await client.showKey(id)
    context.io.out(flags.json ? formatJson(key) : formatFields(key))
    return 0
  })
}

function rotate(context: CliContext, id: string, flags: RotateFlags): Promise<void> {
  return withGateway(context, { command: 'keys rotate', flags, offline: 'change' }, async ({ client }) => {
    const rotated = await client.rotateKey(id, flags.overlap)
    context.io.out(flags.json ? formatJson(rotated) : `${rotated.key}\n`)
    context.io.err(`Made the key ${rotated.id}; the key ${id} works until ${rotated.oldWorksUntil}. The new one is shown this once.\n`)
    return 0
  })
}

function revoke(context: CliContext, id: string, flags: GatewayFlags): Promise<void> {
  return withGateway(context, { command: 'keys revoke', flags, offline: 'change' }, async ({ client }) => {
    const revoked = await client.revokeKey(id)
    if (flags.json) context.io.out(formatJson(revoked))
    context.io.err(`Revoked the key ${revoked.id}; running calls that were ended: ${revoked.endedCalls}.\n`)
    return 0
  })
}

const TITLES = ['ID', 'STATE', 'TEAM', 'NAME', 'USER', 'LABELS', 'MODELS', 'CREATED', 'EXPIRES']

function keyTable(keys: readonly ShownKey[]): string {
  const rows = keys.map(({ id, state, team, name, user, labels, models, createdAt, expiresAt }) => {
    const shownLabels = Object.entries(labels).map(([label, value]) => `${label}=${value}`)
    return [id, state, team, name, user, shownLabels.join(',') || undefined, models?.join(','), createdAt, expiresAt]
  })
  const columns = TITLES.map((title) => ({ title }))
  return formatTable(columns, rows)
}
