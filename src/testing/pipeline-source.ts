import { GatewayError } from '../core/errors.ts'
import { type PartSource, Reply } from '../core/reply.ts'
import type { CallSignal } from '../core/signal.ts'
import type { World } from '../core/world.ts'
import type { SourcePlan, TestPart } from './pipeline-plan.ts'
import type { PipelineWatch } from './pipeline-watch.ts'

/** The send of a random pipeline: accepts, refuses and sends as its plan says. */
export class PlannedUpstream {
  readonly #plan: SourcePlan
  readonly #world: World
  readonly #watch: PipelineWatch
  #attempts = 0

  constructor(plan: SourcePlan, world: World, watch: PipelineWatch) {
    this.#plan = plan
    this.#world = world
    this.#watch = watch
  }

  async send(signal: CallSignal): Promise<Reply<TestPart>> {
    const attempt = this.#attempts++
    if (this.#plan.acceptAfterMs > 0) await this.#world.sleep(this.#plan.acceptAfterMs, signal)
    if (attempt < this.#plan.failFirst) throw new GatewayError('provider_error', 'The planned upstream failed.')
    return new Reply(new PlannedSource(this.#plan, this.#world, this.#watch), signal)
  }
}

class PlannedSource implements PartSource<TestPart> {
  readonly #plan: SourcePlan
  readonly #world: World
  readonly #watch: PipelineWatch
  readonly #hanging = Promise.withResolvers<TestPart | undefined>()
  readonly #never = new AbortController()
  #position = 0
  #isPulling = false
  #isOver = false
  #cancels = 0

  constructor(plan: SourcePlan, world: World, watch: PipelineWatch) {
    this.#plan = plan
    this.#world = world
    this.#watch = watch
    // It may be rejected while nobody waits for it.
    this.#hanging.promise.catch(() => {})
  }

  pull(): TestPart | undefined | Promise<TestPart | undefined> {
    if (this.#isPulling) this.#watch.note('pull was called while another waits')
    if (this.#isOver) this.#watch.note('pull was called after the end')
    if (this.#cancels > 0) this.#watch.note('pull was called after cancel')
    if (this.#position >= this.#plan.parts.length && this.#plan.end === 'throw-now') {
      this.#overSoon()
      throw new GatewayError('provider_truncated', 'The planned source threw.')
    }
    const ready = this.#atOnce()
    if (ready !== undefined) return ready
    this.#isPulling = true
    return this.#next().finally(() => {
      this.#isPulling = false
    })
  }

  ending() {
    this.#isOver = true
    if (this.#plan.end === 'ending-throws') throw new Error('The planned source cannot say how it ended.')
    return { outcome: 'ok' as const }
  }

  cancel(): void {
    this.#cancels++
    if (this.#cancels > 1) this.#watch.note('the source was cancelled twice')
    if (this.#isOver) this.#watch.note('the source was cancelled after its end')
    if (this.#plan.whenCancelled === 'resolves') this.#hanging.resolve(undefined)
    if (this.#plan.whenCancelled === 'rejects') this.#hanging.reject(new Error('The planned source was cancelled.'))
  }

  #atOnce(): TestPart | undefined {
    const part = this.#plan.parts[this.#position]
    if (!this.#plan.givesAtOnce || part === undefined || part.afterMs > 0) return undefined
    return { name: `part${this.#position++}`, sizeBytes: part.sizeBytes }
  }

  async #next(): Promise<TestPart | undefined> {
    const index = this.#position++
    const part = this.#plan.parts[index]
    if (part !== undefined) {
      if (part.afterMs > 0) await Promise.race([this.#world.sleep(part.afterMs, this.#never.signal), this.#hanging.promise])
      return { name: `part${index}`, sizeBytes: part.sizeBytes }
    }
    if (this.#plan.end === 'hang') return this.#hanging.promise
    if (this.#plan.end !== 'throw') return undefined
    this.#overSoon()
    throw new GatewayError('provider_truncated', 'The planned source broke.')
  }

  /** Over once the reply has seen it: until then a cancel may still cross the failure. */
  #overSoon(): void {
    setImmediate(() => {
      this.#isOver = true
    })
  }
}
