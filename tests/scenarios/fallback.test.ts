import { describe, expect, test } from 'bun:test'
import { chatAnswer, chatStream, errorReply, READ_PAUSE, resetBeforeHead, streamReply } from '../../src/testing/fake-upstream.ts'
import { ask, chat, expectError } from './ask.ts'
import { startRouted } from './routed.ts'

const BOTH = [false, true] as const

describe('a route', () => {
  test.each(BOTH)('goes on to its second target when the first one fails before any content (stream: %p)', async (stream) => {
    await using routed = await startRouted()
    const { scenario } = routed
    routed.at('first').answer(errorReply({ status: 500, message: 'Down.' }))
    routed.at('second').answer(chatAnswer({ content: 'Here.', usage: { inputTokens: 10, outputTokens: 3 } }))
    const reply = await ask(scenario, { body: chat({ model: 'smart', stream }) })
    expect(reply.status).toBe(200)
    expect(reply.text).toContain('Here.')
    expect(reply.headers.get('x-signalbox-model')).toBe('smart')
    expect(reply.headers.get('x-signalbox-provider')).toBe('second')
    expect(reply.headers.get('x-signalbox-attempts')).toBe('2')
    expect(routed.at('first').requests).toHaveLength(1)
    expect(routed.at('second').requests[0]?.jsonObject()).toMatchObject({ model: 'second-id' })
    const ended = await scenario.expectCall({
      ...{ callId: reply.callId, outcome: 'ok', subject: 'smart', provider: 'second', target: 'second-id', attempts: 2 },
      ...{ usage: { inputTokens: 10, outputTokens: 3 }, costNanoUsd: 50_000, providerStatus: 200, errorCode: undefined },
    })
    expect(ended.choice).toEqual({
      route: 'smart',
      strategy: 'priority',
      why: 'first of those that can serve it',
      order: ['first', 'second'],
    })
    expect(ended.attemptLog).toMatchObject([
      { id: `${reply.callId}.1`, model: 'first', provider: 'first', outcome: 'broken', errorCode: 'provider_error', providerStatus: 500 },
      { id: `${reply.callId}.2`, model: 'second', outcome: 'ok', why: 'after provider_error', costNanoUsd: 50_000, providerStatus: 200 },
    ])
    for (const { startedAfterMs, durationMs } of ended.attemptLog ?? []) {
      expect(startedAfterMs).toBeGreaterThanOrEqual(0)
      expect(durationMs).toBeGreaterThan(0)
    }
  })

  test('shows its choice and its attempts in the receipt', async () => {
    await using routed = await startRouted()
    const { scenario } = routed
    routed.at('first').answer(resetBeforeHead())
    const reply = await ask(scenario, { body: chat({ model: 'smart' }) })
    await scenario.expectCall({ outcome: 'ok' })
    const { body } = await scenario.control('GET', `/api/v1/receipts/${reply.callId}`)
    expect(body).toMatchObject({
      model: 'smart',
      attempts: 2,
      choice: { route: 'smart', strategy: 'priority', order: ['first', 'second'] },
      attemptLog: [
        { model: 'first', outcome: 'broken', error: { code: 'provider_unreachable' } },
        { model: 'second', outcome: 'ok', costUsd: '0.00005' },
      ],
    })
  })

  test('answers with the last failure where every target fails', async () => {
    await using routed = await startRouted()
    const { scenario } = routed
    routed.at('first').answer(errorReply({ status: 500 }))
    routed.at('second').answer(errorReply({ status: 529, message: 'Too much.' }))
    const reply = await ask(scenario, { body: chat({ model: 'smart' }) })
    expectError(reply, 503, 'provider_overloaded')
    await scenario.expectCall({
      outcome: 'broken',
      attempts: 2,
      provider: 'second',
      errorCode: 'provider_overloaded',
      costNanoUsd: undefined,
    })
  })

  test.each(BOTH)("does not repeat a request that the provider refused as the caller's fault (stream: %p)", async (stream) => {
    await using routed = await startRouted()
    const { scenario } = routed
    routed.at('first').answer(errorReply({ status: 400, message: 'Bad temperature.' }))
    expectError(await ask(scenario, { body: chat({ model: 'smart', stream }) }), 400, 'provider_rejected')
    expect(routed.at('second').requests).toHaveLength(0)
    await scenario.expectCall({ outcome: 'broken', attempts: 1 })
  })

  test('takes an error that a stream reports before its first content elsewhere', async () => {
    await using routed = await startRouted()
    const { scenario } = routed
    routed.at('first').answer(chatStream({ pieces: ['never'], errorFrame: { at: 1, error: { message: 'Overloaded.', code: 503 } } }))
    const reply = await ask(scenario, { body: chat({ model: 'smart', stream: true }) })
    expect(reply.text).toContain('Hello there.')
    expect(reply.text).not.toContain('Overloaded')
    await scenario.expectCall({ outcome: 'ok', attempts: 2, provider: 'second' })
  })

  const ROLE = 'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
  const LONG = `data: {"choices":[{"index":0,"delta":{"role":"assistant"}}],"pad":"${'x'.repeat(256 * 1024)}"}\n\n`
  const ERROR = 'data: {"error":{"message":"Overloaded.","code":503}}\n\n'

  test.each<[what: string, frames: readonly string[], isHeld: boolean]>([
    ['64 frames', Array.from({ length: 64 }, () => ROLE), true],
    ['65 frames', Array.from({ length: 65 }, () => ROLE), false],
    ['a hundred comments', Array.from({ length: 100 }, () => ': wait\n\n'), true],
    ['more than 256 KiB', [LONG, ROLE], false],
  ])('holds what comes before the first content back, so that a failure behind it may go elsewhere: %s', async (_what, frames, isHeld) => {
    await using routed = await startRouted()
    const { scenario } = routed
    // What comes in one piece is looked at in one piece: the failure comes by itself.
    routed.at('first').answer((request) => {
      const steps = streamReply({ frames: [...frames, ERROR] })(request)
      const at = steps.findLastIndex((step) => step.type === 'send' && new TextDecoder().decode(step.bytes).includes('Overloaded'))
      return [...steps.slice(0, at), READ_PAUSE, ...steps.slice(at)]
    })
    const reply = await ask(scenario, { body: chat({ model: 'smart', stream: true }) })
    expect(reply.status).toBe(200)
    expect([reply.text.includes('Hello there.'), reply.text.includes('"error"')]).toEqual([isHeld, !isHeld])
    if (isHeld) await scenario.expectCall({ outcome: 'ok', attempts: 2, provider: 'second' })
    else await scenario.expectCall({ outcome: 'broken', attempts: 1, provider: 'first', errorCode: 'provider_overloaded' })
  })

  test('never makes a second attempt after the first content', async () => {
    await using routed = await startRouted()
    const { scenario } = routed
    routed.at('first').answer(chatStream({ pieces: ['Half', ' of it'], cut: { afterFrames: 2, by: 'end' } }))
    const reply = await ask(scenario, { body: chat({ model: 'smart', stream: true }) })
    expect(reply.text).toContain('Half')
    expect(reply.text).toContain('provider_truncated')
    expect(reply.text).not.toContain('[DONE]')
    expect(routed.at('second').requests).toHaveLength(0)
    await scenario.expectCall({ outcome: 'broken', attempts: 1, errorCode: 'provider_truncated' })
  })

  test('is listed among the models', async () => {
    await using routed = await startRouted()
    const { dataUrl, key } = routed.scenario
    const listed = await fetch(`${dataUrl}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    expect(await listed.json()).toMatchObject({ data: [{ id: 'first' }, { id: 'second' }, { id: 'smart', owned_by: 'signalbox' }] })
  })
})
