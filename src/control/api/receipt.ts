import { z } from '@hono/zod-openapi'
import type { AttemptFacts, CallEnded, CallFacts, CallStarted, RouteChoice } from '../../core/events.ts'
import { formatUsd } from '../../core/money.ts'
import type { LiveCall, LoggedEvent } from '../../core/ports.ts'
import { defined } from './defined.ts'
import { isoTime, showAsk, showEvent, shownAsk, shownEvent, shownPrincipal, showPrincipal } from './shapes.ts'

const count = z.number().optional()

const shownUsage = z.object({
  inputTokens: count,
  cachedInputTokens: count,
  cacheWriteTokens: count,
  outputTokens: count,
  reasoningTokens: count,
})

const shownAttempt = z.object({
  id: z.string(),
  model: z.string(),
  provider: z.string(),
  target: z.string(),
  key: count.describe("Which of the provider's keys, from 1, where it has several."),
  why: z.string(),
  startedAfterMs: z.number().describe('From the beginning of the call.'),
  durationMs: z.number(),
  firstTokenMs: count,
  outcome: z.enum(['ok', 'refused', 'broken', 'cancelled', 'paused']),
  error: z.object({ code: z.string(), message: z.string().optional() }).optional(),
  providerStatus: count,
  usage: shownUsage.optional(),
  costUsd: z.string().optional(),
})

export const receiptShape = z
  .object({
    call: z.string().describe('Id of the call.'),
    state: z
      .enum(['running', 'ended', 'unfinished'])
      .describe('unfinished: it started, does not run here, and its ending is not in the log (yet).'),
    parent: z.string().optional(),
    layer: z.string().optional(),
    action: z.string().optional(),
    wire: z.string().optional(),
    outcome: z.enum(['ok', 'refused', 'broken', 'cancelled', 'paused']).optional(),
    status: count.describe('Status sent to the caller.'),
    error: z.object({ code: z.string(), source: z.string().optional(), message: z.string().optional() }).optional(),
    finishReason: z.string().optional(),
    losses: z
      .array(z.object({ path: z.string(), action: z.enum(['dropped', 'approximated', 'emulated']), reason: z.string() }))
      .optional()
      .describe("What got lost between the caller's wire and the provider's."),
    model: z.string().optional().describe("The caller's name for it."),
    provider: z.string().optional(),
    target: z.string().optional().describe("The provider's own id of the model."),
    providerStatus: count,
    providerRequestId: z.string().optional(),
    isStream: z.boolean().optional(),
    toolCalls: z.array(z.string()).optional().describe('Tools that the model asked for in its reply.'),
    askedBy: shownAsk.optional(),
    attempts: count,
    attemptLog: z.array(shownAttempt).optional().describe('Each attempt, in the order in which they ended.'),
    choice: z
      .object({
        route: z.string(),
        strategy: z.string(),
        why: z.string().describe('Why the first target was first.'),
        order: z.array(z.string()),
        ruledOut: z.array(z.object({ target: z.string(), why: z.string() })).optional(),
      })
      .optional()
      .describe('What the route decided before anything was sent.'),
    usage: shownUsage.optional().describe('What the provider said; a count that it did not give is absent.'),
    costUsd: z.string().optional().describe('Decimal US dollars. Absent where it is not known.'),
    unpriced: z.boolean().describe('Whether tokens were used whose price is not known.'),
    priceVersion: z.string().optional(),
    startedAt: z.string(),
    endedAt: z.string().optional(),
    durations: z.object({ totalMs: z.number(), overheadMs: count, providerMs: count, firstTokenMs: count }),
    sizes: z.object({ inBytes: count, outBytes: count }),
    trace: z.object({ traceId: z.string(), spanId: z.string(), parentSpanId: z.string().optional() }).optional(),
    principal: shownPrincipal,
    onBehalfOf: shownPrincipal.optional(),
    prompt: z.object({ name: z.string().optional(), version: z.string().optional(), hash: z.string().optional() }),
    bodies: z.object({ request: z.string().optional(), response: z.string().optional() }).describe('Ids of the stored bodies.'),
    events: z.array(shownEvent),
  })
  .openapi('Receipt')

/** All that is known of one call. */
export type Receipt = z.output<typeof receiptShape>

/** What is known of a call. */
interface Known {
  readonly events: readonly LoggedEvent[]
  readonly live: LiveCall | undefined
  readonly nowMs: number
}

/** The receipt of a call, or undefined where nothing is known of it. Pure. */
export function encodeReceipt({ events, live, nowMs }: Known): Receipt | undefined {
  const ended = events.map(({ event }) => event).find((event): event is CallEnded => event.type === 'call.ended')
  const started = events.map(({ event }) => event).find((event): event is CallStarted => event.type === 'call.started')
  const shown = { events: events.map(showEvent) }
  if (ended !== undefined) return { ...identityOf(ended), ...endOf(ended), ...factsOf(ended), ...shown }
  if (live !== undefined) {
    const { callId, startedAtMs, facts } = live
    const identity = started === undefined ? { call: callId, startedAt: isoTime(startedAtMs) } : identityOf(started)
    return { ...identity, ...factsOf(facts), state: 'running', durations: durationsOf(nowMs - startedAtMs, facts), ...shown }
  }
  if (started === undefined) return undefined
  return { ...identityOf(started), ...factsOf(started), state: 'unfinished', durations: { totalMs: nowMs - started.atMs }, ...shown }
}

function identityOf(event: CallStarted | CallEnded) {
  const startedAtMs = event.type === 'call.ended' ? event.startedAtMs : event.atMs
  const { callId, parentId, layer, action, traceId, spanId, parentSpanId } = event
  return defined({
    call: callId,
    parent: parentId,
    layer,
    action,
    startedAt: isoTime(startedAtMs),
    trace: defined({ traceId, spanId, parentSpanId }),
  })
}

function endOf(event: CallEnded) {
  const { outcome, errorCode, errorSource, errorMessage, atMs, durationMs, overheadMs } = event
  return defined({
    state: 'ended' as const,
    outcome,
    error: errorCode === undefined ? undefined : defined({ code: errorCode, source: errorSource, message: errorMessage }),
    endedAt: isoTime(atMs),
    durations: { ...durationsOf(durationMs, event), ...defined({ overheadMs }) },
  })
}

function durationsOf(totalMs: number, { providerMs, firstTokenMs }: Pick<CallFacts, 'providerMs' | 'firstTokenMs'>) {
  return { totalMs, ...defined({ providerMs, firstTokenMs }) }
}

function factsOf(facts: Partial<CallFacts> & Pick<CallFacts, 'principal' | 'prompt'>) {
  const { toolCalls, askedBy, losses, attemptLog, choice } = facts
  const { principal, onBehalfOf, prompt, subject, costNanoUsd, isUnpriced, sizeInBytes, sizeOutBytes, bodies } = facts
  const { wire, status, finishReason, provider, target, providerStatus, providerRequestId, isStream, attempts, usage, priceVersion } = facts
  return defined({
    ...{
      wire,
      status,
      finishReason,
      model: subject,
      provider,
      target,
      providerStatus,
      providerRequestId,
      isStream,
      attempts,
      priceVersion,
    },
    toolCalls: toolCalls === undefined ? undefined : [...toolCalls],
    attemptLog: attemptLog === undefined ? undefined : attemptLog.map(showAttempt),
    choice: choice === undefined ? undefined : showChoice(choice),
    losses: losses === undefined ? undefined : losses.map((loss) => ({ ...loss })),
    askedBy: askedBy === undefined ? undefined : showAsk(askedBy),
    usage: usage === undefined ? undefined : { ...usage },
    costUsd: costNanoUsd === undefined ? undefined : formatUsd(costNanoUsd),
    unpriced: isUnpriced === true,
    sizes: defined({ inBytes: sizeInBytes, outBytes: sizeOutBytes }),
    principal: showPrincipal(principal),
    onBehalfOf: onBehalfOf === undefined ? undefined : showPrincipal(onBehalfOf),
    prompt: { ...prompt },
    bodies: { ...bodies },
  })
}

function showAttempt(attempt: AttemptFacts) {
  const { usage, costNanoUsd, errorCode, errorMessage, ...rest } = attempt
  return defined({
    ...rest,
    error: errorCode === undefined ? undefined : defined({ code: errorCode, message: errorMessage }),
    usage: usage === undefined ? undefined : { ...usage },
    costUsd: costNanoUsd === undefined ? undefined : formatUsd(costNanoUsd),
  })
}

function showChoice({ order, ruledOut, ...rest }: RouteChoice) {
  return defined({ ...rest, order: [...order], ruledOut: ruledOut?.map((out) => ({ ...out })) })
}
