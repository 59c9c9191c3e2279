import type { Command } from 'commander'
import type { ControlClient, Trace, TraceNode } from '../../control/client.ts'
import { type CliContext, formatJson, type GatewayFlags, withGateway } from '../context.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatCount, formatMoney, formatTable } from '../table.ts'

interface TraceFlags extends GatewayFlags {
  readonly since?: string
}

/** `signalbox trace`: which call caused which. */
export function registerTrace(program: Command, context: CliContext): void {
  program
    .command('trace')
    .description('Show the calls of one trace as a tree: who called what, how long it took, what it cost, how it ended.')
    .argument('[id]', 'id of the trace (as in traceparent), or of any call in it (default: the call that ended last)')
    .option('--since <when>', 'only calls from then on: a date, a time, or how long ago (24h); spares reading the whole log')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((id: string | undefined, flags: TraceFlags) =>
      withGateway(context, { command: 'trace', flags, offline: 'read' }, async ({ client }) => {
        const wanted = id ?? (await lastCall(client))
        if (wanted === undefined) {
          context.io.err('signalbox trace: no call has ended yet.\n')
          return 1
        }
        const trace = await client.showTrace(wanted, { since: flags.since })
        context.io.out(flags.json ? formatJson(trace) : formatTrace(trace))
        return 0
      }),
    )
}

/** Id of the call that ended last; what caused others ends after them. */
async function lastCall(client: ControlClient): Promise<string | undefined> {
  const { events } = await client.listEvents({ type: 'call.ended', limit: '1' })
  const id = events[0]?.callId
  return typeof id === 'string' ? id : undefined
}

const COLUMNS = [
  { title: 'CALL' },
  { title: 'OUTCOME' },
  { title: 'TIME', align: 'right' },
  { title: 'COST', align: 'right' },
  { title: 'WITH ALL BELOW', align: 'right' },
  { title: 'ID' },
] as const

function formatTrace(trace: Trace): string {
  const { traceId, calls, durationMs, isCut, roots } = trace
  const count = calls === 1 ? '1 call' : `${formatCount(calls)} calls${isCut ? ' and more, which are not shown' : ''}`
  const head = `trace ${traceId}: ${count}, ${formatMs(durationMs)}, ${costOf(trace) ?? 'no cost'}\n\n`
  return head + formatTable(COLUMNS, rowsOf(roots, ''))
}

/** @param margin what stands before the branches of these nodes; undefined children of the trace itself have none */
function rowsOf(nodes: readonly TraceNode[], margin: string, isRoot = true): readonly (readonly (string | undefined)[])[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1
    const [branch, below] = isRoot ? ['', ''] : isLast ? ['└ ', '  '] : ['├ ', '│ ']
    return [rowOf(node, margin + branch), ...rowsOf(node.children, margin + below, false)]
  })
}

function rowOf(node: TraceNode, margin: string): readonly (string | undefined)[] {
  const tree = node.children.length === 0 ? '' : costOf(node.tree)
  return [margin + labelOf(node), outcomeOf(node), formatMs(node.durationMs), costOf(node), tree, node.call]
}

function labelOf({ action, subject, provider, target, askedBy }: TraceNode): string {
  const by =
    provider === undefined || (provider === subject && target === undefined) ? '' : ` (${[provider, target].filter(Boolean).join('/')})`
  return `${[action, subject].filter(Boolean).join(' ')}${by}${askedBy === undefined ? '' : `, asked for by ${askedBy.model}${promptOf(askedBy)}`}`
}

function promptOf({ prompt }: NonNullable<TraceNode['askedBy']>): string {
  if (prompt?.name === undefined) return ''
  return ` with ${[prompt.name, prompt.version].filter(Boolean).join('@')}`
}

function outcomeOf({ state, outcome, isToolError, error }: TraceNode): string {
  if (state !== 'ended') return state
  if (error !== undefined) return `${outcome}: ${error.code}`
  return isToolError === true ? `${outcome}, the tool says that it failed` : (outcome ?? '-')
}

/** A part that has no price makes a sum a lower bound. */
function costOf({ costUsd, unpriced }: Pick<TraceNode, 'costUsd' | 'unpriced'>): string | undefined {
  if (costUsd === undefined) return unpriced ? 'unpriced' : undefined
  return unpriced ? `${formatMoney(costUsd)} + unpriced` : formatMoney(costUsd)
}

function formatMs(ms: number): string {
  return `${formatCount(Math.round(ms))} ms`
}
