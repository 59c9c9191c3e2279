import type { CacheFact } from './answer-cache.ts'
import type { Booking, Hold } from './booking.ts'
import type { Labels, Principal, PromptIdentity } from './call.ts'
import type { ErrorCode, ErrorSource } from './errors.ts'
import type { GuardFact } from './guard-facts.ts'
import type { NanoUsd } from './money.ts'
import type { PricedLine, Usage } from './usage.ts'

export type { PricedLine, Usage } from './usage.ts'

/** The three gateways. */
export type LayerName = 'models' | 'tools' | 'agents'

/** How a call ended: once, whatever happened. */
export type Outcome = 'ok' | 'refused' | 'broken' | 'cancelled' | 'paused'

/** Something of a request or a reply that the wire on the other side cannot carry as it is. */
export interface Loss {
  /** Where it stands, as the caller wrote it: `messages[2].content[0].cache_control`. */
  readonly path: string
  /** Left out; carried as something near to it; or brought about by other means. */
  readonly action: 'dropped' | 'approximated' | 'emulated'
  readonly reason: string
}

/** A model call that asked for a tool: the answer to "which prompts led to this tool". */
export interface ToolAsk {
  readonly callId: string
  /** The gateway's name of the model. */
  readonly model: string
  readonly prompt: PromptIdentity
}

/** One attempt of a call: one try at one target. */
export interface AttemptFacts {
  /** The call's id and the number of the attempt, from 1: `call_….2`. Holds of money go by it. */
  readonly id: string
  /** The configured name of the model. */
  readonly model: string
  readonly provider: string
  /** The provider's own id of the model. */
  readonly target: string
  /** Which of the provider's keys, from 1, where it has several. */
  readonly key?: number | undefined
  /** Why it was made: `first of those that can serve it`, `after provider_overloaded`. */
  readonly why: string
  /** Milliseconds from the beginning of the call to that of the attempt. */
  readonly startedAfterMs: number
  /** Milliseconds until it failed or its reply ended. */
  readonly durationMs: number
  readonly firstTokenMs?: number | undefined
  readonly outcome: Outcome
  readonly errorCode?: ErrorCode | undefined
  readonly errorMessage?: string | undefined
  readonly providerStatus?: number | undefined
  readonly usage?: Usage | undefined
  readonly costNanoUsd?: NanoUsd | undefined
}

/** What a route decided, before anything was sent. */
export interface RouteChoice {
  readonly route: string
  readonly strategy: string
  /** Why the first target was first. */
  readonly why: string
  /** Names of the models that could be tried, best first. */
  readonly order: readonly string[]
  /** Those that were left out, and why. */
  readonly ruledOut?: readonly { readonly target: string; readonly why: string }[] | undefined
}

/**
 * What is known of a call; its stages fill it in as it goes. Fields may hold undefined, which JSON leaves out:
 * building these objects without a test for each field is measurable on the hot path.
 */
export interface CallFacts {
  principal: Principal
  onBehalfOf?: Principal | undefined
  prompt: PromptIdentity
  /** The wire of the caller, such as `openai-chat`. */
  wire?: string | undefined
  /** What was asked for, by the gateway's name for it: a model, `server__tool`, an agent. */
  subject?: string | undefined
  /** Who served it: a provider of models, an MCP server, an agent; by its name in the configuration. */
  provider?: string | undefined
  /** The name that `provider` itself has for it: its id of the model, its own name of the tool. */
  target?: string | undefined
  /** Names of the tools that the model asked for in this reply, without repeats; 32 at the most. */
  toolCalls?: readonly string[] | undefined
  /** The model call that asked for this tool, where one in the same trace did. */
  askedBy?: ToolAsk | undefined
  /** The tool answered, and what it said is that it failed (MCP `isError`). */
  isToolError?: boolean | undefined
  /** Code of the JSON-RPC error that the caller got. */
  rpcErrorCode?: number | undefined
  /** Task and conversation of A2A that the call belongs to. */
  taskId?: string | undefined
  contextId?: string | undefined
  isStream?: boolean | undefined
  /** Attempts that were sent to a provider. */
  attempts: number
  /** Each attempt, in the order in which they ended. Absent where there was one, and the facts of the call say all of it. */
  attemptLog?: readonly AttemptFacts[] | undefined
  /** What the route decided; absent where a model was named directly. */
  choice?: RouteChoice | undefined
  usage?: Usage | undefined
  costNanoUsd?: NanoUsd | undefined
  /** Set where tokens were used whose price is not known. Such a call is never shown as $0. */
  isUnpriced?: boolean | undefined
  /** Version of the price that was applied. */
  priceVersion?: string | undefined
  /** How the cost of the last attempt came about: the sum of tokens times price, divided by a million and rounded half up, once. */
  pricing?: readonly PricedLine[] | undefined
  /** The cost, or a part of it, is an estimate: the provider did not say what was used. */
  isEstimate?: boolean | undefined
  /** The end of each of its holds, in the order in which they ended. Absent where no budget applied. */
  bookings?: readonly Booking[] | undefined
  /** Limits counted the call, and held so many tokens for it: what a start after a crash counts again. Absent where none applied. */
  limitTokens?: number | undefined
  /** The same of its first attempt. */
  limitAttempt?: LimitedAttempt | undefined
  finishReason?: string | undefined
  cache?: CacheFact | undefined
  /** What got lost between the caller's wire and the provider's. */
  losses?: readonly Loss[] | undefined
  /** The model is lenient: the caller is not told of losses. Not written down. */
  hidesLosses?: boolean | undefined
  /** Status sent to the caller. */
  status?: number | undefined
  /** Status the provider answered with. */
  providerStatus?: number | undefined
  /** Id that the provider gave its reply, for questions to its support. */
  providerRequestId?: string | undefined
  firstTokenMs?: number | undefined
  /** Time the provider took of the whole, for the overhead. */
  providerMs?: number | undefined
  /** Time that the call waited of its own accord: before a retry, in a queue. Counts neither as overhead nor as the provider's. */
  waitedMs?: number | undefined
  sizeInBytes?: number | undefined
  sizeOutBytes?: number | undefined
  /** What guards found and did; absent where they found nothing. */
  guards?: readonly GuardFact[] | undefined
  /** References into the body store. */
  bodies?: { readonly request?: string; readonly response?: string } | undefined
}

/** An attempt that was counted on limits of providers or models, before it was sent. */
export interface LimitedAttempt {
  /** The attempt's id. */
  readonly id: string
  /** The configured name of the model, and who serves it. */
  readonly model: string
  readonly provider: string
  /** What limits on tokens held for it. */
  readonly tokens: number
}

/** `call.started`: written and committed before anything leaves the process. */
export interface CallStarted {
  readonly type: 'call.started'
  readonly atMs: number
  readonly callId: string
  readonly parentId?: string | undefined
  readonly layer: LayerName
  /** What was asked of the layer: `models.call`, `tools.call`, `agents.send`. Policies name it in the same words. */
  readonly action: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string | undefined
  readonly subject?: string | undefined
  readonly wire?: string | undefined
  readonly principal: Principal
  readonly prompt: PromptIdentity
  /** What its first attempt holds; absent where no budget applies, or nothing was sent. */
  readonly hold?: Hold | undefined
  /** As in the facts of a call. */
  readonly limitTokens?: number | undefined
  readonly limitAttempt?: LimitedAttempt | undefined
}

/** `call.ended`: exactly one for each started call. Complete in itself: no reader needs the started one. */
export interface CallEnded
  extends Omit<CallStarted, 'type' | 'hold'>,
    Omit<Readonly<CallFacts>, 'principal' | 'prompt' | 'subject' | 'wire' | 'hidesLosses' | 'limitTokens' | 'limitAttempt'> {
  readonly type: 'call.ended'
  readonly startedAtMs: number
  readonly durationMs: number
  /** Time spent in the gateway itself. */
  readonly overheadMs?: number | undefined
  readonly outcome: Outcome
  readonly errorCode?: ErrorCode | undefined
  readonly errorSource?: ErrorSource | undefined
  readonly errorMessage?: string | undefined
}

/** `task.claimed`: the truth of who a task of an agent belongs to. */
export interface TaskClaimed {
  readonly type: 'task.claimed'
  readonly atMs: number
  readonly callId: string
  /** By its name in the configuration. */
  readonly agent: string
  readonly taskId?: string | undefined
  readonly contextId?: string | undefined
  readonly principal: Principal
}

/** `attempt.held`: a further attempt of a call, for which the start of the call was written already. */
export interface AttemptHeld extends Pick<CallStarted, 'callId' | 'layer' | 'action' | 'principal' | 'subject'> {
  readonly type: 'attempt.held'
  readonly atMs: number
  readonly hold: Hold
}

/** `attempt.booked`: a hold that was booked after its call had ended. What it cost is spend, on the day of the booking. */
export interface AttemptBooked extends Pick<CallEnded, 'callId' | 'layer' | 'action' | 'principal' | 'subject' | 'provider' | 'target'> {
  readonly type: 'attempt.booked'
  readonly atMs: number
  readonly booking: Booking
  readonly usage?: Usage | undefined
  /** What the cost of the call grows by. */
  readonly costNanoUsd?: NanoUsd | undefined
  readonly priceVersion?: string | undefined
  /** The call ended with its cost not known, and it is known now. */
  readonly resolvesUnpriced?: true | undefined
  /** How the call had ended, and the route that chose its model. Absent of what a crash or a lease left. */
  readonly outcome?: Outcome | undefined
  readonly route?: string | undefined
  /** The trace of the call. Absent of what a crash or a lease left. */
  readonly traceId?: string | undefined
}

/** What an attempt came to that its call did not wait for. Of provider and target, those of the attempt that answered unless said. */
export type LateAttempt = Pick<AttemptBooked, 'booking' | 'usage' | 'resolvesUnpriced' | 'priceVersion' | 'provider' | 'target'>

/** `call.recosted`: what a call cost was corrected, by other prices. The call itself stays as it was written. */
export interface CallRecosted
  extends Pick<CallEnded, 'callId' | 'layer' | 'action' | 'principal' | 'subject' | 'provider' | 'target' | 'outcome'> {
  readonly type: 'call.recosted'
  readonly atMs: number
  /** When the call ended: spend and budgets count the correction there. */
  readonly calledAtMs: number
  /** What its cost grows by; negative where it was too much. */
  readonly costNanoUsd: NanoUsd
  readonly priceVersion: string
  /** It was unpriced, and has a price now. */
  readonly resolvesUnpriced?: true | undefined
  /** Balances in US dollars that the call was charged to. */
  readonly balances: readonly string[]
  /** The route that chose its model. */
  readonly route?: string | undefined
}

/** `budget.alerted`: a budget came to one of its thresholds. Once for each budget, threshold and period. */
export interface BudgetAlerted {
  readonly type: 'budget.alerted'
  readonly atMs: number
  /** The balance, such as `usd month team:support`. */
  readonly balance: string
  readonly mode: string
  readonly limit: number
  /** The threshold, in percent of the limit. */
  readonly percent: number
  readonly settled: number
  /** When the period ends; absent where it is rolling or a total. */
  readonly resetsAtMs?: number | undefined
}

/** Everything that is written to the log: facts in the past tense. docs/events.md is generated from EVENT_DOCS. */
export type Event =
  | CallStarted
  | CallEnded
  | { readonly type: 'writer.started'; readonly atMs: number; readonly epoch: number; readonly version: string }
  | { readonly type: 'writer.stopped'; readonly atMs: number; readonly epoch: number }
  | { readonly type: 'log.gap'; readonly atMs: number; readonly sinceMs: number; readonly refusedCalls: number; readonly reason: string }
  | {
      readonly type: 'log.trimmed'
      readonly atMs: number
      /** Of a data folder: the segment that went. */
      readonly segment?: number
      /** Of PostgreSQL: whose batches went, up to which. */
      readonly writer?: string
      readonly lastBatch?: number
      readonly events: number
      readonly lastHash: string
    }
  | { readonly type: 'config.loaded'; readonly atMs: number; readonly revision: string; readonly file?: string }
  | { readonly type: 'config.rejected'; readonly atMs: number; readonly file: string; readonly problems: readonly string[] }
  | TaskClaimed
  | AttemptHeld
  | AttemptBooked
  | CallRecosted
  | BudgetAlerted
  | { readonly type: 'prices.updated'; readonly atMs: number; readonly version: string; readonly source: string }
  | {
      readonly type: 'key.created'
      readonly atMs: number
      readonly keyId: string
      readonly team: string
      readonly labels: Labels
      readonly by: string
      /** The key that it was made to replace, and until when that one works beside it. */
      readonly replaces?: string | undefined
      readonly replacesUntilMs?: number | undefined
    }
  | { readonly type: 'key.revoked'; readonly atMs: number; readonly keyId: string; readonly by: string; readonly liveCalls: number }
  | { readonly type: 'cache.purged'; readonly atMs: number; readonly by: string; readonly answers: number; readonly where: string }
  | { readonly type: 'body.read'; readonly atMs: number; readonly by: string; readonly body: string; readonly callId: string }
  | { readonly type: 'body.erased'; readonly atMs: number; readonly by: string; readonly bodies: number; readonly where: string }

/** One sentence an event type. */
export const EVENT_DOCS = {
  'call.started': 'A call was admitted. Committed to disk before anything is sent to a provider.',
  'call.ended': 'A call ended, with what it used, what it cost and whose fault a failure was. Exactly one for each call.',
  'task.claimed':
    'A task or conversation of an agent became that of the caller whose call began it. On disk before the caller hears of it; nobody else sees it from then on.',
  'attempt.held':
    'A further attempt of a call was about to be sent: what it holds of its budgets. On disk before it is sent. The hold of the first one stands in `call.started`.',
  'attempt.booked':
    'A hold was booked after its call had ended: the usage of a reply that its client had left, or a hold that a crash or the end of its lease left over.',
  'call.recosted':
    'What a call cost was corrected by other prices (`signalbox recost`). Spend and budgets count it at the time of the call.',
  'prices.updated': 'Another table of list prices came into force.',
  'budget.alerted': 'A budget came to one of its thresholds. Once for each budget, threshold and period.',
  'writer.started': 'A gateway process opened this log. `epoch` counts its starts.',
  'writer.stopped': 'A gateway process closed this log in good order.',
  'log.gap': 'The log could not be written for a while. The calls that were refused for that reason are counted here.',
  'log.trimmed':
    'A part of the log past its retention was removed; its totals and its last hash stay, so that the chain can still be verified.',
  'config.loaded': 'A configuration became the one in force.',
  'config.rejected': 'A changed configuration file was refused; the last good one stays in force.',
  'key.created': 'A key was made.',
  'key.revoked': 'A key was revoked, and its running calls were ended.',
  'cache.purged': 'Cached answers were removed by an operator.',
  'body.read':
    'A stored prompt or reply was read, by the administrator or somebody whom `bodies.readers` names. On disk before it is shown.',
  'body.erased': 'Stored prompts or replies were erased. The log itself is untouched.',
} as const satisfies Record<Event['type'], string>

/** The mutable part of a call: what will stand in its `call.ended`. Owned by the `record` stage; other stages add facts to it. */
export interface CallRecord {
  readonly callId: string
  readonly facts: CallFacts
  /** Milliseconds since the call began. */
  readonly elapsedMs: number
  /** What was asked of the layer. A layer that learns it from the body sets it before the start is written. */
  action: string
  /**
   * Writes `call.started` once, and resolves when that is on disk. Must be awaited before anything is sent to a provider.
   * @param hold what the attempt that is about to be sent holds; of a later attempt it is written by itself, as `attempt.held`
   * @param limitAttempt what limits counted of it; left out: as the facts say
   * @throws log_unavailable: the call must not be made
   */
  start(hold?: Hold, limitAttempt?: LimitedAttempt): Promise<void>
  /** The call's work may outlive its caller, for others who wait for the same: the ending is written when that is over, with what it cost. */
  awaitWork(over: Promise<void>): void
  /**
   * Writes what an attempt came to whose call had ended before it: what nobody waited for. Does nothing while the call runs, whose ending
   * will say it.
   */
  finishLate(late: LateAttempt): void
  /**
   * What an attempt costs only its usage will say, and it is read on after its client left: until that is over, the call has no price.
   * @returns to be called once with whether it is known then; true where with it all of a call is known that ended without
   */
  awaitPrice(): (isKnown: boolean) => true | undefined
  /** Headers of the gateway's own that the caller gets with the reply or the refusal. Names in lower case. */
  replyHeaders?: Record<string, string>
}
