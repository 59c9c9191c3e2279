import { Command, CommanderError } from 'commander'
import type { CliContext } from './context.ts'
import { examplesOf } from './examples.ts'
import { openProcess } from './process-io.ts'

type Register = (program: Command, context: CliContext) => void

/** Every command. Each file is loaded only when it is wanted: `spend` must not wait for the server's code. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  serve: async () => (await import('./commands/serve.ts')).registerServe,
  init: async () => onlyIo((await import('./commands/init.ts')).registerInit),
  sandbox: async () => (await import('./commands/sandbox.ts')).registerSandbox,
  check: async () => onlyIo((await import('./commands/check.ts')).registerCheck),
  keys: async () => (await import('./commands/keys.ts')).registerKeys,
  logs: async () => (await import('./commands/logs.ts')).registerLogs,
  trace: async () => (await import('./commands/trace.ts')).registerTrace,
  receipt: async () => (await import('./commands/receipt.ts')).registerReceipt,
  prices: async () => (await import('./commands/prices.ts')).registerPrices,
  reconcile: async () => (await import('./commands/reconcile.ts')).registerReconcile,
  recost: async () => (await import('./commands/recost.ts')).registerRecost,
  spend: async () => (await import('./commands/spend.ts')).registerSpend,
  budgets: async () => (await import('./commands/budgets.ts')).registerBudgets,
  live: async () => (await import('./commands/live.ts')).registerLive,
  providers: async () => (await import('./commands/providers.ts')).registerProviders,
  doctor: async () => onlyIo((await import('./commands/doctor.ts')).registerDoctor),
  route: async () => (await import('./commands/route.ts')).registerRoute,
  cache: async () => (await import('./commands/cache.ts')).registerCache,
  import: async () => onlyIo((await import('./commands/import.ts')).registerImport),
  guard: async () => onlyIo((await import('./commands/guard.ts')).registerGuard),
  bodies: async () => (await import('./commands/bodies.ts')).registerBodies,
  status: async () => (await import('./commands/status.ts')).registerStatus,
  reload: async () => (await import('./commands/reload.ts')).registerReload,
  verify: async () => (await import('./commands/verify.ts')).registerVerify,
  version: async () => onlyIo((await import('./commands/version.ts')).registerVersion),
}

/** Under which title help lists a command; any other is one to look with. */
const GROUPS: Readonly<Record<string, string>> = {
  ...{
    serve: 'To run it:',
    init: 'To run it:',
    check: 'To run it:',
    sandbox: 'To run it:',
    reload: 'To run it:',
    status: 'To run it:',
    version: 'To run it:',
  },
  ...{ keys: 'To say who may call:' },
}

const VERSION_FLAGS = ['--version', '-V']

const CLOSING = `
Examples:
  signalbox serve                                  with signalbox.yaml of this folder, or a sandbox
  signalbox init --tools                           write a file with the gateway for tools alone
  signalbox keys create --team support             print a new key
  signalbox trace                                  the last call, and all that it caused
  signalbox spend --by team,model --month last     the bill

Exit codes: 0 good, 1 refused or failed, 2 wrong usage or configuration, 3 no
gateway answers, or it is not ready.

Each command has --help; docs/cli.md says what scripts can rely on.
`

function onlyIo(register: (program: Command, io: CliContext['io']) => void): Register {
  return (program, context) => register(program, context.io)
}

/**
 * Runs one command line.
 * @param args without the program's name
 */
export async function run(args: readonly string[], context: CliContext): Promise<void> {
  const { io } = context
  const program = new Command('signalbox')
    .description('Gateways for models, tools and agents: who may call what, who did, and what it cost.')
    .commandsGroup('To run it:')
    .showHelpAfterError('(--help shows how it is used)')
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride()
  const [first = '', ...rest] = args
  const words = VERSION_FLAGS.includes(first) ? ['version', ...rest] : args
  for (const load of wanted(words[0])) (await load())(program, context)
  for (const command of program.commands) command.helpGroup(GROUPS[command.name()] ?? 'To see what happens:')
  program.addHelpText('after', CLOSING)
  for (const command of program.commands) addExamples(command, command.name())
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    io.setExitCode(thrown.exitCode === 0 ? 0 : 2)
  }
}

function addExamples(command: Command, name: string): void {
  const examples = examplesOf(name)
  if (examples !== '') command.addHelpText('after', examples)
  for (const each of command.commands) addExamples(each, `${name} ${each.name()}`)
}

/** The command's own file, or all of them where help or a suggestion needs their names. */
function wanted(name: string | undefined): readonly (() => Promise<Register>)[] {
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  return load === undefined ? Object.values(COMMANDS) : [load]
}

async function main(): Promise<void> {
  const own = openProcess()
  if (process.versions.bun === undefined) {
    own.io.err('signalbox: this file runs under Bun. Start bin/signalbox.js, which finds it: node bin/signalbox.js\n')
    own.io.setExitCode(3)
    return own.exit()
  }
  try {
    await run(own.args, {
      io: own.io,
      onInterrupt: own.onInterrupt,
      reach: async (request) => (await import('../app/reach-gateway.ts')).reachGateway(request),
    })
  } catch (thrown) {
    own.io.err(`signalbox: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`)
    own.io.setExitCode(1)
  }
  await own.exit()
}

if (import.meta.main) await main()
