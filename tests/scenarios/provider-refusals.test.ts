import { describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import {
  type Answer,
  chatFrames,
  chatReply,
  DEFAULT_CHAT,
  errorReply,
  fakeUpstream,
  gzippedReply,
  send as sendStep,
  streamReply,
  wholeReply,
} from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY } from '../../src/testing/scenario.ts'
import { ask, chat, expectError } from './ask.ts'
import { expectFailure, startAt } from './provider-failure.ts'

const stream = (...frames: readonly string[]): Answer => streamReply({ frames })
const CONTENT = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'

const NOT_YOURS = "it refused the gateway's own credential, not yours. Whoever runs the gateway learns from `signalbox doctor` what to do."

describe('a provider that refuses', () => {
  test.each<[status: number, code: ErrorCode, ours: number]>([
    [400, 'provider_rejected', 400],
    [401, 'provider_auth', 502],
    [402, 'provider_auth', 502],
    [403, 'provider_auth', 502],
    [404, 'provider_model_not_found', 502],
    [405, 'provider_rejected', 400],
    [408, 'provider_error', 502],
    [409, 'provider_error', 502],
    [413, 'provider_rejected', 400],
    [418, 'provider_rejected', 400],
    [422, 'provider_rejected', 400],
    [425, 'provider_error', 502],
    [429, 'provider_rate_limited', 429],
    [500, 'provider_error', 502],
    [502, 'provider_error', 502],
    [503, 'provider_overloaded', 503],
    [504, 'provider_error', 502],
    [529, 'provider_overloaded', 503],
    [599, 'provider_error', 502],
    [302, 'provider_error', 502],
    [206, 'provider_error', 502],
    [201, 'provider_error', 502],
  ])('with %d is told as %s, whole and streamed', async (status, code, ours) => {
    for (const isStream of [false, true]) {
      // A gateway each: a key that was refused is not sent again.
      await using scenario = await startAt()
      scenario.upstream.answer(errorReply({ status, message: 'On purpose.' }))
      const message = await expectFailure(scenario, isStream, code, ours)
      const says = code === 'provider_auth' ? NOT_YOURS : 'On purpose.'
      expect(message).toBe(`Provider fake answered ${status}: ${says}`)
    }
  })

  test.each<[what: string, body: string | object, says: string]>([
    ['an error as a text', { error: 'Too long.' }, ': Too long.'],
    ['a message alone', { message: 'Too long.' }, ': Too long.'],
    ['an error in another shape', { detail: [{ loc: ['body'] }] }, ' and did not say why.'],
    ['a page for people', '<html><body>Bad request</body></html>', ' and did not say why.'],
    ['broken JSON', '{"error":{', ' and did not say why.'],
    ['nothing', '', ' and did not say why.'],
    ['a list', '[{"error":{"message":"x"}}]', ' and did not say why.'],
    ['a very long message', { error: { message: 'x'.repeat(100_000) } }, `: ${'x'.repeat(1000)}`],
    ['a message that is no text', { error: { message: { deep: true } } }, ' and did not say why.'],
  ])('and sends %s is told so in our words', async (_what, body, says) => {
    await using scenario = await startAt()
    scenario.upstream.answer(wholeReply({ status: 400, body }))
    expect(await expectFailure(scenario, false, 'provider_rejected', 400)).toBe(`Provider fake answered 400${says}`)
  })

  test('and names the field at fault is believed', async () => {
    await using scenario = await startAt()
    scenario.upstream.answer(wholeReply({ status: 400, body: { error: { message: 'Too hot.', param: 'temperature' } } }))
    expect(expectError(await ask(scenario), 400, 'provider_rejected').param).toBe('temperature')
    await scenario.expectCall({ outcome: 'broken' })
  })

  test.each<[written: string, told: string | null]>([
    ['7', '7'],
    ['0', '0'],
    [' 30 ', '30'],
    ['1.2', '2'],
    // Proxies and clouds write dates, and RFC 9110 has them: one that is over means at once.
    ['Wed, 21 Oct 2015 07:28:00 GMT', '0'],
    ['Fri, 31 Dec 2199 23:59:59 GMT', '604800'],
    ['soon', null],
    ['-1', null],
    ['1e3', null],
  ])('and says Retry-After: %p is told as %p', async (written, told) => {
    for (const status of [429, 503]) {
      // A gateway each: a provider that says when to come back is not asked before.
      await using scenario = await startAt()
      scenario.upstream.answer(errorReply({ status, retryAfter: written }))
      const reply = await ask(scenario)
      expect(reply.headers.get('retry-after')).toBe(told)
      await scenario.expectCall({ outcome: 'broken', providerStatus: status })
    }
  })

  test.each([301, 302, 303, 307, 308])('by a redirect with %d: the credential does not follow it', async (status) => {
    await using elsewhere = await fakeUpstream()
    await using scenario = await startAt()
    const location = `${elsewhere.baseUrl}/chat/completions`
    scenario.upstream.answer(wholeReply({ status, headers: { location }, body: '' }))
    await expectFailure(scenario, false, 'provider_error')
    expect(elsewhere.requests).toHaveLength(0)
  })
})

describe('a provider that does what is unusual', () => {
  test('and compresses although it was not asked to is understood', async () => {
    await using scenario = await startAt()
    scenario.upstream.answer(gzippedReply())
    const reply = await ask(scenario)
    expect(reply.json).toMatchObject({ choices: [{ message: { content: 'Hello there.' } }] })
    expect(reply.headers.has('content-encoding')).toBe(false)
    await scenario.expectCall({ outcome: 'ok', costNanoUsd: 50_000 })
  })

  test('and compresses a stream is understood', async () => {
    await using scenario = await startAt()
    scenario.upstream.answer((request) => {
      const body = Bun.gzipSync(Buffer.from(chatFrames(DEFAULT_CHAT, request).join('')))
      return wholeReply({ headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }, body })(request)
    })
    const reply = await ask(scenario, { body: chat({ stream: true }) })
    expect(reply.frames.at(-1)).toBe('[DONE]')
    await scenario.expectCall({ outcome: 'ok', costNanoUsd: 50_000 })
  })

  test('and leaves out the empty line after [DONE] is understood', async () => {
    await using scenario = await startAt()
    scenario.upstream.answer(stream(CONTENT, FINISH, 'data: [DONE]'))
    const reply = await ask(scenario, { body: chat({ stream: true }) })
    expect(reply.frames.at(-1)?.trimEnd()).toBe('[DONE]')
    await scenario.expectCall({ outcome: 'ok', finishReason: 'stop' })
  })

  test('and compresses an error is understood', async () => {
    await using scenario = await startAt()
    const body = Bun.gzipSync(Buffer.from('{"error":{"message":"Too long."}}'))
    scenario.upstream.answer(wholeReply({ status: 400, headers: { 'content-encoding': 'gzip' }, body }))
    expect(await expectFailure(scenario, false, 'provider_rejected', 400)).toBe('Provider fake answered 400: Too long.')
  })

  test('and sends its first words before the head is understood', async () => {
    await using scenario = await startAt()
    scenario.upstream.answer((request) => [sendStep('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'), ...chatReply()(request)])
    expect((await ask(scenario)).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })
  })

  test('and gives its request an id is quoted in the log', async () => {
    await using scenario = await startAt()
    scenario.upstream.answer(errorReply({ status: 500, headers: { 'x-request-id': 'req_of_provider' } }))
    await ask(scenario)
    await scenario.expectCall({ outcome: 'broken', providerRequestId: 'req_of_provider', providerStatus: 500 })
  })

  test('and sets cookies and headers of its own has them stay here', async () => {
    await using scenario = await startAt()
    const headers = { 'set-cookie': 'a=1', 'x-internal': FAKE_PROVIDER_KEY, 'x-signalbox-cost-usd': '0', server: 'fake' }
    scenario.upstream.answer(chatReply({ ...DEFAULT_CHAT, headers }))
    const reply = await ask(scenario)
    for (const name of ['set-cookie', 'x-internal', 'server']) expect(reply.headers.has(name)).toBe(false)
    expect(reply.headers.get('x-signalbox-cost-usd')).toBe('0.00005')
    await scenario.expectCall({ outcome: 'ok' })
  })
})
