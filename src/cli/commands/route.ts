import type { Command } from 'commander'
import { explainOffline, type RouteExplanation, type RouteQuestion, readRequest } from '../../app/explain-offline.ts'
import { PlaceError } from '../../app/gateway-place.ts'
import { readInput } from '../../app/read-input.ts'
import { ControlError } from '../../control/client.ts'
import { type CliContext, exitCodeOf, formatJson, refuseUsage } from '../context.ts'
import { configOption, jsonOption, labelOption } from '../options.ts'
import { formatMoney, formatTable } from '../table.ts'

interface ExplainFlags {
  readonly config?: string
  readonly json?: true
  readonly model?: string
  readonly file?: string
  readonly team?: string
  readonly user?: string
  readonly offline?: true
  readonly label?: Readonly<Record<string, string>>
}

/** `signalbox route explain`: where a call would go. */
export function registerRoute(program: Command, context: CliContext): void {
  const route = program.command('route').description('Look at routes.')
  route
    .command('explain')
    .description('Say where a call would go, and why. Sends nothing. Asks the gateway where it runs, else goes by the file.')
    .option('--model <name>', "a route or a model (default: the request's own)")
    .option('--file <request.json>', 'the body of a request, of any wire; - reads stdin (default: one short question)')
    .option('--team <team>', 'the team that asks')
    .option('--user <user>', 'the user who asks')
    .addOption(labelOption('a label of the call; may be given again'))
    .option('--offline', 'go by the file, also where a gateway runs: for a change that is not in force yet')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((flags: ExplainFlags) => explain(flags, context))
}

/** What is asked where no request is given. */
const GREETING = JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }] })

async function explain(flags: ExplainFlags, context: CliContext): Promise<void> {
  const { io } = context
  if (flags.model === undefined && flags.file === undefined) {
    refuseUsage(io, 'route explain', 'Name a route or a model with --model, or a request with --file.')
    return
  }
  try {
    const question = questionOf(flags, io.cwd)
    const live = flags.offline ? undefined : await askGateway(question, flags, context)
    const { notSet, ...explained } = live ?? askFile(question, flags, context)
    if (flags.json) io.out(formatJson({ ...explained, ...(notSet.length === 0 ? {} : { notSet }) }))
    else io.out(textOf(explained))
    if (notSet.length > 0) io.err(`Not set in this shell, so that nothing is known of the keys that they hold: ${notSet.join(', ')}.\n`)
    io.setExitCode(explained.refusal === undefined ? 0 : 1)
  } catch (thrown) {
    io.err(`signalbox route explain: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
    io.setExitCode(exitCodeOf(thrown))
  }
}

/** An explanation, and whose it is. */
interface Explained extends RouteExplanation {
  readonly from: 'gateway' | 'file'
  /** What only a gateway knows, and this explanation does not. */
  readonly notKnown?: readonly string[]
  readonly notSet: readonly string[]
}

/** What keeps a gateway from being asked, and the file from nothing. */
const CANNOT_ASK: ReadonlySet<string> = new Set(['unreachable', 'not_signalbox', 'unauthenticated', 'request_too_large'])

/** Undefined where there is none to ask. One that SIGNALBOX_URL names must answer. */
async function askGateway(question: RouteQuestion, { config }: ExplainFlags, { io, reach }: CliContext): Promise<Explained | undefined> {
  try {
    const reached = await reach({ configFile: config, cwd: io.cwd, env: io.env, offline: 'never', say: io.err })
    const explanation = await reached.client.explainRoute(question).finally(() => reached.close())
    io.err('The running gateway says so, by the states of its providers and the calls under way at this moment.\n')
    return { from: 'gateway', ...explanation, notSet: [] }
  } catch (thrown) {
    const isUnasked = thrown instanceof PlaceError || (thrown instanceof ControlError && CANNOT_ASK.has(thrown.code))
    if (!isUnasked || io.env.SIGNALBOX_URL) throw thrown
    if (!(thrown instanceof ControlError && thrown.code === 'unreachable')) io.err(`The gateway was not asked: ${thrown.message}\n`)
    return undefined
  }
}

function askFile(question: RouteQuestion, { config }: ExplainFlags, { io }: CliContext): Explained {
  const { explanation, statesAtMs, notSet } = explainOffline(question, { configFile: config, cwd: io.cwd, env: io.env })
  const notKnown = ['calls under way', ...(statesAtMs === undefined ? STATES : [])]
  const when =
    statesAtMs === undefined ? '' : `, with the states of providers that a gateway wrote at ${new Date(statesAtMs).toISOString()}`
  io.err(`The file says so${when}. Not known without a running gateway: ${notKnown.join(', ')}.\n`)
  return { from: 'file', ...explanation, notKnown, notSet }
}

const STATES = ['circuits', 'rate limits', 'parked keys', 'observed speeds'] as const

function questionOf({ model, file, team, user, label }: ExplainFlags, cwd: string): RouteQuestion {
  const request = readRequest(file === undefined ? GREETING : readInput(file, cwd))
  return {
    ...(model === undefined ? {} : { model }),
    ...(team === undefined ? {} : { team }),
    ...(user === undefined ? {} : { user }),
    ...{ request, labels: label ?? {} },
  }
}

function textOf({ from, model, strategy, why, order, ruledOut, refusal }: Omit<Explained, 'notSet'>): string {
  const head = refusal === undefined ? `${model} (${strategy}): ${why}\n` : `${model} (${strategy}): ${refusal.status} ${refusal.code}\n`
  const isLive = from === 'gateway'
  const targets = order.map((target, index) => [
    String(index + 1),
    target.model,
    target.provider,
    target.target,
    target.expectedCostUsd === undefined ? undefined : formatMoney(target.expectedCostUsd),
    ...(isLive ? [String(target.inFlight)] : []),
  ])
  const columns = [
    { title: '#', align: 'right' } as const,
    ...['MODEL', 'PROVIDER', 'ID'].map((title) => ({ title })),
    { title: 'EXPECTED COST' },
    ...(isLive ? [{ title: 'RUNNING', align: 'right' } as const] : []),
  ]
  const table = order.length === 0 ? '' : formatTable(columns, targets)
  return `${head}${table}${ruledOut.map((out) => `left out: ${out.target}: ${out.why}\n`).join('')}`
}
