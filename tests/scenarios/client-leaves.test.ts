import { describe, expect, test } from 'bun:test'
import {
  type Answer,
  chatReply,
  chatStream,
  cutBody,
  errorReply,
  gate,
  send as sendStep,
  silence,
  stallInHead,
  streamReply,
} from '../../src/testing/fake-upstream.ts'
import { openRawClient, type RawClient } from '../../src/testing/raw-client.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { chat, rawChat, send } from './ask.ts'

const USAGE = { inputTokens: 10, outputTokens: 3 }
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n'
const CONTENT = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":10,"completion_tokens":1}}\n\n'

/** The call ended because the caller left, the provider is not asked for more, and nothing runs. */
async function expectCancelled(scenario: Scenario, facts: Parameters<Scenario['expectCall']>[0] = {}): Promise<void> {
  await scenario.upstream.requests[0]?.whenLeft
  await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', errorSource: 'caller', attempts: 1, ...facts })
  expect(scenario.upstream.requests).toHaveLength(1)
  const live = await scenario.control<{ calls: object[] }>('GET', '/api/v1/calls/live')
  expect(live.body.calls).toEqual([])
}

/** Ways to leave that a socket knows. */
const LEAVING: Readonly<Record<string, (client: RawClient) => void>> = {
  'closes the connection': (client) => client.destroy(),
  'breaks the connection': (client) => client.reset(),
}

describe.each(Object.entries(LEAVING))('a client that %s', (_how, leave) => {
  test.each<[what: string, stream: boolean, answer: Answer]>([
    ['before the provider has answered, whole', false, silence()],
    ['before the provider has answered, streamed', true, silence()],
    ['while the provider sends the head', false, stallInHead()],
    ['while the provider sends a whole reply', false, cutBody({ afterBytes: 40, by: 'stall' })],
    ['after the head of a stream, before its content', true, () => [sendStep(`${STREAM_HEAD}: wait\n\n`), { type: 'stall' }]],
  ])('%s, takes the provider along', async (_when, stream, answer) => {
    await using scenario = await startScenario()
    scenario.upstream.answer(answer)
    using client = await openRawClient(scenario.dataPort)
    await client.send(rawChat(scenario, chat({ stream })))
    await scenario.upstream.received(1)
    leave(client)
    await expectCancelled(scenario, { status: 499, isStream: stream, costNanoUsd: undefined })
  })

  test('in the middle of a stream, takes the provider along, and what it said of its usage counts', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(streamReply({ frames: [CONTENT, CONTENT], cut: { afterFrames: 1, by: 'stall' } }))
    using client = await openRawClient(scenario.dataPort)
    await client.send(rawChat(scenario, chat({ stream: true })))
    let text = ''
    while (!text.includes('"content":"a"')) text += await client.readSome()
    leave(client)
    await expectCancelled(scenario, { status: 200, isStream: true, usage: { inputTokens: 10, outputTokens: 1 }, costNanoUsd: 30_000 })
  })

  test('while it does not read, takes the provider along', async () => {
    await using scenario = await startScenario()
    const big = `data: {"choices":[{"index":0,"delta":{"content":"${'a'.repeat(1024 * 1024)}"}}]}\n\n`
    scenario.upstream.answer(streamReply({ frames: Array.from({ length: 64 }, () => big) }))
    using client = await openRawClient(scenario.dataPort)
    await client.send(rawChat(scenario, chat({ stream: true })))
    await client.readHead()
    client.pause()
    const request = await scenario.upstream.received(1)
    for (let sent = -1; sent !== request.sentBytes; await Bun.sleep(30)) sent = request.sentBytes
    expect(request.sentBytes).toBeLessThan(48 * 1024 * 1024)
    leave(client)
    await expectCancelled(scenario, { isStream: true })
  })
})

test('what a provider tells of its usage all along is no bill for a client that left: the provider goes on for a moment', async () => {
  await using scenario = await startScenario({ config: { access: { teams: { support: { budgets: [{ usd: 5, per: 'total' }] } } } } })
  scenario.upstream.answer(streamReply({ frames: [CONTENT, CONTENT], cut: { afterFrames: 1, by: 'stall' } }))
  using client = await openRawClient(scenario.dataPort)
  await client.send(rawChat(scenario, chat({ stream: true })))
  let text = ''
  while (!text.includes('"content":"a"')) text += await client.readSome()
  client.destroy()
  await expectCancelled(scenario, { usage: { inputTokens: 10, outputTokens: 1 }, isEstimate: true })
  const ended = (await scenario.events()).find((event) => event.type === 'call.ended')
  // 10 tokens of input, one of output that was seen, and 100 at the least that were not.
  expect(ended?.costNanoUsd).toBeGreaterThanOrEqual(10 * 2000 + 101 * 10_000)
  expect(ended?.bookings).toMatchObject([{ state: 'settled', isEstimate: true, nanoUsd: ended?.costNanoUsd }])
})

test('what was left without a word of its usage is unpriced where no budget applies, and not free', async () => {
  await using scenario = await startScenario()
  const silent = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
  scenario.upstream.answer(streamReply({ frames: [silent, silent], cut: { afterFrames: 1, by: 'stall' } }))
  using client = await openRawClient(scenario.dataPort)
  await client.send(rawChat(scenario, chat({ stream: true })))
  let text = ''
  while (!text.includes('"content":"a"')) text += await client.readSome()
  client.destroy()
  await expectCancelled(scenario, { isUnpriced: true, costNanoUsd: undefined })
  const { body } = await scenario.control<readonly object[]>('GET', '/api/v1/spend?by=team')
  expect(body).toMatchObject([{ calls: 1, unpricedCalls: 1, costUsd: null }])
})

describe('a client that leaves by fetch', () => {
  test.each([false, true])('before the reply begins takes the provider along, streamed: %p', async (stream) => {
    await using scenario = await startScenario()
    scenario.upstream.answer(silence())
    const controller = new AbortController()
    const pending = send(scenario, { body: chat({ stream }), signal: controller.signal }).then(
      () => 'answered',
      () => 'left',
    )
    await scenario.upstream.received(1)
    controller.abort()
    expect(await pending).toBe('left')
    await expectCancelled(scenario)
  })

  test('by cancelling the body of a stream takes the provider along', async () => {
    await using scenario = await startScenario()
    const door = gate()
    scenario.upstream.answer(chatStream({ pieces: ['a', 'b'], usage: USAGE, before: { 2: door.step } }))
    const response = await send(scenario, { body: chat({ stream: true }) })
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await expectCancelled(scenario, { status: 200 })
    door.open()
  })
})

test('a client that leaves after a whole reply is complete changes nothing: the call was a success', async () => {
  await using scenario = await startScenario()
  for (let round = 0; round < 10; round++) {
    using client = await openRawClient(scenario.dataPort)
    await client.send(rawChat(scenario))
    await client.readReply()
    client.reset()
    await scenario.expectCall({ outcome: 'ok', costNanoUsd: 50_000 })
  }
})

describe('a client that has left by the time the provider answers', () => {
  test.each<[what: string, stream: boolean, answer: Answer]>([
    ['a whole reply', false, chatReply({ content: 'Too late.', usage: USAGE })],
    ['a short stream', true, chatStream({ pieces: ['Too', 'late'], usage: USAGE })],
    ['a stream that stays open', true, chatStream({ pieces: ['Too', 'late'], usage: USAGE, cut: { afterFrames: 2, by: 'stall' } })],
    ['an error', true, errorReply({ status: 500 })],
  ])('with %s has ended its call all the same', async (_what, stream, answer) => {
    await using scenario = await startScenario()
    for (const waitMs of [0, 5, 20, 45, 60]) {
      const door = gate()
      scenario.upstream.queue((request) => [door.step, ...answer(request)])
      const number = scenario.upstream.requests.length + 1
      using client = await openRawClient(scenario.dataPort)
      await client.send(rawChat(scenario, chat({ stream })))
      const request = await scenario.upstream.received(number)
      client.reset()
      await Bun.sleep(waitMs)
      door.open()
      // Whether it is still a success depends on who was first; that it is over does not.
      const { outcome } = await scenario.expectCall({ isStream: stream })
      expect(['ok', 'cancelled', 'broken']).toContain(outcome)
      for (let round = 0; round < 2000 && !request.isAnswered && request.left === undefined; round++) await Bun.sleep(2)
      expect(request.isAnswered || request.left !== undefined).toBe(true)
    }
  })
})

test('two hundred clients that leave at once leave nothing behind', async () => {
  await using scenario = await startScenario()
  scenario.upstream.answer(silence())
  const clients = await Promise.all(Array.from({ length: 200 }, () => openRawClient(scenario.dataPort)))
  await Promise.all(clients.map((client, index) => client.send(rawChat(scenario, chat({ stream: index % 2 === 0 })))))
  await scenario.upstream.received(200)
  for (const client of clients) client.reset()
  await Promise.all(scenario.upstream.requests.map(({ whenLeft }) => whenLeft))
  const events = await scenario.expectEvents([
    ...Array.from({ length: 200 }, () => ({ type: 'call.started' }) as const),
    ...Array.from({ length: 200 }, () => ({ type: 'call.ended', outcome: 'cancelled', errorCode: 'client_closed' }) as const),
  ])
  const ids = new Set(events.map((event) => (event.type === 'call.ended' ? event.callId : undefined)))
  expect(ids.size).toBe(201)
  expect(scenario.upstream.openConnections).toBe(0)
})
