import { z } from '@hono/zod-openapi'
import type { AttemptBooked, CallEnded, CallStarted, Event } from '../../core/events.ts'
import { formatUsd } from '../../core/money.ts'
import { defined } from './defined.ts'
import { isoTime, showAsk, shownAsk, shownPrincipal, showPrincipal } from './shapes.ts'

const text = z.string().optional()

const cost = {
  costUsd: text.describe('Decimal US dollars. Absent where nothing is known.'),
  unpriced: z.boolean().describe('Whether tokens were used whose price is not known: then the cost is more than what stands here.'),
}

const nodeShape = z.object({
  call: z.string().describe('Id of the call.'),
  spanId: z.string(),
  parentSpanId: text,
  layer: z.enum(['models', 'tools', 'agents']),
  action: z.string(),
  subject: text.describe('What was asked for: a model, server__tool, an agent.'),
  provider: text.describe('Who served it, by its name in the configuration.'),
  target: text.describe("The provider's own name for it."),
  principal: shownPrincipal,
  askedBy: shownAsk.optional(),
  toolCalls: z.array(z.string()).optional().describe('Tools that the model asked for in its reply.'),
  state: z.enum(['running', 'ended', 'unfinished']),
  outcome: z.enum(['ok', 'refused', 'broken', 'cancelled', 'paused']).optional(),
  isToolError: z.boolean().optional().describe('The tool answered that it failed.'),
  error: z.object({ code: z.string(), source: text, message: text }).optional(),
  startedAt: z.string(),
  durationMs: z.number().describe('So far, where it runs.'),
  attempts: z.number().optional(),
  ...cost,
  tree: z.object(cost).describe('The call with all that it caused.'),
})

type NodeFields = z.output<typeof nodeShape>

/** A call of a trace, and the calls that it caused, earliest first. */
export interface TraceNode extends NodeFields {
  readonly children: readonly TraceNode[]
}

const traceNode: z.ZodType<TraceNode> = nodeShape
  .extend({ children: z.array(z.lazy((): z.ZodType<TraceNode> => traceNode)) })
  .openapi('TraceNode')

export const traceShape = z
  .object({
    traceId: z.string(),
    startedAt: z.string(),
    durationMs: z.number().describe('From the start of the first call to the end of the last one, or to now.'),
    calls: z.number(),
    isCut: z.boolean().describe('Whether the trace has more calls than are shown.'),
    ...cost,
    roots: z
      .array(traceNode)
      .describe('Calls that no call in this log caused, earliest first: their cause is outside, or in the log of another gateway.'),
  })
  .openapi('Trace')

/** All calls of one trace, as the API shows it. */
export type Trace = z.output<typeof traceShape>

/** What is known of a trace. */
interface Known {
  readonly traceId: string
  readonly events: readonly Event[]
  readonly isCut: boolean
  /** Whether a call runs now. */
  readonly isLive: (callId: string) => boolean
  readonly nowMs: number
}

/** A call on its way into the tree. */
interface Branch {
  readonly event: CallStarted | CallEnded
  readonly children: Branch[]
}

/** The tree of a trace, or undefined where no call of it is known. Pure. */
export function encodeTrace({ traceId, events, isCut, isLive, nowMs }: Known): Trace | undefined {
  const calls = callsOf(events)
  const [first] = calls
  if (first === undefined) return undefined
  const startedMs = startOf(first)
  const endMs = Math.max(...calls.map((event) => startOf(event) + durationOf(event, nowMs)))
  const late = Map.groupBy(
    events.filter((event) => event.type === 'attempt.booked'),
    ({ callId }) => callId,
  )
  const roots = plant(calls).map((branch) => encodeBranch(branch, { isLive, nowMs, late }))
  return {
    traceId,
    startedAt: isoTime(startedMs),
    durationMs: endMs - startedMs,
    calls: calls.length,
    isCut,
    ...encodeCost(sumOf(roots.map(({ cost }) => cost))),
    roots: roots.map(({ node }) => node),
  }
}

/** One event a call, the one that ended it where there is one; in the order in which the calls started. */
function callsOf(events: readonly Event[]): readonly (CallStarted | CallEnded)[] {
  const byId = new Map<string, CallStarted | CallEnded>()
  for (const event of events) {
    if (event.type === 'call.ended' || (event.type === 'call.started' && !byId.has(event.callId))) byId.set(event.callId, event)
  }
  // Ids sort by time: they tell the order within one millisecond.
  return [...byId.values()].toSorted((left, right) => startOf(left) - startOf(right) || (left.callId < right.callId ? -1 : 1))
}

/** Hangs every call under the one whose span it names. What names a span that is not here is a root. */
function plant(calls: readonly (CallStarted | CallEnded)[]): readonly Branch[] {
  const branches = calls.map((event): Branch => ({ event, children: [] }))
  const bySpan = new Map(branches.map((branch) => [branch.event.spanId, branch]))
  return branches.filter((branch) => {
    const parent = bySpan.get(branch.event.parentSpanId ?? '')
    parent?.children.push(branch)
    return parent === undefined
  })
}

interface Cost {
  /** Undefined where nothing is known. */
  readonly nanoUsd: bigint | undefined
  readonly isUnpriced: boolean
}

interface Around extends Pick<Known, 'isLive' | 'nowMs'> {
  /** What was booked after its call had ended, by call. */
  readonly late: ReadonlyMap<string, readonly AttemptBooked[]>
}

function encodeBranch(branch: Branch, now: Around): { readonly node: TraceNode; readonly cost: Cost } {
  const { event } = branch
  const children = branch.children.map((child) => encodeBranch(child, now))
  const own = costOf(event, now.late.get(event.callId) ?? [])
  const cost = sumOf([own, ...children.map((child) => child.cost)])
  const { callId, spanId, parentSpanId, layer, action, subject, principal } = event
  const node = {
    ...defined({ call: callId, spanId, parentSpanId, layer, action, subject }),
    principal: showPrincipal(principal),
    ...(event.type === 'call.ended' ? endOf(event) : { state: now.isLive(callId) ? ('running' as const) : ('unfinished' as const) }),
    startedAt: isoTime(startOf(event)),
    durationMs: durationOf(event, now.nowMs),
    ...encodeCost(own),
    tree: encodeCost(cost),
    children: children.map((child) => child.node),
  }
  return { node, cost }
}

function endOf(event: CallEnded) {
  const { provider, target, askedBy, toolCalls, outcome, isToolError, attempts, errorCode, errorSource, errorMessage } = event
  return defined({
    ...{ state: 'ended' as const, provider, target, outcome, isToolError, attempts },
    askedBy: askedBy === undefined ? undefined : showAsk(askedBy),
    toolCalls: toolCalls === undefined ? undefined : [...toolCalls],
    error: errorCode === undefined ? undefined : defined({ code: errorCode, source: errorSource, message: errorMessage }),
  })
}

function startOf(event: CallStarted | CallEnded): number {
  return event.type === 'call.ended' ? event.startedAtMs : event.atMs
}

function durationOf(event: CallStarted | CallEnded, nowMs: number): number {
  return event.type === 'call.ended' ? event.durationMs : Math.max(0, nowMs - event.atMs)
}

function costOf(event: CallStarted | CallEnded, late: readonly AttemptBooked[]): Cost {
  if (event.type === 'call.started') return { nanoUsd: undefined, isUnpriced: false }
  const isResolved = late.some(({ resolvesUnpriced }) => resolvesUnpriced === true)
  return {
    nanoUsd: sumOfKnown([event, ...late].map(({ costNanoUsd }) => costNanoUsd)),
    isUnpriced: event.isUnpriced === true && !isResolved,
  }
}

function sumOfKnown(costs: readonly (number | bigint | undefined)[]): bigint | undefined {
  const known = costs.flatMap((cost) => (cost === undefined ? [] : [BigInt(cost)]))
  return known.length === 0 ? undefined : known.reduce((sum, each) => sum + each, 0n)
}

function sumOf(costs: readonly Cost[]): Cost {
  return { nanoUsd: sumOfKnown(costs.map(({ nanoUsd }) => nanoUsd)), isUnpriced: costs.some(({ isUnpriced }) => isUnpriced) }
}

function encodeCost({ nanoUsd, isUnpriced }: Cost) {
  return { ...(nanoUsd === undefined ? {} : { costUsd: formatUsd(nanoUsd) }), unpriced: isUnpriced }
}
