import { expect, test } from 'bun:test'
import { chatAnswer, errorReply, gate } from '../../src/testing/fake-upstream.ts'
import { ask, chat } from './ask.ts'
import { startRouted } from './routed.ts'

const SHADOW = { targets: [{ model: 'first' }], shadow: { model: 'second', share: '100%', account: 'lab' } }

test.each([false, true])(
  'a shadow gets a copy, its answer is dropped, and its cost goes to another account (stream: %p)',
  async (stream) => {
    await using routed = await startRouted({ route: SHADOW })
    const { scenario } = routed
    const door = gate()
    routed
      .at('second')
      .answer((request) => [door.step, ...chatAnswer({ content: 'Copy.', usage: { inputTokens: 100, outputTokens: 30 } })(request)])
    const reply = await ask(scenario, { body: chat({ model: 'smart', stream }) })
    expect(reply.text).toContain('Hello there.')
    expect(reply.text).not.toContain('Copy.')
    door.open()
    const copy = await routed.at('second').received(1)
    expect(copy.jsonObject()).toMatchObject({ model: 'second-id', messages: chat().messages })
    const events = await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'call.started' },
      { type: 'call.ended' },
      { type: 'call.ended' },
    ])
    const ended = events.flatMap((event) => (event.type === 'call.ended' ? [event] : []))
    expect(ended.find(({ action }) => action === 'models.call')).toMatchObject({
      outcome: 'ok',
      subject: 'smart',
      costNanoUsd: 50_000,
      attempts: 1,
    })
    expect(ended.find(({ action }) => action === 'models.shadow')).toMatchObject({
      ...{ outcome: 'ok', parentId: reply.callId, subject: 'second', provider: 'second', costNanoUsd: 500_000 },
      principal: { team: 'lab', labels: { shadow: 'smart' } },
    })
  },
)

test('a shadow that fails is nobody else’s failure', async () => {
  await using routed = await startRouted({ route: SHADOW })
  routed.at('second').answer(errorReply({ status: 500 }))
  expect((await ask(routed.scenario, { body: chat({ model: 'smart' }) })).status).toBe(200)
  const events = await routed.scenario.expectEvents([
    { type: 'call.started' },
    { type: 'call.started' },
    { type: 'call.ended' },
    { type: 'call.ended' },
  ])
  const outcomes = events.flatMap((event) => (event.type === 'call.ended' ? [`${event.action} ${event.outcome}`] : []))
  expect(outcomes.toSorted()).toEqual(['models.call ok', 'models.shadow broken'])
})
