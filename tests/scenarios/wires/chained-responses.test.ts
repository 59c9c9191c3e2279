import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { type FakeUpstream, fakeUpstream, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { type Frame, PROVIDERS, type Provider, streamBytes, streamOf } from './lies.ts'

// A conversation that is kept by the gateway goes from provider to provider, whatever wire each of them speaks.

let upstream: FakeUpstream
let scenario: Scenario

beforeEach(async () => {
  upstream = await fakeUpstream((request) => {
    const provider = PROVIDERS.find(({ wire }) => request.path.startsWith(`/${wire}/`))
    if (provider === undefined) throw new Error(`Nothing is at ${request.path}.`)
    const { begin, piece, finish, last, usage, whole } = provider
    const isStream = /stream/.test(request.path) || request.jsonObject().stream === true
    const bytes = streamBytes(provider, [...begin, ...partOf(provider), piece, ...finish, ...last(usage)])
    // A response has an id of its own.
    const own = (text: string) => text.replaceAll('resp_1', `resp_${upstream.requests.length}`)
    const answer = isStream
      ? streamOf(provider, provider.wire === 'openai-responses' ? Buffer.from(own(Buffer.from(bytes).toString())) : bytes)
      : wholeReply({ body: own(JSON.stringify(whole(usage))) })
    return answer(request)
  })
  scenario = await startScenario({
    baseUrl: upstream.baseUrl,
    config: {
      models: {
        providers: Object.fromEntries(
          PROVIDERS.map(({ wire, path }) => [
            wire,
            { wire, baseUrl: `${upstream.origin}/${wire}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' },
          ]),
        ),
        models: PROVIDERS.map(({ wire, id }) => ({
          ...{ name: wire, provider: wire, id },
          price: { inputPerMillion: 2, outputPerMillion: 10 },
        })),
      },
    },
  })
})

afterEach(async () => {
  await scenario.close()
  await upstream.close()
})

const responses = () => new OpenAI({ apiKey: scenario.key, baseURL: `${scenario.dataUrl}/v1`, maxRetries: 0 }).responses

/** What the official client wants to be told before a text of this wire. */
function partOf({ wire }: Provider): readonly Frame[] {
  const part = { type: 'output_text', text: '', annotations: [] }
  const type = 'response.content_part.added'
  return wire === 'openai-responses' ? [{ event: type, data: { type, output_index: 0, content_index: 0, item_id: 'msg_1', part } }] : []
}

/** All texts of a body, in order. */
function textsIn(body: string): readonly string[] {
  return [...body.matchAll(/(Turn \d|Grüezi)/g)].map(([text]) => text)
}

describe.each([false, true])('streamed: %p', (isStream) => {
  const create = (body: { model: string; input: string; previous_response_id?: string; store?: boolean }) =>
    isStream ? responses().stream(body).finalResponse() : responses().create(body)

  test('each turn goes to a provider of another wire, with all that was said', async () => {
    let previous: string | undefined
    for (const [turn, { wire }] of [...PROVIDERS, ...PROVIDERS].entries()) {
      const said = await create({
        ...{ model: wire, input: `Turn ${turn}` },
        ...(previous === undefined ? {} : { previous_response_id: previous }),
      })
      expect(said).toMatchObject({ status: 'completed', output_text: 'Grüezi' })
      // A provider of the same wire tells of its own request, which has all that was said and names no turn.
      if (wire !== 'openai-responses') expect(said.previous_response_id).toBe(previous ?? null)
      await scenario.expectCall({ outcome: 'ok', provider: wire, isStream, costNanoUsd: 70_000 })
      const before = Array.from({ length: turn }, (_, index) => [`Turn ${index}`, 'Grüezi']).flat()
      expect(textsIn(upstream.requests.at(-1)?.body ?? '')).toEqual([...before, `Turn ${turn}`])
      previous = said.id
    }
  })

  test('a turn that is not to be kept is told, and cannot be continued', async () => {
    const first = await create({ model: 'openai-chat', input: 'Turn 0' })
    const second = await create({ model: 'gemini', input: 'Turn 1', previous_response_id: first.id })
    const unkept = await create({ model: 'converse', input: 'Turn 2', previous_response_id: second.id, store: false })
    expect(unkept.output_text).toBe('Grüezi')
    const sent = upstream.requests.length
    const failed = await create({ model: 'gemini', input: 'Turn 3', previous_response_id: unkept.id }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(failed).toMatchObject({ status: 400, param: 'previous_response_id' })
    expect(upstream.requests).toHaveLength(sent)
  })
})

test('items of the input are told in pages, in both orders, as the client turns them', async () => {
  const input = Array.from({ length: 5 }, (_, index) => ({ role: 'user' as const, content: `Turn ${index}` }))
  const { id } = await responses().create({ model: 'gemini', input })
  const texts = async (order: 'asc' | 'desc') => {
    const read: string[] = []
    // The client asks for the next page by itself.
    for await (const item of responses().inputItems.list(id, { limit: 2, order })) read.push(...textsIn(JSON.stringify(item)))
    return read
  }
  const inOrder = input.map(({ content }) => content)
  expect(await texts('asc')).toEqual(inOrder)
  expect(await texts('desc')).toEqual(inOrder.toReversed())
})
