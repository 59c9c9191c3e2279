import { describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import type { CallEnded } from '../../../src/core/events.ts'
import { chatAnswer, errorReply, gate, streamReply, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'

const responsesOf = ({ dataUrl, key }: Pick<Scenario, 'dataUrl' | 'key'>) =>
  new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 }).responses

const USAGE = { inputTokens: 10, outputTokens: 3 }

function failureOf(pending: PromiseLike<unknown>): PromiseLike<unknown> {
  return pending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

async function ended(scenario: Scenario, id: string) {
  for (;;) {
    const response = await responsesOf(scenario).retrieve(id)
    if (response.status !== 'queued' && response.status !== 'in_progress') return response
    await Bun.sleep(5)
  }
}

/** The calls that asked a provider, once one has ended: that is written behind what its reader sees. */
async function servedCalls(scenario: Scenario): Promise<readonly CallEnded[]> {
  for (;;) {
    const calls = (await scenario.events()).flatMap((event) => (event.type === 'call.ended' && event.attempts > 0 ? [event] : []))
    if (calls.length > 0) return calls
    await Bun.sleep(5)
  }
}

/** A provider that answers when the door opens. */
function slowAnswer(content: string, usage = USAGE) {
  const door = gate()
  const answer = wholeReply({
    body: {
      ...{ id: 'c1', object: 'chat.completion', created: 1, model: 'm' },
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: usage.inputTokens,
        completion_tokens: usage.outputTokens,
        total_tokens: usage.inputTokens + usage.outputTokens,
      },
    },
  })
  return { door, answer: (request: Parameters<typeof answer>[0]) => [door.step, ...answer(request)] }
}

describe('a response in the background, whatever its provider can', () => {
  test('is queued, polled while it is worked on, and completed, as one call that is priced when it ends', async () => {
    await using scenario = await startScenario()
    const { door, answer } = slowAnswer('Ada.')
    scenario.upstream.answer(answer)
    const responses = responsesOf(scenario)
    const made = await responses.create({ model: 'mini', input: 'Who?', background: true })
    expect(made).toMatchObject({ object: 'response', status: 'queued', background: true, output: [], usage: null })
    expect(await responses.retrieve(made.id)).toMatchObject({ id: made.id, status: 'in_progress' })
    expect(await failureOf(responses.create({ model: 'mini', input: 'And?', previous_response_id: made.id }))).toMatchObject({
      status: 400,
      param: 'previous_response_id',
    })
    door.open()
    const done = await ended(scenario, made.id)
    expect(done).toMatchObject({ id: made.id, status: 'completed', background: true, usage: { input_tokens: 10, output_tokens: 3 } })
    expect(done.output_text).toBe('Ada.')
    expect(await servedCalls(scenario)).toMatchObject([{ outcome: 'ok', costNanoUsd: 50_000, attempts: 1 }])
    expect(scenario.upstream.requests[0]?.jsonObject()).not.toHaveProperty('background')
    scenario.upstream.answer(chatAnswer({ content: 'In 1843.' }))
    const next = await responses.create({ model: 'mini', input: 'When?', previous_response_id: made.id })
    expect(next.output_text).toBe('In 1843.')
  })

  test('is cancelled by whoever made it, and by nobody else', async () => {
    await using scenario = await startScenario()
    const { answer } = slowAnswer('never')
    scenario.upstream.answer(answer)
    const responses = responsesOf(scenario)
    const { id } = await responses.create({ model: 'mini', input: 'Who?', background: true })
    const other = responsesOf({ dataUrl: scenario.dataUrl, key: (await scenario.newKey()).key })
    expect(await failureOf(other.cancel(id))).toMatchObject({ status: 404 })
    expect(await failureOf(other.retrieve(id))).toMatchObject({ status: 404 })
    expect(await responses.cancel(id)).toMatchObject({ id, status: 'cancelled' })
    await scenario.upstream.requests[0]?.whenLeft
    expect(await ended(scenario, id)).toMatchObject({ status: 'cancelled', error: null })
    expect(await failureOf(responses.cancel(id))).toMatchObject({ status: 400 })
  })

  test('that fails says so, and is no success', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(errorReply({ status: 400, message: 'No.' }))
    const { id } = await responsesOf(scenario).create({ model: 'mini', input: 'Who?', background: true })
    expect(await ended(scenario, id)).toMatchObject({ status: 'failed', error: { code: 'provider_rejected' }, output: [] })
  })

  test('is refused at once where a rule refuses it, and where it may not be kept', async () => {
    await using scenario = await startScenario({
      config: { access: { teams: { support: { budgets: [{ usd: '0.000000001', per: 'total', mode: 'strict' }] } } } },
    })
    const responses = responsesOf(scenario)
    expect(await failureOf(responses.create({ model: 'mini', input: 'Who?', background: true }))).toMatchObject({ status: 402 })
    expect(await failureOf(responses.create({ model: 'mini', input: 'Who?', background: true, store: false }))).toMatchObject({
      status: 400,
      param: 'background',
    })
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('streams, goes on when its reader leaves, and is read on from where that was', async () => {
    await using scenario = await startScenario()
    const door = gate()
    const frames = ['A', 'da', '.'].map((content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`)
    const end = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`
    scenario.upstream.answer(streamReply({ frames: [...frames, end], before: { 1: door.step } }))
    const responses = responsesOf(scenario)
    const stream = await responses.create({ model: 'mini', input: 'Who?', background: true, stream: true })
    let last = -1
    let id = ''
    for await (const event of stream) {
      last = event.sequence_number
      if (event.type === 'response.created') id = event.response.id
      if (event.type === 'response.output_text.delta') break
    }
    door.open()
    const rest = await responses.retrieve(id, { stream: true, starting_after: last })
    const numbers: number[] = []
    let text = ''
    for await (const event of rest) {
      numbers.push(event.sequence_number)
      if (event.type === 'response.output_text.done') text = event.text
      if (event.type === 'response.completed') expect(event.response).toMatchObject({ id, background: true, status: 'completed' })
    }
    expect(text).toBe('Ada.')
    expect(numbers).toEqual(numbers.map((_number, index) => last + 1 + index))
    expect((await ended(scenario, id)).output_text).toBe('Ada.')
  })

  test('on the same wire is asked for by the gateway, under an id of its own', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { fake: { wire: 'openai-responses', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'mini', provider: 'fake', id: 'fake-model', price: { inputPerMillion: 2, outputPerMillion: 10 } }],
        },
      }),
    })
    scenario.upstream.answer(wholeReply({ body: SAME_WIRE }))
    const responses = responsesOf(scenario)
    const { id } = await responses.create({ model: 'mini', input: 'Who?', background: true })
    expect(id).not.toBe('resp_theirs')
    expect(await ended(scenario, id)).toMatchObject({ id, status: 'completed', background: true })
    expect(scenario.upstream.requests[0]?.jsonObject()).toMatchObject({ background: false })
    scenario.upstream.answer(wholeReply({ body: { id: 'resp_theirs', object: 'response', deleted: true } }))
    await responses.delete(id)
    expect(scenario.upstream.requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/responses/resp_theirs' })
    expect(await failureOf(responses.retrieve(id))).toMatchObject({ status: 404 })
  })
})

const SAME_WIRE = {
  ...{ id: 'resp_theirs', object: 'response', created_at: 1, status: 'completed', model: 'fake-model', background: false },
  output: [
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Ada.', annotations: [] }],
    },
  ],
  usage: { input_tokens: 10, output_tokens: 3, total_tokens: 13 },
}
