import { z } from '@hono/zod-openapi'
import type { CacheFact } from '../../core/answer-cache.ts'
import type { Booking } from '../../core/booking.ts'
import type { AttemptFacts, CallEnded, CallFacts, CallRecosted, CallStarted, RouteChoice } from '../../core/events.ts'
import { formatUsd } from '../../core/money.ts'
import type { LiveCall, LoggedEvent } from '../../core/ports.ts'
import { readBalanceId } from '../../ledger/balance-id.ts'
import { amountIn } from '../../ledger/charge.ts'
import { defined } from './defined.ts'
import { isoTime, showAsk, showEvent, shownAsk, shownEvent, shownPrincipal, showPrincipal } from './shapes.ts'

const count = z.number().optional()

const shownBooking = z.object({
  attempt: z.string(),
  state: z.enum(['settled', 'released', 'expired']),
  at: z.string(),
  chargedUsd: z.string().optional().describe('Absent where the price is not known.'),
  tokens: z.number(),
  isEstimate: z.boolean().optional(),
  budgets: z
    .array(z.object({ balance: z.string(), limit: z.string().optional(), before: z.string(), after: z.string(), heldByOthers: z.string() }))
    .describe('Amounts in the unit of the balance: decimal US dollars, tokens or calls.'),
})

const shownCorrection = z.object({
  at: z.string(),
  deltaUsd: z.string().describe('What the cost grew by: negative where it was too much.'),
  priceVersion: z.string(),
  resolvesUnpriced: z.boolean().optional().describe('The call had no price before.'),
})

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
    cache: z
      .object({
        result: z
          .enum(['hit', 'similar', 'shared', 'miss', 'refresh'])
          .describe(
            'hit: from the cache. similar: the answer to a question that is like this one. shared: that of an equal call at the same time.',
          ),
        ageMs: count,
        similarity: count.describe('Cosine of the two questions.'),
        savedUsd: z.string().optional().describe('What the answer cost when it was made.'),
      })
      .optional()
      .describe('What the cache did. Absent where it had nothing to do with the call.'),
    usage: shownUsage.optional().describe('What the provider said; a count that it did not give is absent.'),
    costUsd: z.string().optional().describe('Decimal US dollars. Absent where it is not known.'),
    unpriced: z.boolean().describe('Whether tokens were used whose price is not known.'),
    priceVersion: z.string().optional(),
    isEstimate: z.boolean().optional().describe('The cost, or a part of it, was estimated: the provider did not say what was used.'),
    arithmetic: z
      .array(z.object({ kind: z.string(), tokens: z.number(), nanoUsdPerMillion: z.number() }))
      .optional()
      .describe(
        'How the cost of the last attempt came about: the sum of tokens × price, divided by 1,000,000, rounded half up once, in nano-USD.',
      ),
    bookings: z.array(shownBooking).optional().describe('What was charged to budgets, attempt by attempt. Absent where none applied.'),
    corrections: z
      .array(shownCorrection)
      .optional()
      .describe('What `recost` changed of the cost since, oldest first. The log is never edited: `costUsd` stays as it was written.'),
    totalUsd: z
      .string()
      .optional()
      .describe('The cost with corrections, and with what was booked after the call had ended. Absent where there are none.'),
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
  if (ended !== undefined) return { ...identityOf(ended), ...endOf(ended), ...factsOf(ended), ...laterOf(ended, events), ...shown }
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

/** What was written of the call after its end: bookings of replies that were read on, and corrections of its cost. */
function laterOf(ended: CallEnded, events: readonly LoggedEvent[]) {
  const booked = events.map(({ event }) => event).filter((event) => event.type === 'attempt.booked')
  const recosted = events.map(({ event }) => event).filter((event) => event.type === 'call.recosted')
  if (booked.length + recosted.length === 0) return {}
  const totalNanoUsd = [...booked, ...recosted].reduce(
    (sum, { costNanoUsd = 0 }) => sum + BigInt(costNanoUsd),
    BigInt(ended.costNanoUsd ?? 0),
  )
  const bookings = [...(ended.bookings ?? []), ...booked.map(({ booking }) => booking)]
  return defined({
    usage: ended.usage ?? booked.findLast(({ usage }) => usage !== undefined)?.usage,
    bookings: bookings.length === 0 ? undefined : bookings.map(showBooking),
    corrections: recosted.length === 0 ? undefined : recosted.map(showCorrection),
    unpriced: ended.isUnpriced === true && ![...booked, ...recosted].some(({ resolvesUnpriced }) => resolvesUnpriced === true),
    totalUsd: formatUsd(totalNanoUsd),
  })
}

function showCorrection({ atMs, costNanoUsd, priceVersion, resolvesUnpriced }: CallRecosted) {
  return defined({ at: isoTime(atMs), deltaUsd: formatUsd(costNanoUsd), priceVersion, resolvesUnpriced })
}

function durationsOf(totalMs: number, { providerMs, firstTokenMs }: Pick<CallFacts, 'providerMs' | 'firstTokenMs'>) {
  return { totalMs, ...defined({ providerMs, firstTokenMs }) }
}

function factsOf(facts: Partial<CallFacts> & Pick<CallFacts, 'principal' | 'prompt'>) {
  const { toolCalls, askedBy, cache, losses, attemptLog, choice, isEstimate, pricing, bookings } = facts
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
    cache: cache === undefined ? undefined : showCacheFact(cache),
    isEstimate,
    arithmetic: pricing?.map(({ kind, tokens, nanoUsd }) => ({ kind, tokens, nanoUsdPerMillion: nanoUsd })),
    bookings: bookings?.map(showBooking),
    costUsd: costNanoUsd === undefined ? undefined : formatUsd(costNanoUsd),
    unpriced: isUnpriced === true,
    sizes: defined({ inBytes: sizeInBytes, outBytes: sizeOutBytes }),
    principal: showPrincipal(principal),
    onBehalfOf: onBehalfOf === undefined ? undefined : showPrincipal(onBehalfOf),
    prompt: { ...prompt },
    bodies: { ...bodies },
  })
}

function showCacheFact({ savedNanoUsd, ...rest }: CacheFact) {
  return defined({ ...rest, savedUsd: savedNanoUsd === undefined ? undefined : formatUsd(savedNanoUsd) })
}

function showBooking({ attempt, state, atMs, nanoUsd, tokens, isEstimate, balances }: Booking) {
  return defined({
    ...{ attempt, state, tokens, isEstimate, at: isoTime(atMs) },
    chargedUsd: nanoUsd === undefined ? undefined : formatUsd(nanoUsd),
    budgets: balances.map(({ id, limit, settled, held }) => {
      const unit = readBalanceId(id)?.unit ?? 'calls'
      const charged = state === 'released' ? 0 : amountIn(unit, { nanoUsd, tokens })
      const show = (amount: number) => (unit === 'usd' ? formatUsd(amount) : String(amount))
      const amounts = { before: show(settled - charged), after: show(settled), heldByOthers: show(held) }
      return defined({ balance: id, limit: limit === undefined ? undefined : show(limit), ...amounts })
    }),
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
