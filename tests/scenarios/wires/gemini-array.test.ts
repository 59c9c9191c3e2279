import { expect, test } from 'bun:test'
import { chatStream } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'

function stream(scenario: Scenario, query = ''): Promise<Response> {
  return fetch(`${scenario.dataUrl}/v1beta/models/mini:streamGenerateContent${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': scenario.key },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }] }),
  })
}

interface Chunk {
  readonly candidates?: readonly { readonly content?: { readonly parts?: readonly { readonly text?: string }[] } }[]
}

/** What the tests then look into is what they assert. */
const chunksOf = async (response: Response) => (await response.json()) as readonly Chunk[]

const textOf = (chunk: Chunk | undefined) => chunk?.candidates?.[0]?.content?.parts?.map(({ text }) => text ?? '').join('') ?? ''

test('a stream of Gemini without alt=sse is a JSON array, and with it server-sent events', async () => {
  await using scenario = await startScenario()
  const array = await stream(scenario)
  expect(array.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect((await chunksOf(array)).map(textOf).join('')).toBe('Hello there.')
  const events = await stream(scenario, '?alt=sse')
  expect(events.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(await events.text()).toStartWith('data: {')
})

test('one that breaks is still an array, and its last element says why', async () => {
  await using scenario = await startScenario()
  scenario.upstream.answer(chatStream({ pieces: ['Half', ' of it'], cut: { afterFrames: 2, by: 'end' } }))
  const chunks = await chunksOf(await stream(scenario))
  expect(textOf(chunks[0])).toBe('Half')
  expect(chunks.at(-1)).toMatchObject({ error: { code: 502 } })
  await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_truncated' })
})
