import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { explainOffline } from '../../src/app/explain-offline.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { STRATEGIES } from '../../src/models/routing/types.ts'
import { chatAnswer, gate } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'
import { type Routed, startRouted } from './routed.ts'
import { ASKING_WIRES, type AskingWire } from './wires/asking.ts'

// Every strategy, asked by callers of every wire, whole and streamed, many at a time: the call goes where its receipt says that it goes,
// and where `route explain` said that it would.

const NAMES = ['first', 'second', 'third'] as const
const price = (inputPerMillion: number) => ({ price: { inputPerMillion, outputPerMillion: inputPerMillion } })
const models = NAMES.map((model) => ({ model }))
/** Where the strategies that draw nothing send a short question of the team `support`. */
const SURE = {
  priority: ['first', 'second', 'third'],
  cheapest: ['second', 'third', 'first'],
  best: ['third', 'second', 'first'],
  conditional: ['second', 'third'],
  auto: ['third', 'second', 'first'],
  nested: ['second', 'third', 'first'],
} as const satisfies Readonly<Record<string, readonly string[]>>

const TARGETS: Readonly<Record<string, readonly object[]>> = {
  best: [
    { model: 'first', scores: { chat: 1 } },
    { model: 'second', scores: { default: 2 } },
    { model: 'third', scores: { chat: 3, default: 0 } },
  ],
  conditional: [
    { model: 'first', when: { cel: 'principal.labels.nothing == "here"' } },
    { model: 'second', when: { cel: 'principal.team == "support" && request.inputTokens < 1000' } },
    { model: 'third', when: { kind: ['chat'], inputAtMost: 1000 } },
  ],
  auto: [{ model: 'first', goodAt: ['code'] }, { model: 'second' }, { model: 'third', goodAt: ['chat'] }],
}

let routed: Routed

beforeAll(async () => {
  // How slow this machine is for a moment is not what these tests are about.
  const steady = { retries: { max: 0 }, degradedFactor: 1000 }
  const routes = STRATEGIES.map((strategy) => ({ name: strategy, strategy, targets: TARGETS[strategy] ?? models, ...steady }))
  const nested = { name: 'nested', ...steady, targets: [{ model: 'cheap' }, { model: 'first' }] }
  const cheap = { name: 'cheap', strategy: 'cheapest', targets: [{ model: 'third' }, { model: 'second' }] }
  routed = await startRouted({
    names: NAMES,
    models: { first: price(9), second: price(1), third: price(4) },
    section: { routes: [...routes, nested, cheap] },
  })
})

afterAll(() => routed[Symbol.asyncDispose]())

const CONVERSATION = { conversation: 'c-7' }

/** One call; where it went, and what its receipt says of the choice. */
async function call(wire: AskingWire, stream: boolean, model: string) {
  const { scenario } = routed
  const headers = { 'x-signalbox-labels': 'conversation=c-7' }
  const reply = await ask(scenario, { path: wire.path(stream, model), body: wire.body(stream, model), headers })
  expect(reply.status).toBe(200)
  if (stream) expect(reply.text).toContain(wire.end)
  const { body } = await scenario.control<{ choice?: { route: string; why: string; order: readonly string[] } }>(
    'GET',
    `/api/v1/receipts/${reply.callId}`,
  )
  return { to: reply.headers.get('x-signalbox-provider'), attempts: reply.headers.get('x-signalbox-attempts'), choice: body.choice }
}

function explained(wire: AskingWire, stream: boolean, model: string) {
  const place = { configFile: 'signalbox.yaml', cwd: routed.scenario.folder, env: { FAKE_PROVIDER_KEY } }
  // As JSON: what a body is made of here has no other values.
  const request = wire.body(stream, model) as JsonObject
  const { order, why } = explainOffline({ model, request, team: 'support', labels: CONVERSATION }, place).explanation
  return { order: order.map((target) => target.model), why }
}

const many = <Done>(count: number, make: () => Promise<Done>) => Promise.all(Array.from({ length: count }, make))

describe.each(Object.entries(ASKING_WIRES))('callers of the wire %s', (_name, wire) => {
  describe.each([false, true])('stream: %p', (stream) => {
    test.each(Object.entries(SURE))('%s: all of many calls go where the receipt and the explanation say', async (model, order) => {
      const { order: foretold, why } = explained(wire, stream, model)
      expect(foretold).toEqual([...order])
      for (const { to, attempts, choice } of await many(6, () => call(wire, stream, model))) {
        expect({ to, attempts, choice }).toMatchObject({ to: order[0], attempts: '1', choice: { route: model, order: [...order], why } })
      }
    })

    test.each(['weighted', 'fastest', 'least-busy'])('%s: each of many calls goes where its own receipt says', async (model) => {
      for (const { to, attempts, choice } of await many(6, () => call(wire, stream, model))) {
        expect([to, attempts, choice?.order.length]).toEqual([choice?.order[0] ?? '-', '1', 3])
      }
    })

    test('sticky: a conversation stays at one target, whatever the wire, as the explanation says', async () => {
      const { order } = explained(ASKING_WIRES['openai-chat'] ?? wire, false, 'sticky')
      expect(explained(wire, stream, 'sticky')).toEqual({ order, why: 'where label keeps it' })
      for (const { to, choice } of await many(6, () => call(wire, stream, 'sticky')))
        expect([to, choice?.order]).toEqual([order[0] ?? '', order])
    })

    test('least-busy: calls that come at one time are spread evenly', async () => {
      const door = gate()
      const before = NAMES.map((name) => routed.at(name).requests.length)
      for (const name of NAMES) routed.at(name).answer((request) => [door.step, ...chatAnswer()(request)])
      const pending = many(9, () => call(wire, stream, 'least-busy'))
      await Promise.all(NAMES.map((name, index) => routed.at(name).received((before[index] ?? 0) + 3)))
      door.open()
      await pending
      expect(NAMES.map((name, index) => routed.at(name).requests.length - (before[index] ?? 0))).toEqual([3, 3, 3])
      for (const name of NAMES) routed.at(name).answer(chatAnswer())
    })
  })
})
