import { describe, expect, test } from 'bun:test'
import { gate, wholeReply } from '../../src/testing/fake-upstream.ts'
import { openRawClient } from '../../src/testing/raw-client.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, expectError, send } from './ask.ts'

const PATH = '/passthrough/fake/audio/transcriptions'
const AUDIO = { 'content-type': 'audio/wav' }

function passing(limits: object = {}) {
  return (baseUrl: string) => ({
    models: {
      providers: {
        fake: {
          wire: 'openai-chat',
          baseUrl,
          apiKey: 'env:FAKE_PROVIDER_KEY',
          passthrough: { paths: ['POST /audio/transcriptions'], usdPerCall: 0 },
        },
      },
    },
    access: { teams: { support: {} } },
    limits,
  })
}

async function startPassing(limits: object = {}): Promise<Scenario> {
  const scenario = await startScenario({ config: passing(limits) })
  scenario.upstream.answer(wholeReply({ body: {} }))
  return scenario
}

/** A body in pieces of a size, without a declared length; the last comes when the door opens. */
function pieces(count: number, sizeBytes: number, door?: Promise<void>): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream(
    {
      pull: async (controller) => {
        if (sent === count - 1) await door
        if (sent++ === count) controller.close()
        else controller.enqueue(new Uint8Array(sizeBytes).fill(sent))
      },
    },
    { highWaterMark: 0 },
  )
}

describe('a body that is not JSON', () => {
  test('goes on as it comes, with its declared length, or in chunks where it has none', async () => {
    await using scenario = await startPassing()
    const body = new Uint8Array(300_000).fill(7)
    expect((await ask(scenario, { path: PATH, body, headers: AUDIO })).status).toBe(200)
    expect((await ask(scenario, { path: PATH, body: pieces(3, 100_000), headers: AUDIO })).status).toBe(200)
    const [declared, chunked] = scenario.upstream.requests
    expect([declared?.header('content-length'), declared?.bodyBytes.length]).toEqual(['300000', 300_000])
    expect([chunked?.header('transfer-encoding'), chunked?.bodyBytes.length]).toEqual(['chunked', 300_000])
    expect([...new Set(chunked?.bodyBytes)]).toEqual([1, 2, 3])
    const ended = { type: 'call.ended', outcome: 'ok', sizeInBytes: 300_000 } as const
    await scenario.expectEvents([{ type: 'call.started' }, ended, { type: 'call.started' }, ended])
  })

  test('past the limit ends the call, also where its length was not declared', async () => {
    await using scenario = await startPassing({ otherBody: '100kB' })
    expectError(await ask(scenario, { path: PATH, body: new Uint8Array(150_000), headers: AUDIO }), 413, 'request_too_large')
    expect(scenario.upstream.requests).toHaveLength(0)
    expectError(await ask(scenario, { path: PATH, body: pieces(3, 50_000), headers: AUDIO }), 413, 'request_too_large')
    await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'call.ended', outcome: 'refused', errorCode: 'request_too_large' },
      { type: 'call.started' },
      { type: 'call.ended', outcome: 'refused', errorCode: 'request_too_large' },
    ])
  })

  test('that does not come to its end in time is the caller’s fault, not the provider’s', async () => {
    await using scenario = await startPassing({ bodyDeadline: '1s' })
    const door = Promise.withResolvers<void>()
    const reply = await ask(scenario, { path: PATH, body: pieces(3, 1000, door.promise), headers: AUDIO })
    expectError(reply, 408, 'request_timeout')
    door.resolve()
    await scenario.expectCall({ outcome: 'refused', errorCode: 'request_timeout', attempts: 1 })
  })

  test('is left where its caller leaves', async () => {
    await using scenario = await startPassing()
    const client = await openRawClient(scenario.dataPort)
    await client.send(
      `POST ${PATH} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${scenario.key}\r\ncontent-type: audio/wav\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(50_000)}`,
    )
    for (let live = 0; live === 0; ) {
      const { body } = await scenario.control<{ calls: readonly unknown[] }>('GET', '/api/v1/calls/live')
      live = body.calls.length
    }
    client[Symbol.dispose]()
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed' })
  })

  test('is answered before it has come whole, where the provider does so', async () => {
    await using scenario = await startPassing()
    const door = gate()
    scenario.upstream.answer((request) => [door.step, ...wholeReply({ status: 400, body: { error: { message: 'Not so.' } } })(request)])
    door.open()
    const response = await send(scenario, { path: PATH, body: pieces(2, 1000), headers: AUDIO })
    expect(response.status).toBe(400)
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_rejected', providerStatus: 400 })
  })
})
