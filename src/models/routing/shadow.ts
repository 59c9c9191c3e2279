import { type Call, openCall, type Principal } from '../../core/call.ts'
import type { EventLog, LiveCalls } from '../../core/ports.ts'
import type { Ending } from '../../core/reply.ts'
import { type Handler, pipeline } from '../../core/stage.ts'
import type { World } from '../../core/world.ts'
import { LogRecord, record } from '../../stages/record.ts'
import type { Attempt, ModelCall, ModelPart } from '../types.ts'
import type { Shadow } from './types.ts'

/** What copies are made with. */
export interface ShadowDeps {
  readonly world: World
  readonly log: EventLog
  readonly live: LiveCalls
  readonly onEnded: (callId: string, ending: Ending) => void
}

/** More copies under way are not made: nobody waits for them. */
const MOST_COPIES = 50

/** Sends copies of calls to a model, drops their answers, and lets no call wait for it. One a layer. */
export class Shadows {
  readonly #deps: ShadowDeps
  readonly #send: Handler<Attempt, ModelPart>
  #running = 0

  /** @param send makes one attempt: tracks, meters and sends it */
  constructor(deps: ShadowDeps, send: Handler<Attempt, ModelPart>) {
    this.#deps = deps
    this.#send = pipeline<Attempt, ModelPart>([record(deps)], send)
  }

  /** Copies a call, where chance makes it one of the share. Never throws. */
  copy(call: Call, { request, route: { name, shadow } }: ModelCall): void {
    if (shadow === undefined || this.#running >= MOST_COPIES || call.world.random() >= shadow.share) return
    const [target] = shadow.target.lanes
    const own = this.#open(call, shadow, name)
    own.record.facts.subject = shadow.target.name
    own.record.facts.isStream = request.isStream
    this.#running++
    void this.#drain(own, { id: `${own.id}.1`, number: 1, request, target, why: `shadow of ${name}` })
  }

  async #drain(own: Call, attempt: Attempt): Promise<void> {
    try {
      const reply = await this.#send(own, attempt)
      while ((await reply.next()) !== undefined);
    } catch {
      // How it failed stands in its own event.
    } finally {
      this.#running--
    }
  }

  /** A call of its own, caused by the first and charged to the account. */
  #open(call: Call, { account }: Shadow, route: string): Call {
    const { world, log } = this.#deps
    const trace = { ...call.trace, spanId: world.randomHex(8), parentSpanId: call.trace.spanId }
    const start = { log, world, layer: 'models', trace, prompt: call.prompt, parentId: call.id } as const
    const own = new LogRecord({ ...start, action: 'models.shadow', wire: call.record.facts.wire ?? '-' })
    const { organisation, labels } = call.principal
    const principal: Principal = { organisation, team: account, labels: { ...labels, shadow: route } }
    own.facts.principal = principal
    return { ...openCall({ ...start, record: own }), parentId: call.id, principal }
  }
}
