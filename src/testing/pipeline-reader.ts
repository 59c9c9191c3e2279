import { GatewayError } from '../core/errors.ts'
import type { Reply } from '../core/reply.ts'
import { CallAbort, type CallSignal } from '../core/signal.ts'
import type { FakeWorld } from './fake-world.ts'
import type { ReaderPlan, TestPart } from './pipeline-plan.ts'
import type { PipelineWatch } from './pipeline-watch.ts'

/** Why a test's reader aborts. */
const READER_ABORTED = new GatewayError('client_closed', 'The planned reader aborted.')

/** Reads a reply as its plan says, and checks what it gets. */
export class PlannedReader {
  readonly #plan: ReaderPlan
  readonly #name: string
  readonly #world: FakeWorld
  readonly #watch: PipelineWatch
  readonly signal: CallSignal
  readonly #abort: (reason: GatewayError) => void
  /** Names of the parts that it got. */
  readonly got: string[] = []
  reply: Reply<TestPart> | undefined
  #hasLeft = false
  #isWaiting = false

  constructor(plan: ReaderPlan, name: string, deps: { readonly world: FakeWorld; readonly watch: PipelineWatch }) {
    this.#plan = plan
    this.#name = name
    this.#world = deps.world
    this.#watch = deps.watch
    const own = new CallAbort()
    const web = new AbortController()
    this.signal = plan.signal === 'call' ? own : web.signal
    this.#abort = (reason) => (plan.signal === 'call' ? own : web).abort(reason)
    if (plan.abortsAtMs !== undefined) deps.world.after(plan.abortsAtMs, () => this.abort())
  }

  /** Whether it still wants something. */
  get isReading(): boolean {
    return !this.signal.aborted && !this.#hasLeft && this.reply?.ending === undefined
  }

  abort(): void {
    this.#abort(READER_ABORTED)
  }

  /** Reads what it is given, once it is given it; never rejects. */
  async read(pending: Promise<Reply<TestPart>>): Promise<void> {
    try {
      this.reply = await pending
    } catch (thrown) {
      if (!(thrown instanceof Error)) this.#watch.note(`${this.#name} was refused by ${String(thrown)}`)
      this.#hasLeft = true
      return
    }
    this.#watch.see(this.reply, this.#name)
    if (this.#plan.leavesAfterMs !== undefined) this.#world.after(this.#plan.leavesAfterMs, () => this.#leave())
    await this.#readParts(this.reply)
  }

  /** What it got must be the beginning of what it should get, and all of it where the reply says `ok`. */
  check(expected: readonly string[]): void {
    const { ending } = this.reply ?? {}
    if (this.#isWaiting) this.#watch.note(`${this.#name} still waits for a part`)
    if (this.got.some((name, index) => name !== expected[index])) this.#watch.note(`${this.#name} got ${this.got} of ${expected}`)
    const isWhole = this.got.length === expected.length
    if (ending?.outcome === 'ok' && !isWhole) this.#watch.note(`${this.#name} ended ok with ${this.got} of ${expected}`)
  }

  async #readParts(reply: Reply<TestPart>): Promise<void> {
    const { stop, pauseMs } = this.#plan
    while (this.got.length < (stop?.afterParts ?? Number.POSITIVE_INFINITY)) {
      for (const part of await this.#ask(reply)) {
        if (part === undefined) return this.#afterTheEnd(reply)
        this.got.push(part.name)
      }
      if (pauseMs > 0) await this.#world.sleep(pauseMs, new AbortController().signal)
    }
    if (stop?.by !== 'leaving') return
    this.#leave()
    await this.#afterTheEnd(reply)
  }

  #leave(): void {
    this.#hasLeft = true
    this.reply?.leave()
  }

  /** Asks once, or twice at a time: the second is refused, unless the first had its part at once and this is simply the next. */
  async #ask(reply: Reply<TestPart>): Promise<readonly (TestPart | undefined)[]> {
    this.#isWaiting = true
    const first = reply.next()
    const second = this.#plan.asksTwice ? [reply.next().catch(() => 'refused' as const)] : []
    const answers = await Promise.all([first, ...second])
    this.#isWaiting = false
    return answers.filter((answer) => answer !== 'refused')
  }

  async #afterTheEnd(reply: Reply<TestPart>): Promise<void> {
    if (reply.ending === undefined) this.#watch.note(`${this.#name} saw the end of a reply without an ending`)
    const { ending } = reply
    if ((await reply.next()) !== undefined) this.#watch.note(`${this.#name} got a part after the end`)
    reply.leave()
    if (reply.ending?.outcome !== ending?.outcome) this.#watch.note(`${this.#name} changed an ending by leaving after it`)
  }
}
