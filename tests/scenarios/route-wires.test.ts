import { describe, expect, test } from 'bun:test'
import { chatAnswer, errorReply, silence } from '../../src/testing/fake-upstream.ts'
import { ask, endedCall } from './ask.ts'
import { startRouted } from './routed.ts'
import { ASKING_WIRES } from './wires/asking.ts'

const ANSWER = { content: 'Hello there.', usage: { inputTokens: 10, outputTokens: 3 } } as const

describe.each(Object.entries(ASKING_WIRES))('a caller of the wire %s', (_name, wire) => {
  describe.each([false, true])('stream: %p', (stream) => {
    const question = { path: wire.path(stream), body: wire.body(stream) }

    test('is answered by a hedge where the first attempt is slow, and pays for what answered', async () => {
      await using routed = await startRouted({ route: { hedge: { after: '40ms', share: '100%', spend: '100%' } } })
      routed.at('first').answer(silence())
      routed.at('second').answer(chatAnswer(ANSWER))
      const reply = await ask(routed.scenario, question)
      expect([reply.text.includes('Hello there.'), !stream || reply.text.includes(wire.end)]).toEqual([true, true])
      const ended = await routed.scenario.expectCall({ outcome: 'ok', attempts: 2, provider: 'second', costNanoUsd: 50_000 })
      expect(ended.attemptLog?.map(({ outcome }) => outcome).toSorted()).toEqual(['cancelled', 'ok'])
    })

    test('is served by the canary for its share, and by the others where it fails', async () => {
      await using routed = await startRouted({ route: { targets: [{ model: 'first' }], canary: { model: 'second', share: '100%' } } })
      const called = async () => {
        const reply = await ask(routed.scenario, question)
        expect([reply.status, reply.text.includes('Hello there.')]).toEqual([200, true])
        const { choice, provider, attempts } = await endedCall(routed.scenario, reply.callId)
        expect(choice).toMatchObject({ why: 'the canary has its share', order: ['second', 'first'] })
        return `${provider} ${attempts}`
      }
      expect(await called()).toBe('second 1')
      routed.at('second').answer(errorReply({ status: 500 }))
      expect(await called()).toBe('first 2')
    })

    test('notices nothing of a shadow, that fails or not, and does not pay for it', async () => {
      const shadow = { model: 'second', share: '100%', account: 'lab' }
      await using routed = await startRouted({ route: { targets: [{ model: 'first' }], shadow }, teams: { lab: {} } })
      const copies = async () =>
        (await routed.scenario.events()).flatMap((event) =>
          event.type === 'call.ended' && event.action === 'models.shadow' ? [event] : [],
        )
      const answers = [chatAnswer({ content: 'Copy.', usage: { inputTokens: 100, outputTokens: 30 } }), errorReply({ status: 500 })]
      for (const [index, answer] of answers.entries()) {
        routed.at('second').answer(answer)
        const reply = await ask(routed.scenario, question)
        expect([reply.status, reply.text.includes('Hello there.'), reply.text.includes('Copy.')]).toEqual([200, true, false])
        expect(await endedCall(routed.scenario, reply.callId)).toMatchObject({ outcome: 'ok', attempts: 1, costNanoUsd: 50_000 })
        // A copy may be sent when its call is over.
        for (let look = 0; look < 2000 && (await copies()).length <= index; look++) await Bun.sleep(5)
      }
      const told = (await copies()).map(({ outcome, costNanoUsd = 0, principal }) => [outcome, costNanoUsd, principal?.team])
      expect(told).toEqual([
        ['ok', 500_000, 'lab'],
        ['broken', 0, 'lab'],
      ])
    })

    test('gets the model with the larger context where the first says that the request is too long', async () => {
      await using routed = await startRouted({
        names: ['first', 'small', 'large'],
        models: { first: { can: { context: 8000 } }, small: { can: { context: 4000 } }, large: { can: { context: 100_000 } } },
      })
      routed.at('first').answer(errorReply({ status: 400, code: 'context_length_exceeded', message: 'Too long.' }))
      expect((await ask(routed.scenario, question)).status).toBe(200)
      await routed.scenario.expectCall({ outcome: 'ok', attempts: 2, provider: 'large' })
      expect(routed.at('small').requests).toHaveLength(0)
    })
  })
})
