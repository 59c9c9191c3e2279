import type { Command } from 'commander'
import type { ShownLiveCall } from '../../control/client.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatTable } from '../table.ts'

/** `signalbox live`: the calls that run now. */
export function registerLive(program: Command, context: CliContext): void {
  program
    .command('live')
    .description('List the calls that run now, longest first.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: GatewayFlags) =>
      withGateway(context, { command: 'live', flags }, async ({ client }) => {
        const calls = await client.listLiveCalls()
        if (calls.length === 0) context.io.err('No calls run now.\n')
        if (flags.json) context.io.out(formatJson(calls))
        else if (calls.length > 0) context.io.out(liveTable(calls))
        return 0
      }),
    )
}

function liveTable(calls: readonly ShownLiveCall[]): string {
  const rows = calls.map(({ callId, runningMs, principal, model, provider, attempts, isStream }) => [
    callId,
    principal.team,
    principal.keyId,
    model,
    provider,
    isStream === undefined ? undefined : isStream ? 'stream' : 'whole',
    String(attempts),
    `${(runningMs / 1000).toFixed(1)} s`,
  ])
  const texts = ['CALL', 'TEAM', 'KEY', 'MODEL', 'PROVIDER', 'REPLY'].map((title) => ({ title }))
  const numbers = ['ATTEMPTS', 'RUNNING'].map((title) => ({ title, align: 'right' }) as const)
  return formatTable([...texts, ...numbers], rows)
}
