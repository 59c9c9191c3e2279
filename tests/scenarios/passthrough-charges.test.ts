import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { gate, streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, endedCall, expectError } from './ask.ts'

const AT_MOST = { usdAtMost: '0.5' }
const CHARGES: Readonly<Record<string, JsonObject>> = {
  'POST /images/generations': { wire: 'openai-responses', ...AT_MOST },
  'POST /audio/transcriptions': { wire: 'openai-responses', ...AT_MOST },
  'POST /messages': { wire: 'anthropic-messages', id: 'painter', ...AT_MOST },
  'POST /moderations': { usdPerCall: 0 },
  'POST /ocr': { count: '/usage_info/pages_processed', usdEach: '0.001', ...AT_MOST },
  'POST /rerank': { count: '/meta/billed_units/search_units', usdEach: '0.002', ...AT_MOST },
}

interface Settings {
  readonly budgets?: readonly JsonObject[]
}

/** A provider some of whose paths are charged by what their answers say. */
function start({ budgets }: Settings = {}): Promise<Scenario> {
  const price = { inputPerMillion: 5, imageInputPerMillion: 10, audioInputPerMillion: 6, outputPerMillion: 40 }
  return startScenario({
    config: (baseUrl) => ({
      models: {
        providers: {
          fake: {
            wire: 'openai-chat',
            baseUrl,
            apiKey: 'env:FAKE_PROVIDER_KEY',
            passthrough: { paths: Object.keys(CHARGES), charges: CHARGES },
          },
        },
        models: [{ name: 'images', provider: 'fake', id: 'painter', price }],
      },
      access: { teams: { support: budgets === undefined ? {} : { budgets } } },
    }),
  })
}

const BUDGETS = [{ usd: 1, per: 'total' }]
const post = (scenario: Scenario, path: string, body: object | string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  ask(scenario, { path: `/passthrough/fake${path}`, body, headers })

const IMAGE_USAGE = {
  ...{ total_tokens: 1300, input_tokens: 300, output_tokens: 1000 },
  input_tokens_details: { image_tokens: 100, text_tokens: 200 },
}
/** 200 · 5 + 100 · 10 + 1000 · 40 dollars a million. */
const IMAGE_NANO_USD = 42_000_000
const PICTURE = 'iVBOR"\\/'.repeat(20_000)

describe('an answer that tells tokens', () => {
  test('is held at the most that it may cost, and charged at the price of the model that the request names', async () => {
    await using scenario = await start({ budgets: BUDGETS })
    const body = JSON.stringify({ created: 1, data: [{ b64_json: PICTURE }], usage: IMAGE_USAGE })
    scenario.upstream.answer(wholeReply({ body }))
    const reply = await post(scenario, '/images/generations', { model: 'painter', prompt: 'a cat' })
    expect([reply.status, reply.text === body]).toEqual([200, true])
    const ended = await scenario.expectCall({
      ...{ outcome: 'ok', action: 'models.passthrough', target: 'POST /images/generations', costNanoUsd: IMAGE_NANO_USD },
      ...{ priceVersion: 'configuration', isEstimate: undefined, isUnpriced: undefined, sizeOutBytes: Buffer.byteLength(body) },
    })
    expect(ended.usage).toMatchObject({ inputTokens: 300, imageInputTokens: 100, outputTokens: 1000, raw: IMAGE_USAGE })
    expect(ended.bookings).toMatchObject([{ state: 'settled', nanoUsd: IMAGE_NANO_USD, tokens: 1300 }])
    const receipt = await scenario.control('GET', `/api/v1/receipts/${reply.callId}`)
    expect(JSON.stringify(receipt.body)).toContain('"imageInput"')
    expect((await scenario.control('GET', '/api/v1/spend?by=team')).body).toMatchObject([
      { team: 'support', costNanoUsd: String(IMAGE_NANO_USD) },
    ])
  })

  test('is held before it is sent, so that a third at once is refused', async () => {
    await using scenario = await start({ budgets: BUDGETS })
    const frames = ['event: image_generation.completed\n', `data: ${JSON.stringify({ b64_json: PICTURE, usage: IMAGE_USAGE })}\n\n`]
    const door = gate()
    scenario.upstream.answer(streamReply({ frames, before: { 1: door.step } }))
    const asked = [1, 2].map(() => post(scenario, '/images/generations', { model: 'painter', stream: true }))
    await scenario.upstream.received(2)
    expectError(await post(scenario, '/images/generations', { model: 'painter', stream: true }), 402, 'budget_exceeded')
    door.open()
    for (const { callId } of await Promise.all(asked)) {
      expect(await endedCall(scenario, callId)).toMatchObject({ outcome: 'ok', costNanoUsd: IMAGE_NANO_USD })
    }
    expect(scenario.upstream.requests).toHaveLength(2)
  })

  test('may be one to a form, which names its model in a field', async () => {
    await using scenario = await start({ budgets: BUDGETS })
    const usage = {
      type: 'tokens',
      input_tokens: 14,
      input_token_details: { text_tokens: 4, audio_tokens: 10 },
      output_tokens: 45,
      total_tokens: 59,
    }
    scenario.upstream.answer(wholeReply({ body: { text: 'Hello', usage } }))
    const part = (head: string, value: string) => `--xyz\r\ncontent-disposition: form-data; ${head}\r\n\r\n${value}\r\n`
    const form = `${part('name="file"; filename="a.mp3"', '\u0000'.repeat(100_000))}${part('name="model"', 'painter')}--xyz--\r\n`
    const headers = { 'content-type': 'multipart/form-data; boundary=xyz' }
    expect((await post(scenario, '/audio/transcriptions', form, headers)).status).toBe(200)
    expect(scenario.upstream.requests[0]?.body).toBe(form)
    // 4 · 5 + 10 · 6 + 45 · 40
    await scenario.expectCall({ outcome: 'ok', costNanoUsd: 1_880_000, isEstimate: undefined })
    const twice = form.replace('--xyz--', `${part('name="model"', 'painter').slice(0, -2)}\r\n--xyz--`)
    expect((await post(scenario, '/audio/transcriptions', twice, headers)).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok', costNanoUsd: 500_000_000, isEstimate: true })
  })

  test('may tell them bit by bit', async () => {
    await using scenario = await start({ budgets: BUDGETS })
    const frames = [
      { type: 'message_start', message: { usage: { input_tokens: 10, cache_read_input_tokens: 20, output_tokens: 1 } } },
      { type: 'message_delta', usage: { output_tokens: 7 } },
    ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    scenario.upstream.answer(streamReply({ frames }))
    expect((await post(scenario, '/messages', { max_tokens: 5 })).status).toBe(200)
    const ended = await scenario.expectCall({ outcome: 'ok', costNanoUsd: 30 * 5000 + 7 * 40_000 })
    expect(ended.usage).toMatchObject({ inputTokens: 30, cachedInputTokens: 20, outputTokens: 7 })
    scenario.upstream.answer(streamReply({ frames: frames.slice(0, 1) }))
    await post(scenario, '/messages', { max_tokens: 5 })
    await scenario.expectCall({ outcome: 'ok', costNanoUsd: 500_000_000, isEstimate: true })
  })
})

describe('an answer that tells a number', () => {
  test.each([
    ['/ocr', { pages: [], usage_info: { pages_processed: 12, doc_size_bytes: null } }, 12_000_000],
    ['/rerank', { results: [], meta: { billed_units: { search_units: 2 } } }, 4_000_000],
    ['/rerank', { results: [], meta: { billed_units: { search_units: 1.5 } } }, 4_000_000],
    ['/rerank', { results: [], meta: { billed_units: { search_units: 0 } } }, 0],
  ] as const)('of %s is charged for each', async (path, body, costNanoUsd) => {
    await using scenario = await start({ budgets: BUDGETS })
    scenario.upstream.answer(wholeReply({ body }))
    expect((await post(scenario, path, {})).status).toBe(200)
    const ended = await scenario.expectCall({ outcome: 'ok', costNanoUsd, isEstimate: undefined, isUnpriced: undefined })
    expect(ended.bookings).toMatchObject([{ state: 'settled', nanoUsd: costNanoUsd, tokens: 0 }])
    if (costNanoUsd > 0) expect(ended.pricing).toMatchObject([{ kind: 'unit' }])
  })
})

describe('an answer that tells none', () => {
  const untold = [
    ['because it has none', wholeReply({ body: { text: 'Hello' } })],
    ['because it is text', wholeReply({ body: 'Hello', headers: { 'content-type': 'text/plain' } })],
    ['because it is no number', wholeReply({ body: { usage_info: { pages_processed: '12' } } })],
    ['because it is negative', wholeReply({ body: { usage_info: { pages_processed: -1 } } })],
    ['because nobody could use as much', wholeReply({ body: { usage_info: { pages_processed: 1e12 } } })],
    [
      'because it was cut',
      streamReply({ frames: ['data: {"usage_info":{"pages_processed":3}}\n\n', 'x'], cut: { afterFrames: 1, by: 'reset' } }),
    ],
  ] as const

  test.each(untold)('%s is charged the most under a budget, and marked', async (_what, answer) => {
    await using scenario = await start({ budgets: BUDGETS })
    scenario.upstream.answer(answer)
    await post(scenario, '/ocr', {})
    await scenario.expectCall({ costNanoUsd: 500_000_000, isEstimate: true, isUnpriced: undefined })
  })

  test.each(untold)('%s is unpriced without a budget, and not free', async (_what, answer) => {
    await using scenario = await start()
    scenario.upstream.answer(answer)
    await post(scenario, '/ocr', {})
    await scenario.expectCall({ costNanoUsd: undefined, isUnpriced: true })
  })
})

describe('a call whose price is not known', () => {
  test.each([
    ['because its model has none', { model: 'dearer' }],
    ['because it names no model', { prompt: 'a cat' }],
    ['because its model is no name', { model: ['painter'] }],
  ])('%s is refused under a budget, and unpriced without', async (_what, body) => {
    await using scenario = await start({ budgets: BUDGETS })
    scenario.upstream.answer(wholeReply({ body: { usage: IMAGE_USAGE } }))
    expectError(await post(scenario, '/images/generations', body), 403, 'model_unpriced')
    expect(scenario.upstream.requests).toHaveLength(0)
    await using open = await start()
    open.upstream.answer(wholeReply({ body: { usage: IMAGE_USAGE } }))
    expect((await post(open, '/images/generations', body)).status).toBe(200)
    await open.expectCall({ outcome: 'ok', costNanoUsd: undefined, isUnpriced: true })
  })

  test('because its body may name another than it seems is not sent, or has no price', async () => {
    await using scenario = await start({ budgets: BUDGETS })
    const twice = '{"model":"dearer","model":"painter"}'
    expectError(await post(scenario, '/images/generations', twice), 400, 'duplicate_key')
    expectError(await post(scenario, '/messages', '{"model":"dearer"}', { 'content-type': 'text/plain' }), 403, 'model_unpriced')
    expect(scenario.upstream.requests).toHaveLength(0)
  })
})

test('a path that costs nothing is for those too whose budget has no room for another', async () => {
  await using scenario = await start({ budgets: [{ usd: '0.01', per: 'total', mode: 'strict' }] })
  scenario.upstream.answer(wholeReply({ body: { results: [] } }))
  expectError(await post(scenario, '/ocr', {}), 402, 'budget_exceeded')
  const reply = await post(scenario, '/moderations', { input: 'x' })
  expect([reply.status, reply.headers.get('x-signalbox-cost-usd')]).toEqual([200, '0'])
})

test.each([
  [{ 'POST /ocr': {} }, 'needs one of usdPerCall, wire and count'],
  [{ 'POST /ocr': { wire: 'gemini' } }, 'needs usdAtMost beside wire'],
  [{ 'POST /ocr': { count: '/pages', usdAtMost: 1 } }, 'needs usdEach beside count'],
  [{ 'POST /ocr': { count: '/pages', usdEach: 1, usdAtMost: 0 } }, 'would be free'],
  [{ 'POST /ocr': { usdPerCall: 1, usdAtMost: 1 } }, 'has no meaning beside usdPerCall'],
  [{ 'POST /ocr': { usdPerCall: 1, wire: 'gemini', usdAtMost: 1 } }, 'needs one of'],
  [{ 'POST /ocr': { count: 'pages', usdEach: 1, usdAtMost: 1 } }, 'is no place in an answer'],
  [{ 'POST /ocd': { usdPerCall: 1 } }, 'did you mean "POST /ocr"'],
])('charges that say %j are refused before the gateway starts', async (charges, says) => {
  const config = (baseUrl: string) => ({
    models: { providers: { fake: { wire: 'openai-chat', baseUrl, passthrough: { paths: ['POST /ocr'], charges } } } },
  })
  await expect(startScenario({ config })).rejects.toThrow(says)
})
