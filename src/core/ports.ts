import type { Call, Labels, Principal } from './call.ts'
import type { GatewayError } from './errors.ts'
import type { CallFacts, Event, ToolAsk } from './events.ts'

/** Where events are written. One writer a process; group commit once a turn of the event loop. */
export interface EventLog {
  /**
   * Adds an event to the present group. Resolves when the group is on disk.
   * @throws log_unavailable (as a rejection): the event is not in the log and never will be
   */
  append(event: Event): Promise<void>
  /** Adds an event that must not be lost: it is kept in memory and tried again until it is on disk, also across a full disk. */
  keep(event: Event): void
  /** Resolves when all that was added before is on disk. Rejects log_unavailable after the given time. */
  flush(timeoutMs: number): Promise<void>
  /** Whether the last group reached the disk and there is room for more. A call that cannot be recorded is not made. */
  readonly isWritable: boolean
  /** Says once that a call was refused because it could not be recorded: counted, and written as `log.gap` afterwards. */
  countUnrecorded(): void
}

/** A place in the log: the batch, and the event in it. Sorts in the order of writing. */
export interface LogPosition {
  readonly batch: number
  readonly index: number
}

/** An event with its place. */
export interface LoggedEvent {
  readonly position: LogPosition
  readonly event: Event
}

/** What to read of the log. Times are milliseconds since the epoch, of the event. */
export interface LogQuery {
  readonly after?: LogPosition
  readonly before?: LogPosition
  readonly sinceMs?: number
  /** Exclusive. */
  readonly untilMs?: number
  readonly order: 'oldest-first' | 'newest-first'
  /** Stops after this many events that `matches` let through. */
  readonly limit: number
  readonly matches?: (event: Event) => boolean
  /** Only events that stand in a group whose text holds this (an id, a trace id): spares parsing the rest. Narrow further with `matches`. */
  readonly mentions?: string
}

/** Reads the log while it is written. A long read goes on in slices: it never holds up the calls. */
export interface EventReader {
  /** @throws store_unavailable where the log stands in a database that does not answer; so do the others */
  read(query: LogQuery): Promise<readonly LoggedEvent[]>
  /** The events of one call, oldest first; empty where the log has none (any more). */
  readCall(callId: string): Promise<readonly LoggedEvent[]>
  /** The place of the last event. */
  end(): Promise<LogPosition>
}

/** A fold over the log that can be dropped and rebuilt. */
export interface Projection {
  readonly name: string
  /** Raised when the fold changes: the stored state is then rebuilt at the next start. */
  readonly version: number
  /** Takes one event in. Called in the order of the log, once for each event. */
  fold(event: Event): void
}

/** A table of sums that a projection keeps: by hour (UTC) and by texts. The store makes it and may keep coarser ones beside it. */
export interface TallyTable {
  /** Lower-case letters and underscores. */
  readonly name: string
  /** Names of the texts that rows are told apart by. A text that is not known is empty. */
  readonly dimensions: readonly string[]
  /** Names of the whole numbers that are added up. */
  readonly sums: readonly string[]
  /** Of a table whose texts callers make up. */
  readonly bound?: TallyBound
}

/**
 * How many texts a day (UTC) may bring: rows with further ones are added up under `TALLY_REST`. The first of a day stay, in the order of
 * the log, so that a rebuild keeps the same ones.
 */
export interface TallyBound {
  /** Names of two dimensions: what is told apart, and what it is. */
  readonly name: string
  readonly value: string
  readonly mostNames: number
  /** Of each name. */
  readonly mostValues: number
}

/** What stands in the place of a text that was one too many. */
export const TALLY_REST = '(other)'

/** One row of a tally: what was added up for these texts in this hour. */
export interface TallyRow {
  /** Hours since the epoch. */
  readonly hour: number
  /** In the order of the table's dimensions. */
  readonly dimensions: readonly string[]
  /** In the order of the table's sums. */
  readonly sums: readonly bigint[]
}

/** A projection whose state is tables of sums. It holds only what it folded since the last `clear`; the store adds that to what it has. */
export interface TallyProjection extends Projection {
  readonly tables: readonly TallyTable[]
  rows(table: string): Iterable<TallyRow>
  clear(): void
}

/** Which rows of a tally to add up, and by what. Hours count whole. */
export interface TallyQuery {
  readonly table: string
  /** Dimensions of the table. */
  readonly by: readonly string[]
  readonly per?: 'hour' | 'day'
  readonly sinceHour?: number
  /** Exclusive. */
  readonly untilHour?: number
  /** Texts that dimensions must have. */
  readonly where?: Readonly<Record<string, string>>
}

/** A line of an answer. */
export interface TallySum {
  /** Hours or days since the epoch, as asked with `per`; else 0. */
  readonly time: number
  /** In the order of the query's `by`. */
  readonly dimensions: readonly string[]
  /** In the order of the table's sums. */
  readonly sums: readonly bigint[]
}

/** Reads tallies, up to the last event of the log. */
export interface TallyReader {
  /** @throws store_unavailable where they stand in a database that does not answer */
  sum(query: TallyQuery): Promise<readonly TallySum[]>
}

/** A virtual key as it is stored: never the secret, only its keyed hash. */
export interface KeyRecord {
  /** Public id: the middle of `sb_<publicId>_<secret>`. */
  readonly id: string
  /** HMAC-SHA-256 of the secret under the installation's secret, hexadecimal. */
  readonly secretHash: string
  readonly name?: string
  readonly team: string
  readonly user?: string
  readonly labels: Labels
  /** Names of models, with `*` as a wildcard. Absent: whatever the team may use. */
  readonly models?: readonly string[]
  readonly createdAtMs: number
  readonly createdBy: string
  readonly expiresAtMs?: number
  readonly revokedAtMs?: number
  /** Id of the key that this one was made to replace, and until when that one works beside it. */
  readonly replaces?: string
  readonly replacesUntilMs?: number
}

/** Where keys are kept. Read whole at start: authentication is in memory. */
export interface KeyStore {
  list(): Promise<readonly KeyRecord[]>
  /** @throws conflict where a key of this id is there already */
  insert(key: KeyRecord): Promise<void>
  /** Sets the time of revocation once; the first one stays. Returns the key as it is now, or undefined where there is none. */
  revoke(id: string, atMs: number): Promise<KeyRecord | undefined>
}

/** A stored prompt, reply, argument or result. Kept apart from the log, so that erasure never touches it. */
export interface StoredBody {
  readonly id: string
  readonly callId: string
  readonly kind: 'request' | 'response'
  readonly atMs: number
  readonly isRedacted: boolean
  readonly isTruncated: boolean
  /** Who it belongs to, for erasure: team, user, key. */
  readonly owner: { readonly team?: string; readonly user?: string; readonly keyId?: string }
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** Which bodies to erase: all fields given must match. At least one must be given. */
export interface BodyFilter {
  readonly callId?: string
  readonly team?: string
  readonly user?: string
  readonly keyId?: string
  readonly beforeMs?: number
}

/** Where bodies are kept. */
export interface BodyStore {
  /** Queued and written in the background; what does not fit the queue is dropped and counted, never a reason to fail a call. */
  put(body: StoredBody): void
  get(id: string): Promise<StoredBody | undefined>
  /** Returns how many were erased. */
  erase(filter: BodyFilter): Promise<number>
  /** Bodies dropped since start because the queue was full or the disk refused. */
  readonly dropped: number
}

/** A call that runs now. */
export interface LiveCall {
  readonly callId: string
  readonly facts: Readonly<CallFacts>
  readonly startedAtMs: number
  readonly abort: (reason: GatewayError) => void
}

/** The calls that run now, so that revocation, quarantine and shutdown can end them with a reason. */
export interface LiveCalls {
  add(call: LiveCall): void
  /** Takes out what `add` was given. */
  remove(call: LiveCall): void
  list(): readonly LiveCall[]
  /** Aborts all that match; returns how many. */
  abort(matches: (call: LiveCall) => boolean, reason: GatewayError): number
}

/** Who may do what, in memory. */
export interface Access {
  /**
   * Verifies a credential that `identify` cannot look up: a token that was not seen before. Undefined, and nothing to wait for, in every
   * other case. Absent where there are only keys.
   * @throws unauthenticated, key_expired, issuer_unreachable (as a rejection)
   */
  prepare?(credential: string | undefined): Promise<void> | undefined
  /**
   * The principal that a key, or a token that was prepared, stands for. The key's labels, then its team's, win over those that were sent.
   * @throws unauthenticated, key_revoked, key_expired
   */
  identify(credential: string | undefined, sentLabels: Labels | undefined, nowMs: number): Principal
  /** Whether the principal may use the model of this name: its key and its team must both allow it. */
  mayUseModel(principal: Principal, model: string): boolean
  /** Whether the principal may see and call this tool. The one function behind the list and the call. */
  mayUseTool(principal: Principal, tool: ToolIdentity): boolean
  /** Whether the principal may see and call the agent of this name. */
  mayUseAgent(principal: Principal, agent: string): boolean
}

/** What a rule sees of a tool. The hints are the server's own word: MCP annotations, not proven. */
export interface ToolIdentity {
  /** `server__tool`: the name that rules use, whatever the endpoint shows. */
  readonly name: string
  readonly readOnlyHint?: boolean | undefined
  /** MCP's default where a tool is not read-only is true. */
  readonly destructiveHint?: boolean | undefined
}

/** Names a task or a conversation at an agent, or both. */
export interface TaskRef {
  /** By its name in the configuration. */
  readonly agent: string
  readonly taskId?: string | undefined
  readonly contextId?: string | undefined
}

/** Whose a task is: the caller's own, somebody else's, or nobody's as far as is known. */
export type Ownership = 'own' | 'foreign' | 'unknown'

/** Knows which caller began which task of an agent. The log is the truth (`task.claimed`), so that it survives a restart. */
export interface TaskOwners {
  /** Gives the answer at once where it is in memory. @throws store_unavailable (as a rejection) */
  ofTask(principal: Principal, agent: string, taskId: string): Ownership | Promise<Ownership>
  /** Which of these tasks are the caller's own, among those that are in memory: a list may be long. @throws store_unavailable */
  ownTasks(principal: Principal, agent: string, taskIds: readonly string[]): Promise<ReadonlySet<string>>
  /** As `ofTask`, for a conversation. */
  ofContext(principal: Principal, agent: string, contextId: string): Ownership | Promise<Ownership>
  /**
   * Makes what nobody owns the caller's own, on disk before it resolves. At once where there is nothing to write.
   * @returns false where it is somebody else's
   * @throws log_unavailable (as a rejection)
   */
  claim(principal: Principal, callId: string, ref: TaskRef): boolean | Promise<boolean>
}

/** Remembers which model calls asked for which tools, so that a tool call can name its cause. In memory, bounded: the oldest go first. */
export interface ToolAsks {
  /** @param tools names as the model wrote them */
  note(traceId: string, ask: ToolAsk, tools: readonly string[]): void
  /** The latest ask for this tool in this trace. @param names every name under which the model may know it */
  find(traceId: string, names: readonly string[]): ToolAsk | undefined
}

/** A question to a configured model, on behalf of a call. */
export interface ModelQuestion {
  /** By the gateway's name. */
  readonly model: string
  readonly system: string
  readonly text: string
  readonly maxTokens: number
  readonly deadlineMs: number
  /** Why it is asked, such as `guard:judge`: a label of the call, so that its cost can be told apart. */
  readonly purpose: string
}

/**
 * Asks a model as a call of its own: recorded below the call that asks, paid by the same principal, and looked at by no guard.
 * @returns what the model said
 * @throws as a model call does
 */
export type AskModel = (call: Call, question: ModelQuestion) => Promise<string>

/** How much of a call's bodies is kept: nothing, the shape without the texts, or all. */
export type BodyDetail = 'off' | 'redacted' | 'full'

/** What the operator wants kept, and how much of one body at the most. */
export interface BodyKeeping {
  /** @param subject what is called, by the gateway's name: the less of what the team and the model say */
  detailFor(principal: Principal, subject?: string): BodyDetail
  readonly maxBytes: () => number
}

/** A program to run beside the gateway. */
export interface Program {
  /** The program and its arguments. */
  readonly command: readonly string[]
  readonly cwd?: string
  /** Added to the little that is handed on of the gateway's own environment: PATH, HOME, LANG, TMPDIR. */
  readonly env: Readonly<Record<string, string>>
  readonly onOutput: (bytes: Uint8Array) => void
  readonly onErrorOutput: (bytes: Uint8Array) => void
}

/** How a program ended: by itself, or by a signal. */
export interface ProgramExit {
  readonly code?: number
  readonly signal?: string
}

/** A program that was started. It and all that it starts end when the gateway does, whatever way that is. */
export interface ChildProcess {
  readonly pid: number
  /** Resolves when it has ended and its output was read to the end. Never rejects. */
  readonly exited: Promise<ProgramExit>
  /** Writes to its standard input. `full`: it has stopped reading; nothing was written. `gone`: it has ended, and `exited` is about to say so. */
  write(text: string): 'written' | 'full' | 'gone'
  /** Closes its input, then asks its group to end, and after the grace makes it. Resolves as `exited`. */
  stop(graceMs: number): Promise<ProgramExit>
}

/** Starts programs. Its implementation is platform/processes.ts. */
export interface ProgramRunner {
  /** @throws where the operating system refuses */
  start(program: Program): ChildProcess
}
