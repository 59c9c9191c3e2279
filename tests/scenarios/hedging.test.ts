import { describe, expect, test } from 'bun:test'
import { HedgeAccount } from '../../src/models/routing/hedge-account.ts'
import { type Answer, chatAnswer, chatStream, errorReply, gate, READ_PAUSE, silence } from '../../src/testing/fake-upstream.ts'
import { ask, chat, endedCall } from './ask.ts'
import { startRouted } from './routed.ts'

const ALWAYS = { after: '40ms', share: '100%', spend: '100%' }
const QUICK = { content: 'Quick.', usage: { inputTokens: 10, outputTokens: 3 } } as const

describe('a hedged route', () => {
  test.each([false, true])(
    'answers with the second attempt where the first is slow, and cancels the first (stream: %p)',
    async (stream) => {
      await using routed = await startRouted({ route: { hedge: ALWAYS } })
      const { scenario } = routed
      routed.at('first').answer(silence())
      routed.at('second').answer(chatAnswer(QUICK))
      const reply = await ask(scenario, { body: chat({ model: 'smart', stream }) })
      expect(reply.text).toContain('Quick.')
      expect(reply.headers.get('x-signalbox-provider')).toBe('second')
      const left = await routed.at('first').received(1)
      await left.left
      const ended = await scenario.expectCall({
        outcome: 'ok',
        attempts: 2,
        provider: 'second',
        costNanoUsd: 50_000,
        usage: { inputTokens: 10, outputTokens: 3 },
      })
      expect(
        ended.attemptLog
          ?.map(({ model, outcome, why }) => ({ model, outcome, why }))
          .toSorted((one, other) => one.model.localeCompare(other.model)),
      ).toEqual([
        { model: 'first', outcome: 'cancelled', why: 'first of those that can serve it' },
        { model: 'second', outcome: 'ok', why: 'hedge after 40 ms' },
      ])
    },
  )

  test('makes no second attempt where the first is quick', async () => {
    await using routed = await startRouted({ route: { hedge: { ...ALWAYS, after: '2s' } } })
    expect((await ask(routed.scenario, { body: chat({ model: 'smart' }) })).status).toBe(200)
    expect(routed.at('second').requests).toHaveLength(0)
    await routed.scenario.expectCall({ outcome: 'ok', attempts: 1, provider: 'first', costNanoUsd: 50_000 })
  })

  test('keeps to the first where it answers after all, and the second fails', async () => {
    await using routed = await startRouted({ route: { hedge: ALWAYS } })
    const door = gate()
    const late: Answer = (request) => [door.step, ...chatAnswer({ content: 'Late.', usage: QUICK.usage })(request)]
    routed.at('first').answer(late)
    routed.at('second').answer(errorReply({ status: 500 }))
    const pending = ask(routed.scenario, { body: chat({ model: 'smart' }) })
    await routed.at('second').received(1)
    door.open()
    expect((await pending).text).toContain('Late.')
    await routed.scenario.expectCall({ outcome: 'ok', attempts: 2, provider: 'first', costNanoUsd: 50_000 })
  })

  test('never hedges more than its share of the calls', async () => {
    await using routed = await startRouted({ route: { hedge: { ...ALWAYS, after: '5ms', share: '10%' } } })
    const slow: Answer = (request) => [READ_PAUSE, ...chatStream()(request)]
    routed.at('first').answer(slow)
    // Of the receipts, for a hedge that comes too late is given up before its request is seen.
    const attempts: number[] = []
    for (let calls = 0; calls < 20; calls++) {
      const { callId } = await ask(routed.scenario, { body: chat({ model: 'smart', stream: true }) })
      attempts.push((await endedCall(routed.scenario, callId)).attempts)
    }
    expect(attempts.filter((count) => count === 2)).toHaveLength(2)
    expect(attempts.filter((count) => count === 1)).toHaveLength(18)
  })

  test('counts hedges that are under way among those that cost', async () => {
    await using routed = await startRouted({ route: { hedge: { ...ALWAYS, after: '50ms', spend: '10%' } } })
    const call = () => ask(routed.scenario, { body: chat({ model: 'smart' }) })
    routed.at('first').answer(chatAnswer(QUICK))
    for (let calls = 0; calls < 20; calls++) await call()
    const door = gate()
    routed.at('first').answer((request) => [door.step, ...chatAnswer(QUICK)(request)])
    routed.at('second').answer((request) => [door.step, ...chatAnswer(QUICK)(request)])
    const pending = Array.from({ length: 20 }, call)
    await routed.at('first').received(40)
    await routed.at('second').received(1)
    // All of them are slow by then. Looked at before the door opens: what is paid then makes room for more.
    await Bun.sleep(150)
    const underWay = routed.at('second').requests.length
    door.open()
    await Promise.all(pending)
    // Twenty calls were paid: two more attempts are a tenth of that.
    expect(underWay).toBeWithin(1, 4)
  })

  test('gives back what it took for a hedge that nobody could make', async () => {
    const account = new HedgeAccount()
    const rules = { afterMs: 5, share: 0.5, spendShare: 1 }
    for (let calls = 0; calls < 2; calls++) account.count()
    expect([account.take(rules), account.take(rules)]).toEqual([true, false])
    account.giveBack()
    expect(account.take(rules)).toBe(true)
  })

  test('stops hedging where hedges cost more than their share', async () => {
    await using routed = await startRouted({ route: { hedge: { ...ALWAYS, after: '5ms', spend: '10%' } } })
    const slow: Answer = (request) => [READ_PAUSE, READ_PAUSE, ...chatAnswer(QUICK)(request)]
    routed.at('first').queue(silence())
    routed.at('first').answer(slow)
    routed.at('second').answer(chatAnswer(QUICK))
    // The first call is answered by its hedge, however long that takes: half of what was spent so far is hedges'.
    for (let calls = 0; calls < 5; calls++) await ask(routed.scenario, { body: chat({ model: 'smart' }) })
    expect(routed.at('second').requests).toHaveLength(1)
    expect(routed.at('first').requests).toHaveLength(5)
  })
})
