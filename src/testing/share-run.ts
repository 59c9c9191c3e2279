import type { Reply } from '../core/reply.ts'
import { share } from '../core/share.ts'
import { type FakeWorld, fakeWorld } from './fake-world.ts'
import type { ReaderPlan, SourcePlan, TestPart } from './pipeline-plan.ts'
import { PlannedReader } from './pipeline-reader.ts'
import { PlannedUpstream } from './pipeline-source.ts'
import { PipelineWatch } from './pipeline-watch.ts'

/** One piece of shared work and those who read it, each from its own time on. */
export interface SharePlan {
  readonly source: SourcePlan
  readonly maxBytes: number
  readonly readers: readonly ReaderPlan[]
}

/** By when all that can be done is done; later, those who still wait give up. */
const LONG_MS = 300

/** Runs shared work to its end, and returns what was not as promised. */
export async function runShare(plan: SharePlan): Promise<readonly string[]> {
  const run = new ShareRun(plan)
  return run.play()
}

class ShareRun {
  readonly #plan: SharePlan
  readonly #world: FakeWorld = fakeWorld()
  readonly #watch = new PipelineWatch()
  readonly #readers: PlannedReader[] = []
  readonly #kept = new Map<TestPart, number>()
  #work: { readonly signal: AbortSignal; reply: Reply<TestPart> | undefined; isOver: boolean } | undefined

  constructor(plan: SharePlan) {
    this.#plan = plan
  }

  async play(): Promise<readonly string[]> {
    const shared = share<TestPart>((signal) => this.#begin(signal), { maxBytes: this.#plan.maxBytes, sizeOf: (part) => this.#sizeOf(part) })
    for (const [number, plan] of this.#plan.readers.entries()) {
      this.#world.after(plan.startsAtMs, () => {
        const reader = new PlannedReader(plan, `reader ${number}`, { world: this.#world, watch: this.#watch })
        const joined = shared.join(reader.signal)
        if (joined === undefined) return
        this.#readers.push(reader)
        reader.signal.addEventListener('abort', () => this.#checkAbort())
        void reader.read(joined.then((reply) => this.#joined(reply)))
      })
    }
    await this.#world.advance(LONG_MS)
    this.#checkProgress()
    for (const reader of this.#readers) reader.abort()
    await this.#world.advance(LONG_MS)
    const expected = this.#plan.source.parts.map((_part, index) => `part${index}`)
    for (const reader of this.#readers) reader.check(expected)
    return this.#watch.finish()
  }

  async #begin(signal: AbortSignal): Promise<Reply<TestPart>> {
    if (this.#work !== undefined) this.#watch.note('the work was begun twice')
    const work = { signal, reply: undefined as Reply<TestPart> | undefined, isOver: false }
    this.#work = work
    signal.addEventListener('abort', () => {
      if (this.#readers.some((reader) => reader.isReading)) this.#watch.note('the work was aborted while somebody reads')
      if (work.isOver) this.#watch.note('the work was aborted after its end')
    })
    try {
      work.reply = await new PlannedUpstream(this.#plan.source, this.#world, this.#watch).send(signal)
    } catch (thrown) {
      work.isOver = true
      throw thrown
    }
    this.#watch.see(work.reply, 'the work')
    work.reply.addOnEnd(() => {
      work.isOver = true
      return undefined
    })
    return work.reply
  }

  #joined(reply: Reply<TestPart>): Reply<TestPart> {
    reply.addOnEnd(() => {
      this.#checkAbort()
      return undefined
    })
    return reply
  }

  /** A reader has just gone: with the last of them the work must have been aborted, at once. */
  #checkAbort(): void {
    const { signal, isOver } = this.#work ?? { signal: undefined, isOver: true }
    const isWanted = this.#readers.some((reader) => reader.isReading)
    if (!isWanted && !isOver && signal?.aborted !== true) this.#watch.note('the last reader left, and the work goes on')
  }

  /** Share asks for the size of a part when it keeps it, and again when it lets it go: so its memory can be watched. */
  #sizeOf(part: TestPart): number {
    if (this.#kept.delete(part)) return part.sizeBytes
    this.#kept.set(part, part.sizeBytes)
    const keptBytes = [...this.#kept.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0)
    if (keptBytes - part.sizeBytes > this.#plan.maxBytes)
      this.#watch.note(`${keptBytes} bytes were kept, with a bound of ${this.#plan.maxBytes}`)
    return part.sizeBytes
  }

  /** Where nobody sits idle and the work does not hang, everybody must have come to an end without giving up. */
  #checkProgress(): void {
    const isFree = this.#plan.source.end !== 'hang' && this.#plan.readers.every((reader) => reader.stop?.by !== 'idling')
    if (isFree && this.#readers.some((reader) => reader.isReading)) this.#watch.note('somebody waits although nothing stands in the way')
  }
}
