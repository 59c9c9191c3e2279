import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, endedCall } from './ask.ts'
import { PROVIDERS, type Provider, streamBytes, streamOf } from './wires/lies.ts'

// Whoever adds up the integers of a receipt comes to what was charged, for every kind of price: in receipt, header, booking, balance and spend alike.

/** Prices of which none is a round number, so that each shows in the sum, and that end in fractions of a nano-dollar. */
const PRICE = {
  ...{ inputPerMillion: '1.234567891', outputPerMillion: '9.876543217', cachedInputPerMillion: '0.123456791' },
  ...{ cacheWritePerMillion: '1.543209863', cacheWrite1hPerMillion: '2.469135781', audioInputPerMillion: '3.333333337' },
  ...{ imageInputPerMillion: '2.222222223', reasoningPerMillion: '7.777777779', audioOutputPerMillion: '11.111111113' },
  ...{ perCall: '0.000000007', perToolCall: '0.010000003' },
  tiers: [{ aboveInputTokens: 5000, inputPerMillion: '2.469135783', outputPerMillion: '19.753086431' }],
  serviceTiers: { flex: 50, priority: 175, standard_only: 100 },
}

interface Row {
  readonly wire: string
  readonly what: string
  readonly usage: JsonObject
  /** The kinds that the receipt has lines of. */
  readonly kinds: readonly string[]
}

const chatUsage = {
  ...{ prompt_tokens: 1611, completion_tokens: 207, total_tokens: 1818 },
  prompt_tokens_details: { cached_tokens: 1003, audio_tokens: 101 },
  completion_tokens_details: { reasoning_tokens: 53, audio_tokens: 31 },
}
const ROWS: readonly Row[] = [
  { wire: 'openai-chat', what: 'plain', usage: { prompt_tokens: 7, completion_tokens: 3 }, kinds: ['call', 'input', 'output'] },
  {
    ...{ wire: 'openai-chat', what: 'cached, sound and reasoning', usage: chatUsage },
    kinds: ['audioInput', 'audioOutput', 'cachedInput', 'call', 'input', 'output', 'reasoning'],
  },
  {
    ...{ wire: 'openai-chat', what: 'in the tier of long requests', usage: { ...chatUsage, prompt_tokens: 6007 } },
    kinds: ['audioInput', 'audioOutput', 'cachedInput', 'call', 'input', 'output', 'reasoning'],
  },
  {
    ...{ wire: 'openai-responses', what: 'cached and reasoning' },
    usage: {
      ...{ input_tokens: 1611, output_tokens: 207, total_tokens: 1818 },
      ...{ input_tokens_details: { cached_tokens: 1003 }, output_tokens_details: { reasoning_tokens: 53 } },
    },
    kinds: ['cachedInput', 'call', 'input', 'output', 'reasoning'],
  },
  {
    ...{ wire: 'anthropic-messages', what: 'written to the cache for minutes and for an hour, with searches' },
    usage: {
      ...{ input_tokens: 107, cache_read_input_tokens: 1003, cache_creation_input_tokens: 509, output_tokens: 207 },
      cache_creation: { ephemeral_5m_input_tokens: 308, ephemeral_1h_input_tokens: 201 },
      server_tool_use: { web_search_requests: 3, web_fetch_requests: 2 },
    },
    kinds: ['cacheWrite', 'cacheWrite1h', 'cachedInput', 'call', 'input', 'output', 'toolCall'],
  },
  {
    ...{ wire: 'anthropic-messages', what: 'in a tier of service', kinds: ['call', 'input', 'output'] },
    usage: { input_tokens: 107, output_tokens: 207, service_tier: 'priority' },
  },
  {
    ...{ wire: 'gemini', what: 'sound, images, cached and thoughts' },
    usage: {
      ...{ promptTokenCount: 1611, cachedContentTokenCount: 903, candidatesTokenCount: 155, thoughtsTokenCount: 53, totalTokenCount: 1819 },
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 1309 },
        { modality: 'AUDIO', tokenCount: 101 },
        { modality: 'IMAGE', tokenCount: 201 },
      ],
      candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 31 }],
    },
    kinds: ['audioInput', 'audioOutput', 'cachedInput', 'call', 'imageInput', 'input', 'output', 'reasoning'],
  },
  {
    ...{ wire: 'gemini', what: 'more sound and images than can have been fresh, in a tier of service' },
    usage: {
      ...{ promptTokenCount: 300, cachedContentTokenCount: 250, candidatesTokenCount: 5, totalTokenCount: 305, serviceTier: 'FLEX' },
      promptTokensDetails: [
        { modality: 'AUDIO', tokenCount: 101 },
        { modality: 'IMAGE', tokenCount: 99 },
      ],
    },
    kinds: ['audioInput', 'cachedAudioInput', 'cachedImageInput', 'cachedInput', 'call', 'output'],
  },
  {
    ...{ wire: 'converse', what: 'read from the cache and written to it' },
    usage: { inputTokens: 107, cacheReadInputTokens: 1003, cacheWriteInputTokens: 509, outputTokens: 207, totalTokens: 1826 },
    kinds: ['cacheWrite', 'cachedInput', 'call', 'input', 'output'],
  },
]

interface Receipt {
  readonly costUsd: string
  readonly arithmetic: readonly { readonly kind: string; readonly tokens: number; readonly nanoUsdPerMillion: number }[]
  readonly bookings: readonly { readonly chargedUsd: string }[]
}

/** US dollars as billionths, by hand. */
function nano(usd: string): bigint {
  const [whole = '0', fraction = ''] = usd.split('.')
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}

/** The sum of the lines, rounded half up once. */
function sumOf({ arithmetic }: Receipt): bigint {
  const millionths = arithmetic.reduce((sum, { tokens, nanoUsdPerMillion }) => sum + BigInt(tokens) * BigInt(nanoUsdPerMillion), 0n)
  return (millionths + 500_000n) / 1_000_000n
}

function providerOf(wire: string): Provider {
  const found = PROVIDERS.find((provider) => provider.wire === wire)
  if (found === undefined) throw new Error(`There is no provider of ${wire}.`)
  return found
}

describe.each(PROVIDERS.map((provider) => ({ wire: provider.wire, provider })))('the receipt of a call of $wire', ({ wire, provider }) => {
  let scenario: Scenario
  let total = 0n
  beforeAll(async () => {
    scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${provider.path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'mini', provider: 'fake', id: provider.id, price: PRICE }],
        },
        access: { teams: { support: { budgets: [{ usd: 1000, per: 'total' }] } } },
      }),
    })
  })
  afterAll(() => scenario.close())

  const rows = ROWS.filter((row) => row.wire === wire).flatMap((row) => [false, true].map((isStream) => ({ ...row, isStream })))
  test.each(rows)('adds up to what was charged: $what, streamed: $isStream', async ({ usage, kinds, isStream }) => {
    const { begin, piece, finish, last, whole } = providerOf(wire)
    scenario.upstream.answer(
      isStream
        ? streamOf(provider, streamBytes(provider, [...begin, piece, ...finish, ...last(usage)]))
        : wholeReply({ body: whole(usage) }),
    )
    const body = { model: 'mini', messages: [{ role: 'user', content: 'Hello?' }], stream: isStream }
    const reply = await ask(scenario, { body })
    const ended = await endedCall(scenario, reply.callId)
    expect(ended).toMatchObject({ outcome: 'ok' })
    const { body: receipt } = await scenario.control<Receipt>('GET', `/api/v1/receipts/${reply.callId}`)
    expect(receipt.arithmetic.map(({ kind }) => kind).toSorted()).toEqual([...kinds])
    expect(
      receipt.arithmetic.every(({ tokens, nanoUsdPerMillion }) => Number.isSafeInteger(tokens) && Number.isSafeInteger(nanoUsdPerMillion)),
    ).toBe(true)
    expect(nano(receipt.costUsd)).toBe(sumOf(receipt))
    expect(receipt.bookings.map(({ chargedUsd }) => chargedUsd)).toEqual([receipt.costUsd])
    if (!isStream) expect(reply.headers.get('x-signalbox-cost-usd')).toBe(receipt.costUsd)
    total += sumOf(receipt)
    // What the budget and the spend of all calls so far say is the same sum.
    const { body: budgets } = await scenario.control<{ budgets: readonly { settled: string }[] }>('GET', '/api/v1/budgets')
    expect(budgets.budgets.map(({ settled }) => nano(settled))).toEqual([total])
    const { body: spend } = await scenario.control<readonly { costNanoUsd: string }[]>('GET', '/api/v1/spend?by=model')
    expect(spend.map(({ costNanoUsd }) => BigInt(costNanoUsd))).toEqual([total])
  })
})
