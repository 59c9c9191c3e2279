import type { Call } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import { type Ending, type PartSource, Reply } from '../../core/reply.ts'
import type { ResumedStream, StreamReader } from '../dialect.ts'
import { dialectOf } from '../dialects/index.ts'
import type { StreamEvent } from '../neutral/reply.ts'
import type { Attempt, ModelCall, ModelPart } from '../types.ts'
import { type Apart, makeApart } from './apart.ts'
import { continuedRequest } from './continued-request.ts'
import { mayContinueAfter } from './failures.ts'
import { overlapOf, withoutBeginning } from './overlap.ts'
import type { Walk } from './walk.ts'

interface ContinueOptions {
  readonly input: ModelCall
  readonly walk: Walk
  readonly make: (call: Call, attempt: Attempt) => Promise<Reply<ModelPart>>
}

/** A stream that goes on at another target where it breaks, as long as there was only text. For routes that opted in. */
export function continuing(call: Call, attempt: Attempt, reply: Reply<ModelPart>, options: ContinueOptions): Reply<ModelPart> {
  return new Reply(new ContinuingSource(call, attempt, reply, options), call.signal)
}

/** What may be in a text that is gone on with. */
const PLAIN: ReadonlySet<StreamEvent['type']> = new Set(['start', 'text', 'break', 'usage', 'finish', 'loss'])

class ContinuingSource implements PartSource<ModelPart> {
  readonly #call: Call
  readonly #options: ContinueOptions
  #reply: Reply<ModelPart>
  #reader: StreamReader
  #said = ''
  /** Text alone so far, and no end of it. */
  #isPlain = true
  /** The present reply is a continuation, of which nothing was given out yet. */
  #isSplicing = false
  /** The last frame that told a piece of the text, as the caller got it. */
  #lastText: Uint8Array | undefined
  /** Of the answer, as the caller got it first. */
  #id: string | undefined
  /** The attempt to go on that is under way. */
  #going: Apart | undefined
  /** Set where the caller left. */
  #left = false
  /** Makes the frames of a continuation those of the first stream. */
  #resumed: ResumedStream | undefined

  constructor(call: Call, { request, target }: Attempt, reply: Reply<ModelPart>, options: ContinueOptions) {
    this.#call = call
    this.#options = options
    this.#reply = reply
    this.#reader = dialectOf(request.wire).readStream(target)
  }

  async pull(): Promise<ModelPart | undefined> {
    for (;;) {
      const part = await this.#reply.next()
      if (part === undefined) {
        if (!(await this.#goOn())) return undefined
        continue
      }
      const shown = this.#look(part)
      if (shown !== undefined) return shown
    }
  }

  ending(): Ending {
    return this.#reply.ending ?? { outcome: 'ok' }
  }

  cancel(reason: GatewayError): void {
    this.#left = true
    this.#reply.leave(reason)
    // What the attempt to go on has cost is the call's too: its ending waits for it.
    if (this.#going !== undefined) this.#call.record.awaitWork(this.#going.breakOff(reason))
  }

  costNanoUsd(): number | undefined {
    return this.#going === undefined ? this.#reply.ending?.costNanoUsd : undefined
  }

  /** Notes what a part says. Undefined where it is not for the caller: the beginning of a continuation, which the caller has had. */
  #look(part: ModelPart): ModelPart | undefined {
    const events = this.#read(part)
    const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('')
    if (this.#isSplicing) return this.#splice(part, text, events)
    for (const event of events) if (event.type === 'start') this.#id ??= event.id
    this.#noteKinds(events)
    return this.#told(part, text)
  }

  /** The first of a continuation that says something new. What it had before its text was told to nobody, thinking included. */
  #splice(part: ModelPart, text: string, events: readonly StreamEvent[]): ModelPart | undefined {
    if (text === '' && events.some(({ type }) => type === 'tool-call')) throw this.#cannotGoOn()
    if (text === '' && !part.isLast && !events.some(({ type }) => type === 'finish')) return undefined
    this.#isSplicing = false
    this.#noteKinds(events)
    const overlap = overlapOf(this.#said, text)
    if (text !== '' && overlap === text.length && !part.isLast) return undefined
    return this.#told(withoutBeginning(part, text, overlap), text.slice(overlap))
  }

  /** The text that was cut is left as it is: a call in place of the rest of it would make it a whole one. */
  #cannotGoOn(): GatewayError {
    const error = new GatewayError(
      'provider_truncated',
      'The stream broke, and the next target called a tool in place of going on with the text.',
    )
    this.#reply.leave(error)
    return error
  }

  #told(part: ModelPart, text: string): ModelPart {
    this.#said += text
    const bytes = this.#resumed?.(part.bytes, this.#said) ?? part.bytes
    if (text !== '') this.#lastText = bytes
    return bytes === part.bytes ? part : { ...part, bytes }
  }

  #noteKinds(events: readonly StreamEvent[]): void {
    if (events.some((event) => !PLAIN.has(event.type) || event.type === 'finish' || ('candidate' in event && event.candidate !== 0)))
      this.#isPlain = false
  }

  #read({ bytes }: ModelPart): readonly StreamEvent[] {
    if (!this.#isPlain && !this.#isSplicing && this.#resumed === undefined) return []
    try {
      return this.#reader.read(bytes)
    } catch {
      // What cannot be read is not gone on with; the stream itself is as good as it was.
      this.#isPlain = false
      return []
    }
  }

  /** Goes on elsewhere where the stream broke and that is allowed. @returns false where it is over */
  async #goOn(): Promise<boolean> {
    const broken = this.#reply.ending
    if (broken?.outcome !== 'broken' || !this.#isPlain || this.#said === '' || !mayContinueAfter(broken.error)) return false
    const { input, walk, make } = this.#options
    const { facts } = this.#call.record
    const { firstTokenMs } = facts
    // A wire that tells a call when it is complete has shown nothing yet of one that has begun.
    if ((facts.toolCalls?.length ?? 0) > 0) return false
    const request = continuedRequest(input, this.#said)
    if (request === undefined) return false
    for (let next = walk.continuation(request, broken.error); next !== undefined; next = walk.continuation(request, broken.error)) {
      const attempt = next
      this.#going = makeApart(this.#call, (own) => make(own, attempt))
      try {
        this.#reply = await this.#going.reply
      } catch {
        if (this.#left) return false
        // Its line of the attempts says why. The next one may do.
        continue
      } finally {
        if (!this.#left) this.#going = undefined
      }
      this.#reader = dialectOf(next.request.wire).readStream(next.target)
      this.#isSplicing = true
      this.#resumed = this.#lastText && dialectOf(request.wire).resumeStream?.(this.#lastText, this.#id)
      // The caller had its first token long ago.
      facts.firstTokenMs = firstTokenMs
      return true
    }
    return false
  }
}
