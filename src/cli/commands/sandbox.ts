import { type Command, InvalidArgumentError } from 'commander'
import type { CliContext } from '../context.ts'

interface SandboxFlags {
  readonly mcp?: true
  readonly providerPort: number
  readonly agentPort: number
  readonly model?: string
}

/** `signalbox sandbox`: what can stand behind a gateway while there is no provider, no server and no agent of one's own. */
export function registerSandbox(program: Command, { io, onInterrupt }: CliContext): void {
  program
    .command('sandbox')
    .description(
      'Run a provider without a model and an agent without a mind, for a gateway to stand before; or an MCP server of harmless tools.',
    )
    .option('--mcp', 'speak MCP on stdin and stdout, as a server that the gateway starts, and run nothing else')
    .option('--provider-port <port>', 'where the provider listens on 127.0.0.1', readPort, 4010)
    .option('--agent-port <port>', 'where the agent listens on 127.0.0.1', readPort, 4011)
    .option('--model <name>', 'the model that the agent asks the gateway for (default: sandbox)')
    .action(async (flags: SandboxFlags) => {
      // The code of a server is loaded only where one is run.
      if (flags.mcp) return (await import('../../app/sandbox/mcp-server.ts')).serveStdio()
      const { standIn } = await import('../../app/sandbox/stand-in.ts')
      const interrupt = onInterrupt()
      try {
        const { providerUrl, agentUrl, stop } = await standIn({ provider: flags.providerPort, agent: flags.agentPort }, flags.model)
        io.err(
          `The sandbox runs.\n\n  provider  ${providerUrl}   wire: openai-chat, any model\n  agent     ${agentUrl}\n\nCtrl-C stops it.\n`,
        )
        await new Promise<void>((resolve) => interrupt.addEventListener('abort', () => resolve(), { once: true }))
        await stop()
      } catch (thrown) {
        io.err(
          `signalbox sandbox: ${thrown instanceof Error ? thrown.message : String(thrown)} --provider-port and --agent-port say where.\n`,
        )
        io.setExitCode(1)
      }
    })
}

function readPort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('Write a port, such as 4010.')
  return port
}
