import type { Command } from 'commander'
import type { ShownProvider } from '../../control/client.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatTable } from '../table.ts'

/** `signalbox providers`: circuits, rate limits and parked keys. */
export function registerProviders(program: Command, context: CliContext): void {
  const providers = program
    .command('providers')
    .description('Show the state of each provider key and model: circuits, rate limits, parked keys.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: GatewayFlags) =>
      withGateway(context, { command: 'providers', flags }, async ({ client }) => {
        const states = await client.listProviders()
        if (flags.json) context.io.out(formatJson(states))
        else if (states.length === 0) context.io.err('No provider is configured.\n')
        else context.io.out(table(states))
        return 0
      }),
    )
  providers
    .command('reset <provider>')
    .description('Close its circuits and take its keys back into use, once what was wrong is mended.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((provider: string, _flags: GatewayFlags, command: Command) => {
      const flags: GatewayFlags = command.optsWithGlobals()
      return withGateway(context, { command: 'providers reset', flags }, async ({ client }) => {
        const reset = await client.resetProvider(provider)
        if (flags.json) context.io.out(formatJson({ provider, reset }))
        else context.io.err(`${reset} of the ways to models of ${provider} are in use again.\n`)
        return 0
      })
    })
}

function table(states: readonly ShownProvider[]): string {
  const rows = states.map((one) => [
    one.provider,
    String(one.key),
    one.model,
    one.state,
    String(one.inFlight),
    String(one.recentFailures),
    one.firstTokenMs === undefined ? undefined : `${one.firstTokenMs} ms`,
    one.tokensPerSecond === undefined ? undefined : String(one.tokensPerSecond),
    one.why === undefined ? '' : `${one.why}${one.until === undefined ? '' : ` (until ${one.until})`}`,
  ])
  const title = (text: string) => ({ title: text })
  const numeric = (text: string) => ({ title: text, align: 'right' }) as const
  const columns = [title('PROVIDER'), numeric('KEY'), title('MODEL'), title('STATE')]
  const figures = [numeric('RUNNING'), numeric('FAILURES'), numeric('FIRST TOKEN'), numeric('TOKENS/S')]
  return formatTable([...columns, ...figures, title('WHY')], rows)
}
