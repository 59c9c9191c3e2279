import { Money } from '../app/money.ts'
import { createPriceDesk } from '../app/price-desk.ts'
import { readBuiltIn } from '../app/price-file.ts'
import { type AccessRules, createAccess } from '../control/access.ts'
import type { ControlApiDeps } from '../control/api/deps.ts'
import { type ControlApi, createControlApi } from '../control/api/index.ts'
import { LiveCallTable } from '../control/live-calls.ts'
import { SpendProjection } from '../control/projections/spend.ts'
import type { CallEnded, CallStarted } from '../core/events.ts'
import { Secret } from '../core/secret.ts'
import { NO_RULES } from '../ledger/rules.ts'
import { openBook } from '../models/prices/book.ts'
import { type MemoryStore, openMemoryStore } from '../storage/memory/store.ts'
import { type FakeWorld, fakeWorld } from './fake-world.ts'

/** The admin key of a test. */
export const TEST_ADMIN_KEY = 'admin-key-of-a-test'

/** A control API over a store in memory, in a world whose time goes by hand. */
export interface TestControl {
  readonly api: ControlApi
  readonly deps: ControlApiDeps
  readonly store: MemoryStore
  readonly world: FakeWorld
  readonly live: LiveCallTable
  /** Faults that were reported: the cause of each. */
  readonly faults: readonly unknown[]
  /** Sends a request with the admin key. */
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>
}

/** What a gateway without routes explains. */
const NOWHERE = {
  ...{ strategy: 'priority', order: [], ruledOut: [] },
  request: {
    ...{ inputTokens: 0, leastInputTokens: 0, hasTools: false, hasImages: false, hasAudio: false, wantsSchema: false },
    ...{ wantsReasoning: false, hasPrefill: false, kinds: [], isHard: false },
  },
}

/** Two teams, two models, a good configuration; `overrides` change what the API works on. */
export function openTestControl(overrides: Partial<ControlApiDeps> = {}): TestControl {
  const world = fakeWorld()
  const store = openMemoryStore({
    world,
    version: '0.0.0-test',
    projections: [() => new SpendProjection()],
    lastResort: () => {},
    report: () => {},
  })
  const installation = new Secret('secret-of-a-test')
  const rules: AccessRules = { organisation: 'acme', teams: { support: {}, search: {} } }
  const live = new LiveCallTable()
  const faults: unknown[] = []
  const money = new Money(world, NO_RULES)
  const deps: ControlApiDeps = {
    world,
    cache: () => undefined,
    bodyReaders: () => [],
    prices: createPriceDesk({
      ...{ now: () => world.now(), folder: '/nowhere', log: store.log, reader: store.reader },
      ...{ current: () => openBook(readBuiltIn), swap: () => {}, kindOf: (provider) => provider },
      fold: (event) => money.ledger.fold(event),
    }),
    providers: { list: () => [], reset: () => undefined },
    explainRoute: ({ model = '-' }) => ({ ...NOWHERE, model }),
    eraseKept: (filter) => store.objects.erase(filter),
    ...{ log: store.log, reader: store.reader, keys: store.keys, bodies: store.bodies, tallies: store.tallies },
    access: createAccess([], installation, () => rules),
    ...{ live, installation, adminKey: new Secret(TEST_ADMIN_KEY), version: '0.0.0-test', startedAtMs: world.now() },
    teams: () => Object.keys(rules.teams),
    models: () => ['mini', 'openai/*'],
    money: () => ({ ledger: money.ledger, at: money.moment() }),
    metricsText: () => 'signalbox_calls_total 0\n',
    readiness: () => ({ ready: true, checks: [{ name: 'log', ok: true }] }),
    configStatus: () => ({ revision: 'abc123', file: '/etc/signalbox.yaml', loadedAtMs: world.now() }),
    reload: async () => deps.configStatus(),
    verify: () => store.verify(),
    rebuild: () => store.rebuild(),
    ...{ hosts: [], openMetrics: true },
    reportFault: (_requestId, cause) => void faults.push(cause),
    ...overrides,
  }
  const api = createControlApi(deps)
  return {
    ...{ api, deps, store, world, live, faults },
    send: (method, path, body, headers = {}) =>
      api.fetch(
        new Request(`http://127.0.0.1:4001${path}`, {
          method,
          headers: { authorization: `Bearer ${TEST_ADMIN_KEY}`, ...headers },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        }),
      ),
  }
}

/** The two events of a call that went well, made `ageMs` ago; `facts` change the second. */
export function testCall(world: FakeWorld, facts: Partial<CallEnded> = {}, ageMs = 0): readonly [CallStarted, CallEnded] {
  const started: CallStarted = {
    type: 'call.started',
    atMs: world.now() - ageMs,
    callId: facts.callId ?? world.id('call'),
    layer: facts.layer ?? 'models',
    action: facts.action ?? 'models.call',
    traceId: facts.traceId ?? '0af7651916cd43dd8448eb211c80319c',
    spanId: facts.spanId ?? 'b7ad6b7169203331',
    parentSpanId: facts.parentSpanId,
    subject: facts.subject ?? 'mini',
    wire: 'openai-chat',
    principal: facts.principal ?? { organisation: 'acme', team: 'support', keyId: 'k00000000001', labels: { feature: 'search' } },
    prompt: { hash: 'c0ffee' },
  }
  const ended: CallEnded = {
    ...started,
    ...{ provider: 'openai', target: 'gpt-5.5-mini', attempts: 1, isStream: false, finishReason: 'stop', status: 200 },
    ...{ usage: { inputTokens: 10, outputTokens: 5 }, costNanoUsd: 12_500, priceVersion: '2026-11', providerMs: 80 },
    ...{ startedAtMs: started.atMs, durationMs: 81.5, overheadMs: 1.5, outcome: 'ok' },
    ...facts,
    type: 'call.ended',
    atMs: started.atMs + 82,
  }
  return [started, ended]
}

/** What tests read of answers, each field where the endpoint has it. */
export interface TestAnswer {
  readonly id: string
  readonly key: string
  readonly error: { readonly code: string; readonly message: string; readonly param?: string }
  readonly keys: readonly { readonly id: string }[]
  readonly events: readonly { readonly position: string; readonly type: string; readonly callId?: string }[]
  readonly cursor: string
}

/** The status and the JSON of an answer. */
export async function readAnswer(pending: Promise<Response>): Promise<{ readonly status: number; readonly body: TestAnswer }> {
  const response = await pending
  // A test asserts what it reads; a field that is not there fails it.
  return { status: response.status, body: (await response.json()) as TestAnswer }
}
