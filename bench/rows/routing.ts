import { LiveCallTable } from '../../src/control/live-calls.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { type Handler, replyOf } from '../../src/core/stage.ts'
import { compileCatalog } from '../../src/models/catalog.ts'
import { modelsSection } from '../../src/models/config.ts'
import type { PriceBook } from '../../src/models/prices/book.ts'
import { routeCalls } from '../../src/models/routing/route-calls.ts'
import { RouterState } from '../../src/models/routing/router.ts'
import type { Attempt, ModelCall, ModelPart } from '../../src/models/types.ts'
import { realWorld } from '../../src/platform/world.ts'
import { openMemoryStore } from '../../src/storage/memory/store.ts'
import { openTestCall } from '../../src/testing/open-test-call.ts'
import { testMoney } from '../../src/testing/test-money.ts'
import { chatRequest } from '../lab/chat-request.ts'
import { cpuOf } from '../lab/cpu.ts'
import { alternate, measureJob } from '../lab/lab.ts'
import type { Measured, Row } from '../lab/result.ts'

const SHAPE = 'mock-whole'
const CALLS = 50_000

/** What a route costs: in the gateway as a whole, and by itself. */
export const routing: Row = {
  names: ['routed_chat_cpu', 'routing', 'failing_first_target'],
  shapes: [SHAPE],
  async measure(lab) {
    const seconds = lab.scale.roundSeconds
    const pairs = await alternate(lab, lab.scale.rounds, (target) => {
      const model = target.name === 'gateway' ? 'routed' : target.nameModel(SHAPE)
      const request = chatRequest({ port: target.port, key: target.key, model, isStreamed: false })
      return measureJob(lab, target, { type: 'calls', port: target.port, request, connections: 64, seconds })
    })
    return [cpuOf('routed_chat_cpu', pairs, { bar: { on: 'ratio', atMost: 1.6 } }), ...(await measureAlone())]
  },
}

/** The walk alone, in this process: a route of three targets by priority, with circuits, and an attempt that does nothing. */
async function measureAlone(): Promise<readonly Measured[]> {
  const bare = await microsACall(answer, 'direct')
  const routed = await microsACall(answer, 'route')
  let sends = 0
  const failing = await microsACall((call, attempt) => (sends++ % 2 === 0 ? Promise.reject(FAILED) : answer(call, attempt)), 'route')
  return [
    {
      name: 'routing',
      unit: 'µs CPU a call',
      value: routed - bare,
      bar: { on: 'value', atMost: 5 },
      note: 'choice, circuit, attempt and its line in the log; no CEL',
    },
    {
      name: 'failing_first_target',
      unit: 'ms beyond its own failure',
      value: (failing - routed) / 1000,
      bar: { on: 'value', atMost: 1 },
    },
  ]
}

const FAILED = new GatewayError('provider_content_filtered', 'It says nothing of the target, so its circuit stays closed.')
/** What a call costs is not measured here. */
const NO_PRICES: PriceBook = {
  table: () => {
    throw new Error('This row has no prices.')
  },
  find: () => undefined,
}
const PART: ModelPart = { type: 'whole', bytes: new Uint8Array(100), isLast: true, isHidden: false }
const answer: Handler<Attempt, ModelPart> = async (call) => replyOf([PART], call.signal)

async function microsACall(next: Handler<Attempt, ModelPart>, how: 'direct' | 'route'): Promise<number> {
  const world = realWorld()
  const config = modelsSection.schema.parse({
    providers: { ollama: {} },
    models: ['a', 'b', 'c'].map((name) => ({ name, provider: 'ollama' })),
    routes: [{ name: 'smart', onFiltered: 'next', targets: ['a', 'b', 'c'].map((model) => ({ model })) }],
  })
  const route = config === undefined ? undefined : compileCatalog(config, NO_PRICES).find('smart')
  if (config === undefined || route === undefined) throw new Error('The configuration of this row is wrong.')
  const store = openMemoryStore({ world, version: 'bench', projections: [], lastResort: () => {}, report: () => {} })
  const router = new RouterState(() => config.breaker)
  const send = routeCalls(router, { world, log: store.log, live: new LiveCallTable(), money: testMoney(world), onEnded: () => {} }, next)
  const call = openTestCall()
  const text = '{"model":"smart","messages":[]}'
  // Of a request, a route by priority reads nothing else.
  const input = { route, request: { text, isStream: false, prompt: {} } } as unknown as ModelCall
  const { request } = input
  const [target] = route.targets[0]?.type === 'model' ? route.targets[0].lanes : []
  if (target === undefined) throw new Error('The route of this row has no target.')
  const attempt: Attempt = { id: 'x.1', number: 1, request, target, why: '' }
  const one = how === 'direct' ? () => next(call, attempt) : () => send(call, input)
  for (let warm = 0; warm < CALLS; warm++) await drain(one)
  call.record.facts.attemptLog = undefined
  // CPU, not time: others may use the machine.
  const before = process.cpuUsage()
  for (let calls = 0; calls < CALLS; calls++) {
    await drain(one)
    call.record.facts.attemptLog = undefined
  }
  const { user, system } = process.cpuUsage(before)
  const micros = (user + system) / CALLS
  await store.close()
  return micros

  async function drain(make: () => ReturnType<Handler<Attempt, ModelPart>>): Promise<void> {
    const reply = await make()
    await reply.next()
    await reply.next()
  }
}
