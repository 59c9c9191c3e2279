import type { Call } from '../../core/call.ts'
import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Elsewhere, ObjectStore } from '../../core/kept-objects.ts'
import { type PartSource, Reply } from '../../core/reply.ts'
import type { CallSignal } from '../../core/signal.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { asBackground, endedBadly, type NumberedFrame, queuedResponse, renameFrame } from '../dialects/openai-responses/background.ts'
import { responseId } from '../dialects/openai-responses/error.ts'
import { openaiResponses } from '../dialects/openai-responses/index.ts'
import { keepTurn, responseIn } from '../dialects/openai-responses/kept.ts'
import { madeByOf, ownerOf } from '../owner.ts'
import { fullTextOf, type ModelPart, type ModelRequest } from '../types.ts'
import type { KeptAnswer } from './kept-answer.ts'
import type { Keep, KeptResponses } from './kept-responses.ts'

/** Another gateway takes a run for dead that was not heard of for so long. */
const LEASE_MS = 30_000
const RENEW_MS = 10_000
/** How long the events of a run that is over can be read again, and how much of them. */
const AFTERWARDS_MS = 300_000
const MAX_FRAME_BYTES = 16 * 1024 * 1024
/** Of all runs that are over: the oldest go first. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024
const LEASES = 'response-runs'

/** What runs need of the rest. */
export interface BackgroundDeps {
  readonly world: World
  readonly objects: ObjectStore
  readonly responses: KeptResponses
}

/** Responses that are worked on while nobody waits: those of this process. */
export class BackgroundRuns {
  readonly #deps: BackgroundDeps
  readonly #runs = new Map<string, BackgroundRun>()
  /** Those that are over, in the order in which they ended. */
  readonly #over = new Set<BackgroundRun>()
  #overBytes = 0

  constructor(deps: BackgroundDeps) {
    this.#deps = deps
  }

  /** Prepares a run. @param request as the caller sent it */
  prepare(call: Call, request: ModelRequest, where: Keep): BackgroundRun {
    const run = new BackgroundRun(this.#deps, { call, request, where, onOver: () => this.#forgetLater(run) })
    this.#runs.set(run.id, run)
    return run
  }

  /** The run of this owner, while it runs and a while after. */
  find(owner: string, id: string): BackgroundRun | undefined {
    const run = this.#runs.get(id)
    return run?.owner === owner && run.hasBegun ? run : undefined
  }

  /** Whether another process works on a response. @throws store_unavailable */
  async isElsewhere(id: string): Promise<boolean> {
    return (await this.#deps.objects.heads(LEASES, [id])).length > 0
  }

  /** A run that never began, or that is over for a while. */
  forget(run: BackgroundRun): void {
    this.#runs.delete(run.id)
    if (this.#over.delete(run)) this.#overBytes -= run.sizeBytes
  }

  #forgetLater(run: BackgroundRun): void {
    this.#over.add(run)
    this.#overBytes += run.sizeBytes
    this.#deps.world.after(AFTERWARDS_MS, () => this.forget(run))
    for (const oldest of this.#over) {
      if (this.#overBytes <= MAX_KEPT_BYTES) return
      this.forget(oldest)
    }
  }
}

interface RunParts {
  readonly call: Call
  readonly request: ModelRequest
  readonly where: Keep
  readonly onOver: () => void
}

/** One response that is worked on while nobody waits: one call, which ends when the work does. */
export class BackgroundRun {
  readonly id: string
  readonly owner: string
  readonly isStream: boolean
  readonly #deps: BackgroundDeps
  readonly #parts: RunParts
  readonly #frames: NumberedFrame[] = []
  /** Of frames that were let go of. */
  #droppedFrames = 0
  #frameBytes = 0
  #wake = Promise.withResolvers<void>()
  #response: JsonObject
  #hasBegun = false
  #isOver = false
  #isCancelled = false
  #elsewhere: Elsewhere | undefined
  #cancelLease: CancelTimer | undefined

  constructor(deps: BackgroundDeps, parts: RunParts) {
    const { call, request } = parts
    this.#deps = deps
    this.#parts = parts
    this.id = responseId(call.id)
    this.owner = ownerOf(call.principal)
    this.isStream = request.isStream
    this.#response = queuedResponse({ request, callId: call.id, nowSeconds: Math.floor(call.world.now() / 1000) })
  }

  /** The response as it is now. */
  get response(): JsonObject {
    return this.#response
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** What it holds, about. */
  get sizeBytes(): number {
    return this.#frameBytes + JSON.stringify(this.#response).length
  }

  /** The provider took it: where its own copy stands, where it keeps one. */
  noteSent(elsewhere: Elsewhere): void {
    this.#elsewhere = elsewhere
  }

  /** Nothing refused it: from now on it goes on by itself. Resolves when it is kept. */
  async begin(): Promise<void> {
    this.#hasBegun = true
    await this.#lease()
    await this.#keep()
  }

  /** Does the work, to its end. Never rejects. */
  async work(pending: Promise<Reply<ModelPart>>): Promise<void> {
    this.#response = { ...this.#response, status: 'in_progress' }
    let error: GatewayError | undefined
    try {
      const reply = await pending
      for (let part = await reply.next(); part !== undefined; part = await reply.next()) this.#take(part)
      const ending = await reply.ended
      if ('error' in ending) error = ending.error
    } catch (thrown) {
      error = asGatewayError(thrown)
    }
    if (error !== undefined) this.#fail(error)
    this.#cancelLease?.()
    await this.#keep()
    this.#isOver = true
    this.#wake.resolve()
    if (this.#parts.where === 'durable') await this.#deps.objects.remove(LEASES, this.id).catch(() => {})
    this.#parts.onOver()
  }

  /** Ends the work. */
  cancel(): void {
    this.#isCancelled = true
    this.#parts.call.abort(new GatewayError('client_closed', 'The caller cancelled the response.'))
  }

  /**
   * The events of the stream from behind a number on, and those that will come.
   * @throws invalid_request where there is no stream, or its beginning was let go of
   */
  read(after: number, signal: CallSignal): Reply<KeptAnswer> {
    if (!this.isStream) throw noStream(this.id)
    let at = this.#droppedFrames
    const source: PartSource<KeptAnswer> = {
      pull: async () => {
        for (;;) {
          if (at < this.#droppedFrames) throw noStream(this.id)
          const frame = this.#frames[at - this.#droppedFrames]
          if (frame !== undefined) {
            at++
            if (frame.number > after) return { type: 'frame', bytes: frame.bytes }
          } else if (this.#isOver) return undefined
          else await this.#wake.promise
        }
      },
      cancel: () => {},
    }
    if (this.#droppedFrames > 0 && (this.#frames[0]?.number ?? 0) > after + 1) throw noStream(this.id)
    return new Reply(source, signal)
  }

  #take(part: ModelPart): void {
    const { call } = this.#parts
    if (part.isHidden) return
    const { costNanoUsd } = call.record.facts
    const bytes = part.takesCost && costNanoUsd !== undefined ? openaiResponses.encodeCost(part, costNanoUsd) : part.bytes
    if (part.isLast || part.type === 'whole') this.#finish(responseIn({ type: part.type, bytes }))
    if (this.isStream) this.#push(renameFrame(bytes, this.id, this.#frames.at(-1)?.number ?? -1))
  }

  #finish(response: JsonObject | undefined): void {
    if (response === undefined) return
    const theirs = typeof response.id === 'string' ? response.id : this.id
    if (this.#elsewhere !== undefined) this.#elsewhere = { ...this.#elsewhere, id: theirs }
    this.#response = asBackground(response, this.id)
  }

  #fail(error: GatewayError): void {
    const { call } = this.#parts
    this.#response = endedBadly(this.#response, error, this.#isCancelled ? 'cancelled' : 'failed')
    if (!this.isStream) return
    this.#push({ bytes: openaiResponses.encodeStreamError(error, call.id), number: Number.MAX_SAFE_INTEGER })
  }

  #push(frame: NumberedFrame): void {
    this.#frames.push(frame)
    this.#frameBytes += frame.bytes.length
    while (this.#frameBytes > MAX_FRAME_BYTES && this.#frames.length > 1) {
      this.#frameBytes -= this.#frames.shift()?.bytes.length ?? 0
      this.#droppedFrames++
    }
    this.#wake.resolve()
    this.#wake = Promise.withResolvers<void>()
  }

  #keep(): Promise<void> | undefined {
    const { call, request, where } = this.#parts
    const by = { owner: this.owner, madeBy: madeByOf(call.principal), callId: call.id, keptAtMs: call.world.now() }
    const elsewhere = this.#elsewhere === undefined || this.#elsewhere.id === undefined ? {} : { elsewhere: this.#elsewhere }
    return this.#deps.responses.put(keepTurn(fullTextOf(request), this.#response, { ...by, ...elsewhere }), where)
  }

  /** Says that somebody works on it, again and again. */
  async #lease(): Promise<void> {
    const { call, where } = this.#parts
    if (where !== 'durable' || this.#isOver) return
    const { world, objects } = this.#deps
    this.#cancelLease = world.after(RENEW_MS, () => void this.#lease())
    const nowMs = world.now()
    const lease = { space: LEASES, id: this.id, owner: this.owner, madeBy: madeByOf(call.principal), callId: call.id }
    await objects.keep({ ...lease, atMs: nowMs, untilMs: nowMs + LEASE_MS, bytes: new Uint8Array(0) }).catch(() => false)
  }
}

function noStream(id: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `The events of the response "${id}" cannot be read (again): it was not made with "stream": true, ended a while ago, or runs in another gateway. Fetch it without "stream".`,
    { param: 'stream' },
  )
}
