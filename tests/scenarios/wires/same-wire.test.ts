import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { ask, endedCall } from '../ask.ts'
import { type Frame, PROVIDERS, type Provider, streamBytes, streamOf } from './lies.ts'

// On the same wire bytes pass: numbers as they are written, keys in their order, escapes, fields that nobody knows yet. In every wire, both ways.

/** What a JSON library would write in another way, or lose. */
const ODD =
  '"x_new" : {"b":1.0,"a":1e5,"big":12345678901234567890,"small":1E-7,"neg":-0.0,"esc":"\\u00e9\\u2028\\ud83c\\udf89\\/","dup":[ ],"dup":{} ,"nothing":null},'

interface Asked {
  readonly wire: string
  /** Where a whole reply and a stream are asked. */
  readonly paths: readonly [whole: string, stream: string]
  /** The body as text, for the name of a model. The wires that have the model in the path have none in the body. */
  readonly body: (model: string, isStream: boolean) => string
}

const streaming = (isStream: boolean) => (isStream ? '"stream" :true,' : '')
const messages = '"messages":[ {"content":"caf\\u00e9 \\"model\\":\\"mini\\"","role":"user","x_deep":{"n":2.50}} ]'

const ASKED: readonly Asked[] = [
  {
    wire: 'openai-chat',
    paths: ['/v1/chat/completions', '/v1/chat/completions'],
    // Without this the gateway asks for the usage itself: it has to know it.
    body: (model, isStream) =>
      `{ ${ODD} "model" : "${model}",${streaming(isStream)}"stream_options":{"include_usage":true,"x_other":1.0}, ${messages} }\n`,
  },
  {
    wire: 'openai-responses',
    paths: ['/v1/responses', '/v1/responses'],
    body: (model, isStream) => `{ ${ODD} "store":false, "model" : "${model}",${streaming(isStream)} "input":"caf\\u00e9"\t}`,
  },
  {
    wire: 'anthropic-messages',
    paths: ['/v1/messages', '/v1/messages'],
    body: (model, isStream) => `{ "max_tokens":1e2, ${ODD} "model" : "${model}",${streaming(isStream)} ${messages} }`,
  },
  {
    wire: 'gemini',
    paths: ['/v1beta/models/mini:generateContent', '/v1beta/models/mini:streamGenerateContent?alt=sse'],
    body: () => `{ ${ODD} "contents":[ {"parts":[{"text":"caf\\u00e9","x_deep":2.50}], "role":"user"} ] }`,
  },
]

function providerOf(wire: string): Provider {
  const found = PROVIDERS.find((provider) => provider.wire === wire)
  if (found === undefined) throw new Error(`There is no provider of ${wire}.`)
  return found
}

/** A reply with odd things in it, as text. */
function oddly(text: string): string {
  return text.replace('{', `{ ${ODD}\t`).replaceAll('Grüezi', 'Gr\\u00fcezi')
}

describe.each(ASKED.map((asked) => ({ asked, wire: asked.wire })))('$wire on its own wire', ({ asked, wire }) => {
  const provider = providerOf(wire)
  const { begin, piece, finish, last, usage, whole } = provider
  let scenario: Scenario
  beforeAll(async () => {
    scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${provider.path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'mini', provider: 'fake', id: provider.id, price: { inputPerMillion: 2, outputPerMillion: 10 } }],
        },
      }),
    })
  })
  afterAll(() => scenario.close())

  test('passes a request and its whole reply byte for byte', async () => {
    const said = oddly(JSON.stringify(whole(usage)))
    scenario.upstream.answer(wholeReply({ body: said, headers: { 'content-type': 'application/json' } }))
    const reply = await ask(scenario, { path: asked.paths[0], body: asked.body('mini', false) })
    expect(reply.text).toBe(said)
    expect(scenario.upstream.requests.at(-1)?.body).toBe(asked.body(provider.id, false))
    expect(await endedCall(scenario, reply.callId)).toMatchObject({ outcome: 'ok', costNanoUsd: 70_000 })
  })

  test('passes a request and its stream byte for byte', async () => {
    const frames: readonly Frame[] = [...begin, piece, ...finish, ...last(usage)]
    const said = frames.map((frame) => oddly(Buffer.from(streamBytes(provider, [frame])).toString())).join(': a comment\n\n')
    scenario.upstream.answer(streamOf(provider, Buffer.from(said)))
    const reply = await ask(scenario, { path: asked.paths[1], body: asked.body('mini', true) })
    expect(withoutCost(reply.text)).toBe(said)
    // Gemini's clients have no place for it.
    expect(reply.text === said).toBe(wire === 'gemini')
    expect(scenario.upstream.requests.at(-1)?.body).toBe(asked.body(provider.id, true))
    expect(await endedCall(scenario, reply.callId)).toMatchObject({ outcome: 'ok', costNanoUsd: 70_000 })
  })
})

/** What the gateway adds to the last usage of a stream: headers cannot say what it cost. */
function withoutCost(text: string): string {
  return text.replace(',"cost":0.00007', '')
}
