import type { Command } from 'commander'
import type { CliContext, GatewayFlags } from '../context.ts'
import { needsFreshStart, startAfresh } from '../start-afresh.ts'

/** `signalbox serve`: runs the gateway until a signal stops it. */
export function registerServe(program: Command, { io }: CliContext): void {
  program
    .command('serve')
    .description('Run the gateway. Without a configuration file it uses the provider keys of the environment, or a sandbox.')
    .option('--config <file>', 'the configuration file (default: signalbox.yaml in this folder)')
    .option('--json', 'changes nothing here: the log on stderr is JSON already')
    .action(async ({ config }: GatewayFlags) => {
      if (needsFreshStart(io.env)) {
        io.setExitCode(await startAfresh(io.env))
        return
      }
      const { serve } = await import('../../app/serve.ts')
      io.setExitCode(await serve({ configFile: config, cwd: io.cwd, env: io.env, err: io.err, isTerminal: io.isTerminal }))
    })
}
