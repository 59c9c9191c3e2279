import { describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { deafHost } from '../../src/testing/deaf-host.ts'
import {
  type Answer,
  chatReply,
  chatStream,
  cutBody,
  READ_PAUSE,
  type Step,
  send as sendStep,
  silence,
  stallInHead,
  streamReply,
} from '../../src/testing/fake-upstream.ts'
import { openRawClient } from '../../src/testing/raw-client.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError, expectErrorFrame, rawChat } from './ask.ts'

const USAGE = { inputTokens: 10, outputTokens: 3 }
const CONTENT = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
const LAST = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n'
const JSON_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n'

/** A scenario whose model has these timeouts; the others are long. */
function startWith(timeouts: Readonly<Record<string, string>>, origin?: string): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { fake: { wire: 'openai-chat', baseUrl: origin ?? baseUrl } },
        models: [{ name: 'mini', provider: 'fake', id: 'fake-model', price: { inputPerMillion: 2, outputPerMillion: 10 }, timeouts }],
      },
    }),
  })
}

/** Repeats a text with 20 ms between two, until the gateway has enough of it. */
function dripping(head: string, text: string): Answer {
  const drip: readonly Step[] = [sendStep(text), { type: 'pause', ms: 20 }]
  return () => [sendStep(head), ...Array.from({ length: 200 }, () => drip).flat()]
}

describe('a provider that takes longer than it may', () => {
  test.each<[what: string, timeouts: Record<string, string>, stream: boolean, answer: Answer, code: ErrorCode]>([
    ['to send the head of a whole reply', { total: '80ms' }, false, silence(), 'provider_total_timeout'],
    ['to complete the head of a whole reply', { total: '80ms' }, false, stallInHead(), 'provider_total_timeout'],
    ['to send the head of a stream', { firstToken: '80ms' }, true, silence(), 'provider_first_token_timeout'],
    ['to complete the head of a stream', { firstToken: '80ms' }, true, stallInHead(), 'provider_first_token_timeout'],
    [
      'to send content, but sends the head',
      { firstToken: '80ms' },
      true,
      () => [sendStep(STREAM_HEAD), { type: 'stall' }],
      'provider_first_token_timeout',
    ],
    [
      'to send content, but sends comments',
      { firstToken: '80ms' },
      true,
      dripping(STREAM_HEAD, ': wait\n\n'),
      'provider_first_token_timeout',
    ],
    ['between two pieces of a whole reply', { idle: '80ms' }, false, cutBody({ afterBytes: 40, by: 'stall' }), 'provider_idle_timeout'],
    ['for a whole reply that comes drop by drop', { total: '120ms' }, false, dripping(JSON_HEAD, ' '), 'provider_total_timeout'],
    ['for a stream, before its content', { total: '80ms' }, true, silence(), 'provider_total_timeout'],
  ])('%s is left, and the caller is told which time was up', async (_what, timeouts, stream, answer, code) => {
    await using scenario = await startWith(timeouts)
    scenario.upstream.answer(answer)
    const reply = await ask(scenario, { body: chat({ stream }) })
    const error = expectError(reply, 504, code)
    expect(error).toMatchObject({ source: 'provider', type: 'server_error', message: expect.stringMatching(/within 0\.\d+ s\.$/) })
    await scenario.upstream.requests[0]?.whenLeft
    await scenario.expectCall({ outcome: 'broken', errorCode: code, errorSource: 'provider', status: 504, attempts: 1 })
  })

  test.each<[what: string, timeouts: Record<string, string>, answer: Answer, code: ErrorCode]>([
    ['falls silent', { idle: '300ms' }, chatStream({ pieces: ['a', 'b'], cut: { afterFrames: 2, by: 'stall' } }), 'provider_idle_timeout'],
    ['does not come to its end', { total: '600ms' }, dripping(STREAM_HEAD, CONTENT), 'provider_total_timeout'],
  ])('in a stream that %s is left, and an error frame says so', async (_what, timeouts, answer, code) => {
    await using scenario = await startWith(timeouts)
    scenario.upstream.answer(answer)
    const reply = await ask(scenario, { body: chat({ stream: true }) })
    expect(reply.text).toContain('"content":"a"')
    expectErrorFrame(reply, code)
    await scenario.upstream.requests[0]?.whenLeft
    await scenario.expectCall({ outcome: 'broken', errorCode: code, status: 200, isStream: true })
  })

  test.each([false, true])('to accept a connection is left, streamed: %p', async (stream) => {
    using host = await deafHost()
    await using scenario = await startWith({ connect: '200ms' }, `http://127.0.0.1:${host.port}/v1`)
    const reply = await ask(scenario, { body: chat({ stream }) })
    expectError(reply, 504, 'provider_connect_timeout')
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_connect_timeout', attempts: 1, providerStatus: undefined })
  })
})

describe('no time is up', () => {
  const streamed = async (scenario: Scenario, body: JsonObject = chat({ stream: true })) => {
    const reply = await ask(scenario, { body })
    expect(reply.frames.at(-1)).toBe('[DONE]')
    await scenario.expectCall({ outcome: 'ok' })
    return reply
  }

  test('for the connection of a provider that is connected and thinks for longer than the connect timeout', async () => {
    await using scenario = await startWith({ connect: '400ms' })
    const answer = chatReply({ content: 'Well …', usage: USAGE })
    scenario.upstream.answer((request) => [{ type: 'pause', ms: 900 }, ...answer(request)])
    expect((await ask(scenario)).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })
    // The second, bare connection that looked whether the host is there is no request.
    expect(scenario.upstream.requests).toHaveLength(1)
  })

  test('for a stream that goes on for longer than the first-token and the idle timeout', async () => {
    await using scenario = await startWith({ firstToken: '1s', idle: '1s' })
    scenario.upstream.answer(chatStream({ pieces: [...'abcdefghijklmnop'], usage: USAGE, pauseMs: 80 }))
    await streamed(scenario)
  })

  test('for a provider that says with comments that it is still there', async () => {
    await using scenario = await startWith({ idle: '1s' })
    const comments = Array.from({ length: 20 }, () => ': still thinking\n\n')
    scenario.upstream.answer(streamReply({ frames: [CONTENT, ...comments, LAST, 'data: [DONE]\n\n'], pauseMs: 60 }))
    await streamed(scenario)
  })

  test('for a provider that keeps the connection after [DONE]: the reply is over', async () => {
    await using scenario = await startWith({ idle: '5s' })
    scenario.upstream.answer(() => [sendStep(`${STREAM_HEAD}${CONTENT}${LAST}data: [DONE]\n\n`), { type: 'stall' }])
    const began = performance.now()
    await streamed(scenario)
    expect(performance.now() - began).toBeLessThan(3000)
    await scenario.upstream.requests[0]?.whenLeft
  })

  test('for a client that reads slowly: it is not the provider who is silent', async () => {
    await using scenario = await startWith({ idle: '500ms', firstToken: '5s' })
    // More than the buffers of every socket on the way hold, of which one takes up to 6 MB.
    const big = `data: {"choices":[{"index":0,"delta":{"content":"${'a'.repeat(256 * 1024)}"}}]}\n\n`
    const frames = [...Array.from({ length: 192 }, () => big), LAST, 'data: [DONE]\n\n']
    scenario.upstream.answer(streamReply({ frames }))
    using client = await openRawClient(scenario.dataPort)
    await client.send(rawChat(scenario, chat({ stream: true }), ['connection: close']))
    await client.readHead()
    client.pause()
    await Bun.sleep(1200)
    expect(scenario.upstream.requests[0]?.isAnswered).toBe(false)
    client.resume()
    expect((await client.readUntilClosed()).includes('[DONE]')).toBe(true)
    await scenario.expectCall({ outcome: 'ok' })
  })
})

test('the timeouts of a model win over those of its provider, and those over the general ones', async () => {
  await using scenario = await startScenario({
    config: (baseUrl) => ({
      models: {
        timeouts: { total: '10ms' },
        providers: { fake: { wire: 'openai-chat', baseUrl, timeouts: { total: '20ms' } }, plain: { wire: 'openai-chat', baseUrl } },
        models: [
          { name: 'own', provider: 'fake', timeouts: { total: '30ms' } },
          { name: 'of-provider', provider: 'fake' },
          { name: 'general', provider: 'plain' },
        ],
      },
    }),
  })
  scenario.upstream.answer(() => [READ_PAUSE, { type: 'stall' }])
  for (const [model, seconds] of [
    ['own', '0.03 s'],
    ['of-provider', '0.02 s'],
    ['general', '0.01 s'],
  ] as const) {
    const error = expectError(await ask(scenario, { body: chat({ model }) }), 504, 'provider_total_timeout')
    expect(error.message).toContain(seconds)
    await scenario.expectCall({ subject: model, errorCode: 'provider_total_timeout' })
  }
})
