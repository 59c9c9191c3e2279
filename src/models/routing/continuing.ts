import type { Call } from '../../core/call.ts'
import type { GatewayError } from '../../core/errors.ts'
import { type Ending, type PartSource, Reply } from '../../core/reply.ts'
import type { StreamReader } from '../dialect.ts'
import { dialectOf } from '../dialects/index.ts'
import type { StreamEvent } from '../neutral/reply.ts'
import type { Attempt, ModelCall, ModelPart } from '../types.ts'
import { continuedRequest } from './continued-request.ts'
import { mayContinueAfter } from './failures.ts'
import { withoutOverlap } from './overlap.ts'
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
    this.#reply.leave(reason)
  }

  costNanoUsd(): number | undefined {
    return this.#reply.ending?.costNanoUsd
  }

  /** Notes what a part says. Undefined where it is not for the caller: the beginning of a continuation, which the caller has had. */
  #look(part: ModelPart): ModelPart | undefined {
    const events = this.#read(part)
    const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('')
    if (events.some((event) => !PLAIN.has(event.type) || event.type === 'finish' || ('candidate' in event && event.candidate !== 0)))
      this.#isPlain = false
    if (!this.#isSplicing) {
      this.#said += text
      return part
    }
    if (text === '' && !part.isLast && !events.some(({ type }) => type === 'finish')) return undefined
    this.#isSplicing = false
    const spliced = text === '' ? part : withoutOverlap(part, text, this.#said)
    this.#said += spliced === undefined ? '' : text
    return spliced
  }

  #read({ bytes }: ModelPart): readonly StreamEvent[] {
    if (!this.#isPlain && !this.#isSplicing) return []
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
    const request = continuedRequest(input, this.#said)
    for (
      let next = request && walk.continuation(request, broken.error);
      next !== undefined;
      next = request && walk.continuation(request, broken.error)
    ) {
      try {
        this.#reply = await make(this.#call, next)
      } catch {
        // Its line of the attempts says why. The next one may do.
        continue
      }
      this.#reader = dialectOf(next.request.wire).readStream(next.target)
      this.#isSplicing = true
      // The caller had its first token long ago.
      facts.firstTokenMs = firstTokenMs
      return true
    }
    return false
  }
}
