import { expect, test } from 'bun:test'
import type { CallEnded } from '../../src/core/events.ts'
import { chatAnswer } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, endedCall } from './ask.ts'

const call = (name: string, index: number) => ({ id: `call_${index}`, name, arguments: `{"name":"tool_calls"}` })

test.each([false, true])('a model call says which tools the model asked for, each once; streamed: %p', async (stream) => {
  await using scenario = await startScenario()
  scenario.upstream.answer(chatAnswer({ toolCalls: ['files__read', 'search', 'files__read'].map(call) }))
  const headers = { 'x-signalbox-prompt': 'plan@2' }
  const { callId } = await ask(scenario, { headers, body: chat({ stream }) })
  const ended = await scenario.expectCall({ outcome: 'ok', toolCalls: ['files__read', 'search'], prompt: { name: 'plan', version: '2' } })
  const receipt = await scenario.control<{ readonly toolCalls: readonly string[] }>('GET', `/api/v1/receipts/${callId}`)
  expect(receipt.body.toolCalls).toEqual([...(ended.toolCalls ?? [])])
})

test('names no more tools than the log has room for', async () => {
  await using scenario = await startScenario()
  const names = Array.from({ length: 40 }, (_, index) => `tool${index}`)
  scenario.upstream.answer(chatAnswer({ toolCalls: names.map(call) }))
  await ask(scenario, { body: chat({ stream: true }) })
  const { toolCalls }: CallEnded = await scenario.expectCall({ outcome: 'ok' })
  expect(toolCalls).toEqual(names.slice(0, 32))
})

test('a reply without tools says nothing of them', async () => {
  await using scenario = await startScenario()
  scenario.upstream.answer(chatAnswer({ content: 'I call "tool_calls" by "name".' }))
  await ask(scenario, { body: chat({ stream: true }) })
  await scenario.expectCall({ outcome: 'ok', toolCalls: undefined })
})

test.each([false, true])(
  'an answer from the cache, or one that is shared, says them for the call that it is given to; streamed: %p',
  async (stream) => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'mini', provider: 'fake', id: 'fake-model', cache: {} }],
        },
      }),
    })
    scenario.upstream.answer(chatAnswer({ toolCalls: [call('files__read', 0)] }))
    const asked = { body: chat({ stream }) }
    const replies = [...(await Promise.all([ask(scenario, asked), ask(scenario, asked)])), await ask(scenario, asked)]
    expect(replies.map(({ headers }) => headers.get('x-signalbox-cache')).sort()).toEqual(['hit', 'miss', 'shared'])
    for (const { callId } of replies) expect((await endedCall(scenario, callId)).toolCalls).toEqual(['files__read'])
    expect(scenario.upstream.requests).toHaveLength(1)
  },
)
