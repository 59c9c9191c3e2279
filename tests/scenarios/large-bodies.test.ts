import { describe, expect, test } from 'bun:test'
import { chatAnswer, errorReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, expectError } from './ask.ts'

/** A picture of 900 kB, in base64. */
const PICTURE = `iVBORw0KGgo${'QUJD'.repeat(300_000)}QQ==X`.slice(0, -1)
const PDF = `JVBERi0xLjQK${'QUJD'.repeat(100_000)}`

function chatBody(url = `data:image/png;base64,${PICTURE}`): string {
  return `{ "model" : "mini", "n":1.0, "messages":[{"role":"user","content":[{"type":"text","text":"Gr\\u00f6\\u00dfe?"},{"type":"image_url","image_url":{"url":"${url}"}}]}] }`
}

function messagesBody(): object {
  const source = (media_type: string, data: string) => ({ type: 'base64', media_type, data })
  const content = [
    { type: 'image', source: source('image/png', PICTURE) },
    { type: 'document', source: source('application/pdf', PDF) },
    { type: 'text', text: 'Which?' },
  ]
  return { model: 'mini', max_tokens: 10, messages: [{ role: 'user', content }] }
}

/** A gateway whose provider answers, with sections of a configuration. */
async function start(config: object = {}): Promise<Scenario> {
  const scenario = await startScenario({ config: { ...config } })
  scenario.upstream.answer(chatAnswer({ content: 'A cat.', usage: { inputTokens: 10, outputTokens: 3 } }))
  return scenario
}

describe('a large body with pictures', () => {
  test('goes to a provider of the same wire byte for byte, but for the name of the model', async () => {
    await using scenario = await start()
    const body = chatBody()
    expect((await ask(scenario, { body })).status).toBe(200)
    const [sent] = scenario.upstream.requests
    expect(sent?.body === body.replace('"mini"', '"fake-model"')).toBe(true)
    expect(sent?.header('content-length')).toBe(String(sent?.bodyBytes.length))
    await scenario.expectCall({ outcome: 'ok', sizeInBytes: body.length, costNanoUsd: 50_000 })
  })

  test('goes to one of another wire with each picture in its place', async () => {
    await using scenario = await start()
    const reply = await ask(scenario, { path: '/v1/messages', body: messagesBody() })
    expect(reply.status).toBe(200)
    const sent = JSON.stringify(scenario.upstream.requests[0]?.jsonObject().messages)
    expect([sent.includes(`"data:image/png;base64,${PICTURE}"`), sent.includes(`"data:application/pdf;base64,${PDF}"`)]).toEqual([
      true,
      true,
    ])
    expect(sent).not.toContain('sbElided')
  })

  test('can be sent again, to the next target', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' }, other: { wire: 'openai-chat', baseUrl } },
          models: [
            { name: 'first', provider: 'fake', id: 'one' },
            { name: 'second', provider: 'other', id: 'two' },
          ],
          routes: [{ name: 'mini', targets: [{ model: 'first' }, { model: 'second' }] }],
        },
      }),
    })
    scenario.upstream.queue(errorReply({ status: 500 }))
    scenario.upstream.answer(chatAnswer({ content: 'A cat.' }))
    const body = chatBody()
    expect((await ask(scenario, { body })).status).toBe(200)
    const sent = scenario.upstream.requests.map((request) => request.body)
    expect([sent[0] === body.replace('"mini"', '"one"'), sent[1] === body.replace('"mini"', '"two"')]).toEqual([true, true])
  })

  test('that is no JSON, or has a picture that is none, is refused before anything is sent', async () => {
    await using scenario = await start()
    expectError(await ask(scenario, { body: chatBody().slice(0, -3) }), 400, 'invalid_json')
    const broken = {
      model: 'mini',
      max_tokens: 5,
      messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: `${PICTURE}A` } }] }],
    }
    expect((await ask(scenario, { path: '/v1/messages', body: broken })).status).toBe(400)
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('is kept, looked at by guards and cached whole', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'mini', provider: 'fake', id: 'fake-model', cache: { ttl: '10m' } }],
        },
        bodies: { store: 'full', maxSize: '8MB' },
        guards: { pii: { action: 'redact' } },
        access: { teams: { support: { guards: ['pii'] } } },
      }),
    })
    scenario.upstream.answer(chatAnswer({ content: 'A cat.' }))
    const body = chatBody().replace('Gr\\u00f6\\u00dfe', 'ada.lovelace@example.com')
    const first = await ask(scenario, { body })
    expect([first.status, (await ask(scenario, { body })).headers.get('x-signalbox-cache')]).toEqual([200, 'hit'])
    const other = await ask(scenario, { body: body.replace(PICTURE, PICTURE.replace('QUJD', 'QUJE')) })
    expect(other.headers.get('x-signalbox-cache')).toBe('miss')
    const sent = scenario.upstream.requests[0]?.body ?? ''
    expect([sent.includes(PICTURE), sent.includes('ada.lovelace'), scenario.upstream.requests.length]).toEqual([true, false, 2])
    const receipt = await scenario.control<{ bodies: { request: string } }>('GET', `/api/v1/receipts/${first.callId}`)
    const kept = await scenario.control<{ text: string }>('GET', `/api/v1/bodies/${receipt.body.bodies.request}`)
    expect(kept.body.text.includes(PICTURE)).toBe(true)
  })

  test('continues as a kept response with its picture', async () => {
    await using scenario = await start()
    const input = [{ role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${PICTURE}` }] }]
    const first = await ask(scenario, { path: '/v1/responses', body: { model: 'mini', input } })
    await ask(scenario, { path: '/v1/responses', body: { model: 'mini', input: 'And?', previous_response_id: first.json.id } })
    expect(scenario.upstream.requests[1]?.body.includes(PICTURE)).toBe(true)
  })
})
