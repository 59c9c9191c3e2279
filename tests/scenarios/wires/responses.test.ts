import { describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { chatAnswer } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'

const responsesOf = ({ dataUrl, key }: Pick<Scenario, 'dataUrl' | 'key'>) =>
  new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 }).responses

function failureOf(pending: PromiseLike<unknown>): PromiseLike<unknown> {
  return pending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

describe('a response, though the provider keeps none', () => {
  test.each([false, true])('is continued, fetched, and deleted by whoever made it, streamed: %p', async (isStream) => {
    await using scenario = await startScenario()
    const responses = responsesOf(scenario)
    scenario.upstream.answer(chatAnswer({ content: 'Ada.', usage: { inputTokens: 10, outputTokens: 3 } }))
    const asked = { model: 'mini', instructions: 'Be brief.', input: 'Who wrote the first program?' }
    const first = isStream ? await responses.stream(asked).finalResponse() : await responses.create(asked)
    expect(first.output_text).toBe('Ada.')
    await scenario.expectCall({ outcome: 'ok', isStream })

    const second = await responses.create({ model: 'mini', input: 'When?', previous_response_id: first.id })
    await scenario.expectCall({ outcome: 'ok' })
    expect(scenario.upstream.requests.at(-1)?.jsonObject().messages).toMatchObject([
      { role: 'user', content: 'Who wrote the first program?' },
      { role: 'assistant', content: 'Ada.' },
      { role: 'user', content: 'When?' },
    ])

    expect(await responses.retrieve(second.id)).toMatchObject({ id: second.id, object: 'response', status: 'completed' })
    expect((await responses.inputItems.list(first.id)).data).toMatchObject([{ type: 'message', role: 'user' }])
    await responses.delete(first.id)
    expect(await failureOf(responses.retrieve(first.id))).toMatchObject({ status: 404 })
  })

  test('of somebody else is not there', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatAnswer({ content: 'Ada.' }))
    const { id } = await responsesOf(scenario).create({ model: 'mini', input: 'Who?' })
    const other = responsesOf({ ...scenario, dataUrl: scenario.dataUrl, key: (await scenario.newKey()).key })
    expect(await failureOf(other.retrieve(id))).toMatchObject({ status: 404, code: 'not_found' })
    expect(await failureOf(other.delete(id))).toMatchObject({ status: 404 })
    expect(await failureOf(other.create({ model: 'mini', input: 'And?', previous_response_id: id }))).toMatchObject({
      status: 400,
      param: 'previous_response_id',
    })
    expect(scenario.upstream.requests).toHaveLength(1)
    expect(await responsesOf(scenario).retrieve(id)).toMatchObject({ id })
  })

  test('that the caller does not want kept is not kept', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatAnswer({ content: 'Ada.' }))
    const responses = responsesOf(scenario)
    const { id } = await responses.create({ model: 'mini', input: 'Who?', store: false })
    expect(await failureOf(responses.retrieve(id))).toMatchObject({ status: 404 })
  })
})
