import { AlertWebhook } from '../../../src/app/alert-webhook.ts'
import { Money } from '../../../src/app/money.ts'
import { LiveCallTable } from '../../../src/control/live-calls.ts'
import { SpendProjection } from '../../../src/control/projections/spend.ts'
import { type Call, openCall, type Principal } from '../../../src/core/call.ts'
import { GatewayError } from '../../../src/core/errors.ts'
import type { Usage } from '../../../src/core/events.ts'
import type { Reply } from '../../../src/core/reply.ts'
import { type Handler, pipeline } from '../../../src/core/stage.ts'
import type { LedgerRules } from '../../../src/ledger/rules.ts'
import { LaneTable } from '../../../src/models/routing/lanes.ts'
import { trackAttempt } from '../../../src/models/routing/track.ts'
import type { Attempt, ModelPart, ModelRequest } from '../../../src/models/types.ts'
import type { Estimator } from '../../../src/stages/hold.ts'
import { limit } from '../../../src/stages/limit.ts'
import { limitAttempts } from '../../../src/stages/limit-attempts.ts'
import { type Charge, meter } from '../../../src/stages/meter.ts'
import { LogRecord, record } from '../../../src/stages/record.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/storage/sqlite/store.ts'
import { type FakeWorld, fakeWorld } from '../../../src/testing/fake-world.ts'
import { laneFor } from '../../../src/testing/route-targets.ts'
import { ScriptedAttempt } from './scripted-attempt.ts'

/** Nano-USD a token. */
const INPUT_NANO_USD = 250
const OUTPUT_NANO_USD = 2000
/** What every attempt is estimated to use. */
const ESTIMATE = { inputTokens: 100, outputTokens: 50 }
const LEASE_MS = 10_000
const DRAIN_MS = 600_000
const LEFT = new GatewayError('client_closed', 'The client left.')
const SUPERSEDED = new GatewayError('client_closed', 'Another attempt was quicker.', { isSuperseded: true })

/** What a usage costs here. */
export function costOf({ inputTokens = 0, outputTokens = 0 }: Usage): number {
  return inputTokens * INPUT_NANO_USD + outputTokens * OUTPUT_NANO_USD
}

/** What every attempt holds, in nano-USD. */
export const HELD_NANO_USD = costOf(ESTIMATE)

/** Who calls, and how. */
export interface CallPlan {
  readonly principal: Principal
  readonly isStream?: boolean
  /** Providers of its attempts: the next one is asked where the one before fails. The provider `free` has no price. */
  readonly providers: readonly string[]
  /** The client's leaving ends the work at once. Left out: it is read on. */
  readonly isAborting?: boolean
  /** All are asked at once; the first that is accepted answers, and the others hear of it late. */
  readonly isRace?: boolean
}

/** A call of the script. */
export interface ScriptedCall {
  readonly id: string
  /** Its attempts, in the order in which they were sent. */
  readonly attempts: readonly ScriptedAttempt[]
  /** The client goes. */
  leave(): void
}

interface Asked extends CallPlan {
  readonly own: ScriptedAttempt[]
}

/**
 * The money of a gateway, with the stages, the ledger, the log and the store that it really has, and a script in the place of callers and
 * providers. Time and turns of the event loop go by hand: what is written in one batch is what the script says.
 */
export class MoneyLife {
  readonly world: FakeWorld = fakeWorld({ endOfTurn: 'by-hand' })
  readonly money: Money
  /** For each batch, from the first: what the ledger would have stored just after it. */
  readonly ledgerTexts: string[] = []
  readonly #folder: string
  readonly #live = new LiveCallTable()
  readonly #lanes = new LaneTable(() => ({ failures: 1000, share: 1, pauseMs: 1, longestPauseMs: 1 }))
  #store: SqliteStore | undefined
  #isNew = false
  #isAborting = false

  constructor(folder: string, rules: LedgerRules) {
    this.#folder = folder
    this.money = new Money(this.world, rules)
  }

  get store(): SqliteStore {
    if (this.#store === undefined) throw new Error('This life has not begun.')
    return this.#store
  }

  async begin(): Promise<void> {
    this.#store = await openSqliteStore(this.#folder, {
      world: this.world,
      version: '0',
      projections: [() => new SpendProjection()],
      state: this.money.state,
      onCommitted: () => {
        this.#isNew = true
      },
      lastResort: () => {},
      report: () => {},
    })
    this.ledgerTexts.push(this.money.state.text())
    this.money.begin(this.#store.log, new AlertWebhook({ world: this.world, target: () => undefined, report: () => {} }))
  }

  /** Lets what is ready run, and writes what came of it as one batch. */
  async commit(): Promise<void> {
    await this.world.settle()
    this.world.endTurn()
    if (this.#isNew) this.ledgerTexts.push(this.money.state.text())
    this.#isNew = false
    await this.world.settle()
  }

  /** Begins a call, and writes its start. */
  async call(plan: CallPlan): Promise<ScriptedCall> {
    const { world } = this
    const trace = { traceId: world.randomHex(16), spanId: world.randomHex(8), isSampled: true }
    const start = { log: this.store.log, world, layer: 'models', action: 'models.call', trace, wire: 'openai-chat', prompt: {} } as const
    const logged = new LogRecord(start)
    const { facts } = logged
    facts.principal = plan.principal
    facts.subject = 'mini'
    facts.isStream = plan.isStream === true
    const call: Call = { ...openCall({ layer: 'models', world, record: logged, trace }), principal: plan.principal }
    const own: ScriptedAttempt[] = []
    this.#isAborting = plan.isAborting === true
    void this.#calls(call, { ...plan, own }).then(readAll, () => {})
    await this.commit()
    return { id: call.id, attempts: own, leave: () => call.abort(LEFT) }
  }

  get #calls(): Handler<Asked, ModelPart> {
    const money = { ledger: this.money.ledger, moment: this.money.moment }
    return pipeline<Asked, ModelPart>(
      [
        record<Asked, ModelPart>({ live: this.#live, onEnded: () => {} }),
        limit<Asked, ModelPart>({ ...money, subjectOf: () => 'mini', tokensOf: () => 40 }),
      ],
      (call, asked) => (asked.isRace === true ? this.#race(call, asked) : this.#oneByOne(call, asked)),
    )
  }

  async #oneByOne(call: Call, asked: Asked): Promise<Reply<ModelPart>> {
    for (let number = 1; ; number++) {
      try {
        return await this.#attempt(call, asked, { number, isBeside: false })
      } catch (thrown) {
        if (number === asked.providers.length) throw thrown
      }
    }
  }

  async #race(call: Call, asked: Asked): Promise<Reply<ModelPart>> {
    const racers = asked.providers.map((_, index) => {
      const own = openCall({ layer: 'models', world: this.world, record: call.record, trace: call.trace })
      const reply = this.#attempt({ ...call, signal: own.signal, abort: own.abort }, asked, { number: index + 1, isBeside: true })
      reply.catch(() => {})
      return { reply, abort: own.abort }
    })
    const winner = await Promise.any(racers.map((racer) => racer.reply.then(() => racer)))
    for (const racer of racers) if (racer !== winner) racer.abort(SUPERSEDED)
    return winner.reply
  }

  #attempt(call: Call, asked: Asked, { number, isBeside }: { number: number; isBeside: boolean }): Promise<Reply<ModelPart>> {
    const provider = asked.providers[number - 1] ?? ''
    // No stage here looks at what was asked; what a model is asked is none of money's business.
    const request = {} as ModelRequest
    const attempt: Attempt = { id: `${call.id}.${number}`, number, why: 'first', request, target: { ...laneFor(provider), name: 'mini' } }
    const isAborting = this.#isAborting
    const handler = this.#metered(isAborting, (own) => {
      const scripted = new ScriptedAttempt(provider, own.signal, { isDeaf: asked.isRace === true })
      asked.own.push(scripted)
      return scripted.answer
    })
    return trackAttempt(call, attempt, handler, { lanes: this.#lanes, isBeside })
  }

  #metered(isAborting: boolean, send: Handler<Attempt, ModelPart>): Handler<Attempt, ModelPart> {
    const money = { ledger: this.money.ledger, moment: this.money.moment }
    const price = (provider: string, usage: Usage): Charge =>
      provider === 'free' ? { type: 'unpriced' } : { type: 'priced', costNanoUsd: costOf(usage), version: 'test', lines: [] }
    return pipeline<Attempt, ModelPart>(
      [
        limitAttempts<Attempt, ModelPart>({
          ...money,
          targetOf: ({ target }) => target,
          idOf: ({ id }) => id,
          tokensOf: () => 40,
          usageOf: ({ usage }) => usage,
        }),
        meter<Attempt, ModelPart, string>({
          usageOf: ({ usage }) => usage,
          sizeOf: ({ bytes }) => bytes.length,
          isPiece: ({ type }) => type === 'frame',
          isEnd: ({ finishReason }) => finishReason !== undefined,
          pricedOf: ({ target }) => target.provider,
          price,
          holds: { ...ESTIMATOR, ...money },
          ...(isAborting ? {} : { drainMs: () => DRAIN_MS }),
        }),
      ],
      send,
    )
  }
}

const ESTIMATOR: Estimator<Attempt> = {
  estimate: ({ id, target }) => ({
    ...{ attempt: id, model: target.name, provider: target.provider, target: target.id, choices: 1, leaseMs: LEASE_MS },
    ...ESTIMATE,
    nanoUsd: target.provider === 'free' ? undefined : HELD_NANO_USD,
    priceVersion: 'test',
  }),
  pricing:
    ({ target }) =>
    (usage) =>
      target.provider === 'free' ? undefined : costOf(usage),
  clampOutput: (input) => input,
}

async function readAll(reply: Reply<ModelPart>): Promise<void> {
  while ((await reply.next()) !== undefined);
}
