import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Answer, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { ask, type Reply } from '../ask.ts'
import { type Frame, PROVIDERS, type Provider, streamBytes, streamOf } from './lies.ts'

// What providers of every wire say that is not so: told truthfully to callers of their own wire and of another, and no call costs what nobody knows.

const QUESTION = [{ role: 'user', content: 'Hello?' }]
const CALLERS = [
  {
    ...{ caller: 'openai-chat', path: '/v1/chat/completions', body: { messages: QUESTION } },
    ...{ end: 'data: [DONE]\n\n', failed: '"error"' },
  },
  {
    ...{ caller: 'anthropic-messages', path: '/v1/messages', body: { max_tokens: 100, messages: QUESTION } },
    ...{ end: 'event: message_stop\ndata: {"type":"message_stop"}\n\n', failed: 'event: error' },
  },
] as const
type Caller = (typeof CALLERS)[number]

const EXACT = { usage: { inputTokens: 10, outputTokens: 5 }, costNanoUsd: 70_000 }
/** What is charged where the provider did not say, or cannot have meant, what was used. */
const ESTIMATED = { isEstimate: true } as const

function start({ wire, path, id }: Provider): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      models: {
        timeouts: { connect: '3s', firstToken: '3s', idle: '3s', total: '6s' },
        // What one test makes of the provider says nothing of it to the next.
        breaker: { failures: 1000 },
        providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id, price: { inputPerMillion: 2, outputPerMillion: 10 } }],
      },
      access: { teams: { support: { budgets: [{ usd: 5, per: 'total', mode: 'hard' }] } } },
    }),
  })
}

async function askStreamed(scenario: Scenario, { path, body }: Caller, answer: Answer): Promise<Reply> {
  scenario.upstream.answer(answer)
  return ask(scenario, { path, body: { model: 'mini', stream: true, ...body } })
}

async function askWhole(scenario: Scenario, { path, body }: Caller, answer: Answer): Promise<Reply> {
  scenario.upstream.answer(answer)
  return ask(scenario, { path, body: { model: 'mini', ...body } })
}

/** Bytes that are no UTF-8, in the place of the ü. */
function spoiled(bytes: Buffer): Uint8Array {
  const at = bytes.indexOf('ü')
  return at === -1 ? bytes : Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff]), bytes.subarray(at + 2)])
}

const all = PROVIDERS.flatMap((provider) => CALLERS.map((caller) => ({ ...caller, by: caller, provider, wire: provider.wire })))
/** Where the gateway writes the stream itself. */
const across = all.filter(({ caller, wire }) => caller !== wire)

describe.each(all)('a provider of $wire, asked in $caller', ({ provider, by, end, failed }) => {
  const { begin, piece, finish, last, usage, absurd, openCall, bounded, whole } = provider
  const streamed = (frames: readonly Frame[]) => streamOf(provider, streamBytes(provider, frames))
  const answered = [...begin, piece, ...finish]
  let scenario: Scenario
  beforeAll(async () => {
    scenario = await start(provider)
  })
  afterAll(() => scenario.close())

  test('that finishes twice finishes once, and is charged once', async () => {
    const reply = await askStreamed(scenario, by, streamed([...answered, ...finish, ...last(usage), ...last(usage)]))
    expect(reply.text).toContain(end)
    const { bookings } = await scenario.expectCall({ outcome: 'ok', ...EXACT })
    expect(bookings).toMatchObject([{ state: 'settled', nanoUsd: 70_000 }])
  })

  test('whose usage is missing is charged by the estimate', async () => {
    const reply = await askStreamed(scenario, by, streamed([...answered, ...last(undefined)]))
    expect(reply.text).toContain(end)
    await scenario.expectCall({ outcome: 'ok', usage: undefined, ...ESTIMATED })
    expect((await askWhole(scenario, by, wholeReply({ body: whole({}) }))).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok', usage: undefined, ...ESTIMATED })
  })

  test('whose usage is absurd is charged by the estimate', async () => {
    const reply = await askStreamed(scenario, by, streamed([...answered, ...last(absurd)]))
    expect(reply.text).toContain(end)
    await scenario.expectCall({ outcome: 'ok', ...ESTIMATED })
    expect((await askWhole(scenario, by, wholeReply({ body: whole(absurd) }))).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok', ...ESTIMATED })
  })

  test('that writes no UTF-8 is told with the mark for what cannot be read, or as it came', async () => {
    const bytes = streamBytes(provider, [...answered, ...last(usage)], spoiled)
    expect((await askStreamed(scenario, by, streamOf(provider, bytes))).text).toContain('Gr\ufffdezi')
    await scenario.expectCall({ outcome: 'ok', ...EXACT })
    const body = spoiled(Buffer.from(JSON.stringify(whole(usage))))
    expect((await askWhole(scenario, by, wholeReply({ body }))).text).toContain('Gr\ufffdezi')
    await scenario.expectCall({ outcome: 'ok', ...EXACT })
  })

  test('that names another content type is read as JSON, and refused as a stream', async () => {
    const reply = await askWhole(scenario, by, wholeReply({ headers: { 'content-type': 'text/html' }, body: whole(usage) }))
    expect(reply.status).toBe(200)
    await scenario.expectCall({ outcome: 'ok', ...EXACT })
    const bytes = streamBytes(provider, [...answered, ...last(usage)])
    expect((await askStreamed(scenario, by, streamOf(provider, bytes, 'text/plain'))).status).toBe(502)
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_malformed' })
  })

  test('that tells an error in JSON, with status 200, is heard, whole and streamed', async () => {
    const answer = wholeReply({ body: { error: { type: 'overloaded_error', status: 'UNAVAILABLE', message: 'All machines are busy.' } } })
    for (const ask of [askStreamed, askWhole]) {
      const reply = await ask(scenario, by, answer)
      expect(reply.status).toBeGreaterThanOrEqual(500)
      // Converse tells errors by their status alone.
      expect(reply.text.includes('All machines are busy.')).toBe(provider.wire !== 'converse')
      await scenario.expectCall({ outcome: 'broken', errorSource: 'provider' })
    }
  })

  test('that leaves a call of a tool open is broken, and no arguments are made up', async () => {
    const reply = await askStreamed(scenario, by, streamed([...begin, piece, ...openCall, ...finish, ...last(usage)]))
    expect(reply.text).toContain(failed)
    expect(reply.text).not.toContain(end)
    expect(reply.text).not.toContain('"x\\":}')
    const { bookings, errorCode } = await scenario.expectCall({ outcome: 'broken', errorSource: 'provider', toolCalls: ['f'] })
    // What its wire has a last word for said so in it; the other ends without one.
    expect(errorCode).toBe(provider.wire === 'gemini' ? 'provider_truncated' : 'provider_malformed')
    expect(bookings).toMatchObject([{ state: 'settled' }])
  })

  test('that ends a call by the bound of the output is believed: it may stop in the middle', async () => {
    const reply = await askStreamed(scenario, by, streamed([...begin, piece, ...openCall, ...bounded(usage)]))
    expect(reply.text).toContain(end)
    expect(reply.text).not.toContain('"x\\":}')
    await scenario.expectCall({ outcome: 'ok', toolCalls: ['f'], ...EXACT })
  })

  test('that stops before its end is broken, and the failure is told in the words of the caller', async () => {
    const reply = await askStreamed(scenario, by, streamed([...begin, piece, ...openCall]))
    expect(reply.text).toContain(failed)
    expect(reply.text).not.toContain(end)
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_truncated', errorSource: 'provider', ...ESTIMATED })
  })

  test('whose events are out of order is told in an order of its own', async () => {
    const reply = await askStreamed(scenario, by, streamed([piece, ...finish, ...begin, ...last(usage)]))
    expect(reply.text).toContain('Grüezi')
    expect(reply.text).toContain(end)
    await scenario.expectCall({ outcome: 'ok', ...EXACT })
  })
})

describe.each(across)('a provider of $wire, asked in $caller', ({ provider, by, end }) => {
  test('that goes on behind its end adds nothing to what was told', async () => {
    await using scenario = await start(provider)
    const { begin, piece, finish, last, usage } = provider
    const answered = [...begin, piece, ...finish, ...last(usage)]
    const reply = await askStreamed(scenario, by, streamOf(provider, streamBytes(provider, [...answered, piece, ...answered])))
    expect(reply.text.split(end)).toHaveLength(2)
    expect(reply.text.endsWith(end)).toBe(true)
    await scenario.expectCall({ outcome: 'ok', ...EXACT })
  })
})
